import {
  daemonFilePath,
  daemonNotePath,
  mergeDaemonOptions,
  parseDaemonNote,
  renderDaemonNote,
  restartDigest,
} from '../../../core/daemonOptions';
import { engineProgramsPath } from '../../../core/engineUnits';
import { SwarmError } from '../../../core/errors';
import type { Host } from '../../../effects/effects';
import type { EngineInputs } from './engineSetup';

const candidatePath = `${daemonFilePath}.candidate`;

/** Whether there are options of ours, declared or still in the file. */
export async function hasDaemonOptions(
  host: Host,
  { daemon = {} }: EngineInputs,
): Promise<boolean> {
  return Object.keys(daemon).length > 0 || (await host.files.read(daemonNotePath)) !== undefined;
}

/**
 * Puts the declared options into `daemon.json`, beside what is there and is not ours, checked by the daemon's own
 * program where it can. Returns whether the file is another one now.
 *
 * @throws SwarmError `DaemonFileUnfit`, `DaemonOptionsRefused`; the file is as it was.
 */
export async function writeDaemonOptions(host: Host, spec: EngineInputs): Promise<boolean> {
  const { name, daemon = {} } = spec;
  const note = parseDaemonNote(await host.files.read(daemonNotePath));
  const present = await host.files.read(daemonFilePath);
  const merged = mergeDaemonOptions(present, note?.keys ?? [], daemon);
  if (typeof merged === 'string') {
    throw new SwarmError(
      'DaemonFileUnfit',
      `${name}: ${daemonFilePath}: ${merged}; nothing was changed; set it right on the host`,
      { source: 'user' },
    );
  }
  const { text, keys } = merged;
  const digest = restartDigest(daemon);
  if (text === undefined || text === present) {
    await host.files.write(daemonNotePath, renderDaemonNote({ keys, digest }), { mode: 0o600 });
    return false;
  }
  await checkFile(host, spec, text);
  // First what is ours, of before and of now: a run that is killed between the two loses track of none.
  const both = [...new Set([...(note?.keys ?? []), ...keys])];
  await host.files.write(daemonNotePath, renderDaemonNote({ keys: both, digest }), { mode: 0o600 });
  await host.files.write(daemonFilePath, text, { mode: 0o600 });
  await host.files.write(daemonNotePath, renderDaemonNote({ keys, digest }), { mode: 0o600 });
  return true;
}

/** By the program that will read it; engines before 23.0 have no such check, and only tell at their start. */
async function checkFile(host: Host, { name, source }: EngineInputs, text: string): Promise<void> {
  const program = source?.kind === 'static' ? `${engineProgramsPath}/dockerd` : 'dockerd';
  await host.files.write(candidatePath, text, { mode: 0o600 });
  try {
    const argv = [program, '--validate', `--config-file=${candidatePath}`];
    const { code, stderr } = await host.run(argv, { timeoutSeconds: 60 });
    if (code === 0 || /unknown flag: --validate/.test(stderr)) return;
    throw new SwarmError(
      'DaemonOptionsRefused',
      `${name}: the daemon does not take these options (${stderr.trim().split('\n').slice(-3).join(' ')}); ${daemonFilePath} is as it was; declare others`,
      { source: 'user' },
    );
  } finally {
    await host.files.remove(candidatePath);
  }
}
