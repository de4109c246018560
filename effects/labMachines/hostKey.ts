import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import * as path from 'node:path';
import { SwarmError, errorMessage } from '../../core/errors';
import { isUsableKeyPair, type SshKeyPair } from '../sshKeyPair';
import { machinePaths, type LabDirectories } from './layout';
import type { StoredMachine } from './records';

/** An ed25519 key in OpenSSH's form has about 400 bytes; what is much longer is none. */
const mostBytes = 16 * 1024;

/**
 * The host key that the machine was given when it was made. Only the key of its record is let out: the
 * file is in the hands of whoever is root on the machine.
 *
 * @throws SwarmError `LabHostKeyLost`.
 */
export async function readHostKey(
  directories: LabDirectories,
  { lab, name, hostPublicKey }: StoredMachine,
): Promise<SshKeyPair> {
  const { upper } = machinePaths(directories, lab, name);
  const privateKey = await readRegularFile(path.join(upper, 'etc/ssh/ssh_host_ed25519_key')).catch(
    (error: unknown) => {
      throw lost(lab, name, errorMessage(error));
    },
  );
  const pair = { publicKey: hostPublicKey, privateKey };
  if (isUsableKeyPair(pair)) return pair;
  throw lost(lab, name, 'it holds another one');
}

/** Neither follows a link nor waits for a writer: the file may be anything. */
async function readRegularFile(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is no file');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}

function lost(lab: string, name: string, fact: string): SwarmError {
  return new SwarmError(
    'LabHostKeyLost',
    `lab ${lab}/${name}: its disk does not hold the SSH host key that it was made with (${fact}); nothing was touched; ` +
      'what shows another key is not trusted: look at the machine with `npm run lab -- logs`, and remove it with `npm run lab -- down` if nothing on it is needed',
    { source: 'world' },
  );
}
