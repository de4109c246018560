import type { ExecResult } from './ssh/channelExec';

/** The last lines of a tool's output. */
export function tailOf({ stdout, stderr }: ExecResult): string {
  return `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
}
