import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultDirectories, labPaths } from '../effects/labMachines/layout';
import { findTool } from '../effects/labMachines/tool';
import type { Stage } from './stage';

const execute = promisify(execFile);

/** Longest that one block of commands may take, unless it is told otherwise. */
const usualPatienceMs = 300_000;

/**
 * Runs commands as somebody types them on this computer, with `ssh` as it is set up for the lab: its key,
 * and the host keys of its machines.
 *
 * @throws Error with what was printed.
 */
export async function inLabShell(
  stage: Stage,
  commands: string,
  variables: Readonly<Record<string, string>>,
  patienceMs = usualPatienceMs,
): Promise<void> {
  const bin = stage.pulumi.path('bin');
  mkdirSync(bin, { recursive: true });
  const { clientKey, knownHosts } = labPaths(defaultDirectories, stage.cluster.lab);
  const options = [
    `IdentityFile=${clientKey}`,
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=10',
    'LogLevel=ERROR',
  ];
  const words = ['-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
  const ssh = join(bin, 'ssh');
  writeFileSync(ssh, `#!/bin/sh\nexec ${findTool('ssh') ?? 'ssh'} ${words.join(' ')} "$@"\n`);
  chmodSync(ssh, 0o755);
  await execute('bash', ['--norc', '-eu', '-o', 'pipefail', '-c', commands], {
    env: { ...process.env, ...variables, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    timeout: patienceMs,
  });
}
