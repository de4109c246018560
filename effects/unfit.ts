import { SwarmError } from '../core/errors';
import type { ExecResult } from './ssh/channelExec';
import { tailOf } from './tailOf';

/** Packages that could not be installed, found while the host still serves. */
export function unfit(subject: string, said: string, result: ExecResult): SwarmError {
  return new SwarmError(
    'PackageUnfit',
    `${subject}: ${said} cannot be installed there (exit code ${String(result.code)}); no package was changed; put what is missing into the repository or the directory, or look at the host's way to it. Last lines:\n${tailOf(result)}`,
    { source: 'world' },
  );
}
