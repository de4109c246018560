import { markerDirectory } from '../../../core/marker';
import { parseRecoveryRecord, renderRecoveryRecord } from '../../../core/recoveryRecord';
import type { RecoveryRecord } from '../../../core/recoveryRecord';
import type { Host } from '../../../effects/effects';

const path = `${markerDirectory}/recovery.json`;

/** What an unfinished recovery on this host has still to remove; undefined: there is none. */
export async function readRecovery(host: Host): Promise<RecoveryRecord | undefined> {
  return parseRecoveryRecord(await host.files.read(path));
}

export async function writeRecovery(host: Host, record: RecoveryRecord): Promise<void> {
  await host.files.write(path, renderRecoveryRecord(record), { mode: 0o600 });
}

export async function forgetRecovery(host: Host): Promise<void> {
  await host.files.remove(path);
}
