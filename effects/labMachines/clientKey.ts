import { utils } from 'ssh2';
import { labPaths, type LabDirectories } from './layout';
import { readFileIfAny, readMachines, writeFileWhole } from './records';

/** Makes the key that logs in to the lab's machines, once per lab. Call under the host lock. */
export async function ensureClientKey(directories: LabDirectories, lab: string): Promise<void> {
  const paths = labPaths(directories, lab);
  // The public half is written last: it is there only when both are.
  if ((await readFileIfAny(paths.clientPublicKey)) !== undefined) return;
  const pair = utils.generateKeyPairSync('ed25519', { comment: `swarm-lab ${lab}` });
  await writeFileWhole(paths.clientKey, pair.private);
  await writeFileWhole(paths.clientPublicKey, `${pair.public}\n`, 0o644);
}

/** Writes the lab's `known_hosts` from its records, for `ssh` by hand. Call under the host lock. */
export async function writeKnownHosts(directories: LabDirectories, lab: string): Promise<void> {
  const machines = await readMachines(directories, lab);
  const lines = machines.map(({ name, address, hostPublicKey }) => {
    const [type = '', key = ''] = hostPublicKey.trim().split(/\s+/);
    return `${address},${name} ${type} ${key}\n`;
  });
  await writeFileWhole(labPaths(directories, lab).knownHosts, lines.join(''), 0o644);
}
