import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { BackupPolicy } from '../../../core/backup';

/** The directory on this computer. The engine starts the provider in the project's directory, so a relative one is in there. */
export function backupDirectory({ directory }: BackupPolicy): string {
  return resolve(directory.replace(/^~(?=\/|$)/, homedir()));
}
