import { engineDueOf } from '../../../core/engineDue';
import { SwarmError } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { parseFileMarker } from '../../../core/fileMarker';
import { declaredNames, declaredVipsLabel, declaredWorkersLabel } from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { returnsAs } from '../../../core/renames';
import { parseRollPolicy } from '../../../core/rollPolicy';
import type { RollPolicy } from '../../../core/rollPolicy';
import { steps } from '../../../core/steps';
import { describeGap, nobodyTakes } from '../../../core/vip/choosePeer';
import type { PeerChoice } from '../../../core/vip/choosePeer';
import { strangerHolds, strangerRemedy } from '../../../core/vip/planVipMoves';
import { keepalivedPath } from '../../../core/keepalived/keepalivedUnit';
import type { Operation } from '../../server/resource';
import { lookAtHolders } from './lookAtHolders';
import { deletePurpose } from '../swarm/consent';
import { look } from '../gate/gatherGateFacts';
import { fetchEngineDue } from '../host/fetchEngineDue';
import { handOverVip, noVipPeer, settlePeers } from './handOverVip';
import { holdsVip, isHeldByStranger } from './keepalivedHost';
import { withLease } from '../hold/lease';
import { lookForPeer } from './lookAtPeers';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { defaultNodeTimeouts } from '../ask/nodeSpec';
import { passGate } from '../gate/passGate';
import { passOutageGate } from '../outage/passOutageGate';
import { restoreDue } from '../outage/restoreDue';
import { refuseLocalData } from '../node/refuseLocalData';
import { findEntry } from '../node/takeOut';
import { beginTurn, policyOfTurn } from '../turn/turn';
import type { Turn } from '../turn/turn';
import { beginVipStop, stopVip } from './stopVip';
import type { VipMemberInputs } from './vipSpec';
import { waitUntil } from '../ask/waitUntil';

/** The first delete of a manager's chain: it meets the same gate as the node's own. */
export async function takeVipDown(
  id: string,
  spec: VipMemberInputs,
  operation: Operation,
): Promise<void> {
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const purpose = await deletePurpose(operation, access);
  if (purpose === 'gone') return;
  const host = await look(() => operation.effects.hosts.connect(spec.connection));
  if (!isSeen(host)) {
    // Out of the swarm already: its machine is off because an interrupted run was rebuilding it.
    const isMember =
      (await restoreDue(operation, access)) === undefined &&
      (await findEntry(operation, access, spec.nodeId, [spec.name])) !== undefined;
    if (purpose === 'roll' && isMember) {
      await refuseLocalData(operation, access, spec, undefined);
    }
    await withoutHost(operation, spec, host.unseen);
    return;
  }
  const configuration = await host.seen.files.read(keepalivedPath);
  const marker = configuration === undefined ? undefined : parseFileMarker(configuration);
  if (marker?.id !== id) {
    if (purpose === 'roll' && (await isHeldByStranger(host.seen, spec))) {
      await refuseStranger(operation, access, spec);
    }
    // Taken down by an interrupted run, or rebuilt since: what it raised is settled all the same.
    await settlePeers(operation, spec);
    return;
  }
  const labels = purpose === 'destroy' ? {} : await declaredLabels(operation, access, spec.name);
  if (purpose === 'destroy' || isVipGone(labels, spec)) {
    await operation.step(steps.stopVip(spec.name), () => stopVip(host.seen));
    return;
  }
  // What is stored of this member is of the run before.
  const policy = parseRollPolicy(labels);
  const { gate } = { ...defaultNodeTimeouts, ...(policy ?? spec).timeouts };
  const goes = declaredTurn(labels, spec.name);
  const due = goes === undefined ? undefined : engineDueOf(policy?.engines, spec.name);
  if (due !== undefined) await fetchEngineDue(operation, host.seen, spec.name, due);
  await withLease(
    operation,
    access,
    `take the virtual IP from ${spec.name}`,
    gate,
    async (lease) => {
      const isOnly = spec.managers.length === 1 && policy?.standIn !== undefined;
      const isOutage = !isOnly && spec.managers.length === 1 && policy?.allowOutage === true;
      const entry = await findEntry(operation, access, spec.nodeId, [spec.name]);
      const handover = { ...spec, ...declaredVip(policy, spec) };
      const successor = await lease.step(steps.gate(spec.name), async () => {
        // Of an only manager nobody can be asked before a worker stands in, which is its Node's to see to.
        // The swarm loses nobody by a node that it does not have: the host has joined anew. Others may still
        // have to, which is behind this one.
        if (isOutage) await passOutageGate(operation, access, spec.name, gate);
        else if (!isOnly && entry !== undefined) {
          await passGate(
            operation,
            access,
            { name: spec.name, role: 'manager' },
            { maxUnavailable: 1, timeoutSeconds: gate },
          );
        }
        await refuseLocalData(operation, access, spec, host.seen);
        return isOnly || isOutage || !(await holdsVip(host.seen, spec))
          ? undefined
          : await successorOf(operation, handover);
      });
      // Of a node that the swarm does not have nothing goes but keepalived.
      if (goes !== undefined && entry !== undefined) {
        await beginTurn(operation, lease, { ...spec, role: 'manager' }, goes);
      }
      await lease.confirm();
      if (isOnly || isOutage) warnOfGap(operation, `${spec.name} is the only manager`, spec);
      else if (successor?.candidates.length === 0) {
        warnOfGap(
          operation,
          `${spec.name} holds the virtual IP, and ${nobodyTakes(successor)}`,
          spec,
        );
      } else if (await holdsVip(host.seen, spec)) {
        const choice = successor ?? (await successorOf(operation, handover));
        await handOverVip(operation, handover, host.seen, choice);
      }
      // One that ends takes no address back meanwhile (`nopreempt`). A node that stays, or is out of the swarm, is not looked at again.
      const isDrainedNext = goes !== undefined && entry !== undefined && !isOnly && !isOutage;
      const mayEndLater = isDrainedNext && !(await holdsVip(host.seen, spec));
      await lease.step(steps.stopVip(spec.name), () =>
        mayEndLater ? beginVipStop(operation, host.seen) : stopVip(host.seen),
      );
      await settlePeers(operation, spec);
    },
  );
}

