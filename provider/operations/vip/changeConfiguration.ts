import { SwarmError } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { alignKeepalived } from '../../../core/keepalived/alignKeepalived';
import { parseKeepalived } from '../../../core/keepalived/parseKeepalived';
import type { VrrpSpec } from '../../../core/keepalived/vrrpSpec';
import { steps } from '../../../core/steps';
import { deafness, isSameForAll, keepsAddresses } from '../../../core/vip/hearing';
import { keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { defaultNodeTimeouts } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { look } from '../gate/gatherGateFacts';
import { withLease } from '../hold/lease';
import { handOverVip, noVipPeer, settlePeers } from './handOverVip';
import { holdsVip, ownConfiguration, putConfiguration } from './keepalivedHost';
import { lookForPeer } from './lookAtPeers';
import { handoverSeconds } from './vipSpec';
import type { VipMemberInputs } from './vipSpec';

/** A manager whose keepalived runs, with what it has now and what it gets. */
interface Changing {
  readonly name: string;
  readonly host: Host;
  readonly present: string;
  readonly wanted: string;
  /** What `present` says; undefined: it cannot be read back. */
  readonly spec: VrrpSpec | undefined;
  /** It has the address that `present` advertises. */
  readonly holds: boolean;
}

/**
 * Puts a member's configuration in place. What must be the same on all managers is not changed on one
 * alone: every running keepalived gets it, its holder last, so that it lets go only after another one has
 * the address.
 *
 * @throws SwarmError `NoVipPeer`, `VipNotTaken`; the holder was not touched.
 */
export async function changeConfiguration(
  operation: Operation,
  host: Host,
  spec: VipMemberInputs,
  wanted: string,
): Promise<void> {
  const goal = parseKeepalived(wanted);
  if (goal === undefined) throw new Error('what was rendered cannot be read back');
  const unseen = new Map<string, string>();
  const everyRunning = (): Promise<readonly Changing[]> =>
    allRunning(operation, spec, goal, wanted, (name, why) => unseen.set(name, why));
  const isDifferent = (all: readonly Changing[]): boolean =>
    all.some((one) => isCut(one) || one.spec === undefined || !isSameForAll(one.spec, goal));
  let running = await everyRunning();
  if (!isDifferent(running)) {
    await putConfiguration(host, spec.name, wanted);
    return;
  }
  if (running.some(isDeaf)) await refuseUnseen(operation, spec, unseen);
  if (running.every(({ name }) => name !== spec.name)) {
    // It holds nothing, and may be the only one that can take the address from the others.
    await putConfiguration(host, spec.name, wanted);
    await host.systemd.start(keepalivedUnit);
    running = await everyRunning();
  }
  const names = running.map(({ name }) => name).join(', ');
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const gate = spec.timeouts?.gate ?? defaultNodeTimeouts.gate;
  await withLease(operation, access, steps.alignVip(names), gate, (lease) =>
    lease.step(steps.alignVip(names), () => changeTogether(operation, spec, running)),
  );
  await putConfiguration(host, spec.name, wanted);
}

/**
 * A manager that could not be looked at may hold the address, would not hear the others any more, and keep it:
 * two holders. One that the swarm lists as down, or not at all, is on its way out.
 */
async function refuseUnseen(
  operation: Operation,
  spec: VipMemberInputs,
  unseen: ReadonlyMap<string, string>,
): Promise<void> {
  if (unseen.size === 0) return;
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes());
  const alive = [...unseen].filter(([name]) =>
    nodes.some(({ hostname, state }) => hostname === name && state !== 'down'),
  );
  if (alive.length === 0) return;
  throw new SwarmError(
    'VipPeerUnseen',
    `${spec.name}: what all managers must have in common for the virtual IP is changed, and ${alive.map(([name, why]) => `${name} could not be looked at (${why})`).join('; ')}: it might go on holding the address beside another one; nothing was touched; bring it back, or take the change back`,
    { source: 'world' },
  );
}

