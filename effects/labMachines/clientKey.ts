import { generateSshKeyPair, isUsableKeyPair } from '../sshKeyPair';
import { labPaths, type LabDirectories } from './layout';
import { readFileIfAny, readMachines, writeFileWhole } from './records';

/**
 * Makes the key that logs in to the lab's machines, once per lab. Call under the host lock.
 *
 * @throws SwarmError `KeyGenerationFailed`.
 */
export async function ensureClientKey(directories: LabDirectories, lab: string): Promise<void> {
  const paths = labPaths(directories, lab);
  if (await isKeyKept(directories, lab)) return;
  const pair = generateSshKeyPair(`swarm-lab ${lab}`);
  await writeFileWhole(paths.clientKey, pair.privateKey);
  await writeFileWhole(paths.clientPublicKey, `${pair.publicKey}\n`, 0o644);
}

/**
 * Earlier versions could keep a malformed pair. It has never let anybody in, so it is made again even
 * where machines have it.
 */
async function isKeyKept(directories: LabDirectories, lab: string): Promise<boolean> {
  const paths = labPaths(directories, lab);
  // The public half is written last: it is there only when both are.
  const publicKey = await readFileIfAny(paths.clientPublicKey);
  if (publicKey === undefined) return false;
  const privateKey = await readFileIfAny(paths.clientKey);
  // Machines may know the key that somebody took away: whoever logs in tells that it is gone.
  return privateKey === undefined || isUsableKeyPair({ publicKey, privateKey });
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
