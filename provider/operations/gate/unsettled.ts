import { describeLocked } from '../../../core/autolock';
import { backupMarkPath } from '../../../core/backup';
import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import { parseUpgradeMark, upgradeMarkPath } from '../../../core/upgradeMark';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { look } from './gatherGateFacts';
import { hostStanding } from '../ask/hostStanding';
import type { HostStanding } from '../ask/hostStanding';

/**
 * What the head of a run sets right on a manager before anything else: it is locked, or an interrupted run left a
 * backup half-way, or its engine stopped in the middle of an upgrade in place.
 */
export type Unsettled = 'locked' | 'backup' | 'upgrade';

/** The declared managers that are unsettled, by their names. */
export async function unsettledManagers(
  operation: Operation,
  managers: readonly ManagerContact[],
): Promise<Readonly<Record<string, Unsettled>>> {
  const found = await Promise.all(
    managers.map(async ({ name, connection }) => {
      const why = await unsettledBy(await hostStanding(operation, connection));
      return why === undefined ? [] : [[name, why] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

/** Of a host as it was found. One that was not looked at is not unsettled. */
export async function unsettledBy(standing: HostStanding): Promise<Unsettled | undefined> {
  if (standing.kind === 'locked') return 'locked';
  const host = standing.kind === 'absent' ? undefined : standing.host;
  if (host === undefined) return undefined;
  const mark = await look(() => host.files.read(backupMarkPath));
  if (isSeen(mark) && mark.seen !== undefined) return 'backup';
  return standing.kind === 'unknown' && (await isHalfExchanged(host)) ? 'upgrade' : undefined;
}

/** An upgrade in place of its engine was begun on the host, and has come so far that it may have been stopped. */
export async function isHalfExchanged(host: Host): Promise<boolean> {
  const text = await look(() => host.files.read(upgradeMarkPath));
  return isSeen(text) && parseUpgradeMark(text.seen)?.phase === 'kept';
}

const middles = {
  backup: 'a backup',
  upgrade: 'an upgrade of its engine, which does not run',
} as const;

export function describeUnsettled(name: string, why: Unsettled): string {
  return why === 'locked'
    ? describeLocked(name)
    : `${name} was left in the middle of ${middles[why]}; \`pulumi up\` sets it right before anything else`;
}