/**
 * Nobody is raised against a keepalived of somebody else: the address would be gone with its machine.
 *
 * @throws SwarmError `KeepalivedOfAnother`, unless a gap is allowed, or nobody else could have the address.
 */
async function refuseStranger(
  operation: Operation,
  access: SwarmAccess,
  spec: VipMemberInputs,
): Promise<void> {
  const labels = await declaredLabels(operation, access, spec.name);
  const isMember = (await findEntry(operation, access, spec.nodeId, [spec.name])) !== undefined;
  // Who manages the address by hand from now on takes `vip` out.
  if (isVipGone(labels, spec) || !isMember) return;
  const fact = strangerHolds(spec.name, spec.addresses);
  const { allowGap } = declaredVip(parseRollPolicy(labels), spec);
  if (allowGap === true || spec.managers.length === 1) {
    warnOfGap(operation, `${fact}: it is not handed over`, spec);
    return;
  }
  throw new SwarmError(
    'KeepalivedOfAnother',
    `${fact}: it cannot be handed over; nothing was touched; ${strangerRemedy}`,
    { source: 'user' },
  );
}

/** Who takes the address over. @throws SwarmError `NoVipPeer` when nobody can, unless a gap is allowed. */
async function successorOf(operation: Operation, spec: VipMemberInputs): Promise<PeerChoice> {
  const choice = await lookForPeer(operation, spec);
  if (choice.candidates.length === 0 && spec.allowGap !== true) throw noVipPeer(spec, choice);
  return choice;
}

function warnOfGap(operation: Operation, why: string, { name }: VipMemberInputs): void {
  operation.log('warning', `${why}: ${describeGap(name)}`);
}

/** What this run declares; what is stored of this member is of the run before. */
function declaredVip(
  policy: RollPolicy | undefined,
  spec: VipMemberInputs,
): Pick<VipMemberInputs, 'allowGap' | 'preferred'> {
  const { allowGap = false, preferred } = policy === undefined ? spec : (policy.vip ?? {});
  return { allowGap, ...(preferred === undefined ? {} : { preferred }) };
}

/** What is declared of the node itself; undefined: it stays, as a worker, and only its virtual IP goes. */
function declaredTurn(labels: Labels, name: string): Turn | undefined {
  const present = returnsAs(labels, name);
  const workers = declaredNames(labels, declaredWorkersLabel) ?? [];
  return present !== undefined && workers.includes(present)
    ? undefined
    : { returnsAs: present, ...policyOfTurn(parseRollPolicy(labels)) };
}

/** The program has no such virtual IP any more: nobody takes it over, and no node goes. */
function isVipGone(labels: Labels, spec: VipMemberInputs): boolean {
  return declaredNames(labels, declaredVipsLabel)?.includes(spec.vip) === false;
}

async function declaredLabels(
  operation: Operation,
  access: SwarmAccess,
  node: string,
): Promise<Labels> {
  const swarm = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [node],
  });
  return swarm.labels;
}

/** A dead holder's address moves by itself; it is only seen to have done so. */
async function withoutHost(
  operation: Operation,
  spec: VipMemberInputs,
  why: string,
): Promise<void> {
  operation.log(
    'warning',
    `${spec.name} does not answer (${why}): keepalived there was not stopped`,
  );
  if (spec.managers.every(({ name }) => name === spec.name)) return;
  await waitUntil(
    operation,
    'a peer holds the virtual IP',
    60,
    async (heed) =>
      (await lookAtHolders(operation, spec, heed)).holders.length > 0 || 'nobody holds it',
  );
}
