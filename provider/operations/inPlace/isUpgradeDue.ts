import { daemonChange, daemonNotePath, parseDaemonNote } from '../../../core/daemonOptions';
import {
  engineTarget,
  isKept,
  type EngineUpgrade,
  type EngineWish,
} from '../../../core/engineChange';
import { versionWithin } from '../../../core/engineVersion';
import { isUnfinished } from '../../../core/upgradeMark';
import type { Host } from '../../../effects/effects';
import { keptOn, readUpgradeMark } from './keptEngine';

/**
 * Whether an engine is to be exchanged or restarted in place: it is not what is wanted, by what is on the host
 * and not by the state, or an interrupted run has begun.
 */
export async function isUpgradeDue(
  host: Host,
  former: EngineWish,
  wanted: EngineWish,
  upgrade: EngineUpgrade,
): Promise<boolean> {
  const mark = await readUpgradeMark(host);
  if (isUnfinished(mark)) return true;
  if (upgrade !== 'inPlace' && !isKept(wanted, await keptOn(host, mark))) return false;
  const [was, to] = [engineTarget(former), engineTarget(wanted)];
  if (was.build !== to.build && mark?.to.build !== to.build) return true;
  if (daemonChange(former.daemon, wanted.daemon) === 'replace') {
    const note = parseDaemonNote(await host.files.read(daemonNotePath));
    if ((note?.digest ?? '') !== to.digest) return true;
  }
  if (to.version === undefined || to.version === former.version) return false;
  // One that does not answer is not known to run what is wanted: the error is told.
  return !versionWithin(await host.docker.version(), to.version);
}