/** Those who do not hold the address first. */
async function changeTogether(
  operation: Operation,
  spec: VipMemberInputs,
  running: readonly Changing[],
): Promise<void> {
  const others = running.filter(({ holds }) => !holds);
  const holders = running.filter(({ holds }) => holds);
  const cut = holders.find(isCut);
  const isAlone = spec.managers.every(({ name }) => name === spec.name);
  if (cut !== undefined && running.length === 1 && !isAlone && spec.allowGap !== true) {
    throw noVipPeer({ ...spec, name: cut.name }, { candidates: [], whys: [] });
  }
  if (cut !== undefined && running.length === 1) {
    operation.log(
      'warning',
      `${cut.name}: no other manager can hold the virtual IP while its configuration is changed: nobody answers at it for some seconds`,
    );
  }
  for (const one of others) await put(one);
  for (const holder of holders) {
    if (!isCut(holder) || running.length === 1) await put(holder);
    else if (isDeaf(holder)) {
      // Of several holders one may have it with the new configuration already.
      await untilTaken(operation, spec, without(running, holder), holder);
      await put(holder);
    } else {
      // Its peers hear it, and would wait until it is gone.
      const access = { ...spec, name: holder.name };
      await handOverVip(operation, access, holder.host, await lookForPeer(operation, access));
      await put(holder);
      await settlePeers(operation, access);
    }
  }
}

function without(all: readonly Changing[], one: Changing): readonly Changing[] {
  return all.filter((each) => each !== one);
}

/** A reload would take the address from it, or keep its peers from hearing it. */
function isCut(one: Changing): boolean {
  const goal = parseKeepalived(one.wanted);
  if (one.spec === undefined || goal === undefined) return true;
  return isDeaf(one) || (one.holds && !keepsAddresses(one.spec, goal));
}

function isDeaf({ spec, wanted }: Changing): boolean {
  const goal = parseKeepalived(wanted);
  return spec === undefined || goal === undefined || deafness(spec, goal).length > 0;
}

/** Another one has the address beside its holder; or nobody takes it since they hear each other as before. */
async function untilTaken(
  operation: Operation,
  spec: VipMemberInputs,
  others: readonly Changing[],
  holder: Changing,
): Promise<void> {
  const isChanged = others.some(isDeaf);
  const intervals = others.map(({ wanted }) => parseKeepalived(wanted)?.advertisementSeconds ?? 1);
  const seconds = isChanged
    ? handoverSeconds(spec)
    : Math.max(3, ...intervals.map((one) => one * 8));
  try {
    await waitUntil(operation, 'a second holder of the virtual IP', seconds, async (heed) => {
      for (const { host } of others) heed(host.network);
      const holds = await Promise.all(others.map(({ host }) => holdsVip(host, spec)));
      return holds.includes(true) || `${holder.name} alone holds it`;
    });
  } catch (error) {
    if (!isTimedOut(error)) throw error;
    if (!isChanged) return;
    for (const one of others.filter(({ holds }) => !holds)) {
      await putConfiguration(one.host, one.name, one.present);
    }
    throw new SwarmError(
      'VipNotTaken',
      `${spec.name}: ${others.map(({ name }) => name).join(' and ')} did not take ${spec.addresses.join(', ')} with the new configuration within ${String(seconds)} s; ` +
        `they have their former one again, and ${holder.name} holds the virtual IP as before; look at \`journalctl -u keepalived\` there`,
      { source: 'world', cause: error },
    );
  }
}

async function put({ name, host, wanted }: Changing): Promise<void> {
  await putConfiguration(host, name, wanted);
}

async function allRunning(
  operation: Operation,
  spec: VipMemberInputs,
  goal: VrrpSpec,
  wanted: string,
  isUnseen: (name: string, why: string) => void,
): Promise<readonly Changing[]> {
  const peers = spec.managers.filter(({ name }) => name !== spec.name);
  const all = await Promise.all([
    changing(operation, spec, spec, () => wanted, isUnseen),
    ...peers.map((peer) =>
      changing(
        operation,
        spec,
        peer,
        (text) => alignKeepalived(text, goal, spec.interface),
        isUnseen,
      ),
    ),
  ]);
  return all.flat();
}

/** A manager whose keepalived is ours and runs; nothing for any other one. */
async function changing(
  operation: Operation,
  spec: VipMemberInputs,
  { name, connection }: Pick<VipMemberInputs, 'name' | 'connection'>,
  wantedOf: (present: string) => string | undefined,
  isUnseen: (name: string, why: string) => void,
): Promise<readonly Changing[]> {
  const seen = await look(async () => {
    const host = await operation.effects.hosts.connect(connection);
    const present = await ownConfiguration(host, name);
    if (present === undefined || (await host.systemd.state(keepalivedUnit)) !== 'active') return [];
    const wanted = wantedOf(present);
    if (wanted === undefined) return [];
    const own = parseKeepalived(present);
    const addresses = own?.addresses.slice(0, 1) ?? spec.addresses;
    return [{ name, host, present, wanted, spec: own, holds: await holdsVip(host, { addresses }) }];
  });
  if (isSeen(seen)) return seen.seen;
  isUnseen(name, seen.unseen);
  return [];
}
