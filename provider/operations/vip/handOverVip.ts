import type { ManagerContact } from '../../../core/connection';
import { SwarmError, errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { parseFileMarker } from '../../../core/fileMarker';
import { parseRaisedFor, withRaised } from '../../../core/keepalived/raiseKeepalived';
import { steps } from '../../../core/steps';
import { nobodyTakes } from '../../../core/vip/choosePeer';
import type { PeerChoice } from '../../../core/vip/choosePeer';
import { keepalivedPath } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';
import { look } from '../gate/gatherGateFacts';
import { holdsVip, isHalfDone, ownConfiguration, putConfiguration } from './keepalivedHost';
import type { VipAccess } from './lookAtPeers';
import { handoverSeconds } from './vipSpec';

/**
 * Makes a peer take the address over before its holder goes: the peer is raised, the address is seen
 * on it and gone from the holder, and only then does this end (make before break). A peer that does not
 * take it gets its ordinary priority back, and the next one is asked.
 *
 * Works from plain facts: whatever makes a holder go calls it, after it has asked `lookForPeer` and
 * before it touches the holder. The peer stays raised until `settlePeers`.
 *
 * @throws SwarmError `NoVipPeer` when there is nobody to ask, `TimedOut` when nobody has taken it; the holder was not touched.
 */
export async function handOverVip(
  operation: Operation,
  spec: VipAccess,
  holder: Host,
  choice: PeerChoice,
): Promise<void> {
  const [first, ...others] = choice.candidates;
  if (first === undefined) throw noVipPeer(spec, choice);
  const seconds = handoverSeconds(spec) / choice.candidates.length;
  const [next] = others;
  try {
    const { connection } = contactOf(spec, first);
    const peer = { name: first, host: await operation.effects.hosts.connect(connection) };
    await takeOver(operation, spec, peer, { name: spec.name, host: holder }, seconds);
  } catch (error) {
    // Raised for nothing: two that are raised would take the address from each other.
    await settlePeers(operation, spec);
    if (next === undefined) throw error;
    operation.log(
      'warning',
      `${first} did not take the virtual IP over (${errorMessage(error)}); ${next} is asked`,
    );
    const left = { ...spec, timeouts: { ...spec.timeouts, handover: seconds * others.length } };
    await handOverVip(operation, left, holder, { ...choice, candidates: others });
  }
}

interface VipNode {
  readonly name: string;
  readonly host: Host;
}

/** Raises a peer, and sees the address on it and gone from its holder. The peer stays raised. */
export async function takeOver(
  operation: Operation,
  spec: Pick<VipAccess, 'addresses'>,
  peer: VipNode,
  holder: VipNode,
  seconds: number,
): Promise<void> {
  await operation.step(steps.handOverVip(holder.name, peer.name), async () => {
    const text = await ownConfiguration(peer.host, peer.name);
    if (text !== undefined) {
      await putConfiguration(peer.host, peer.name, withRaised(text, holder.name));
    }
    await waitUntil(operation, 'the handover of the virtual IP', seconds, async (heed) => {
      for (const { host } of [peer, holder]) heed(host.network);
      if (!(await holdsVip(peer.host, spec))) return `${peer.name} does not hold it yet`;
      return !(await holdsVip(holder.host, spec)) || `${holder.name} still holds it`;
    });
  });
}

export function noVipPeer(spec: VipAccess, choice: PeerChoice): SwarmError {
  return new SwarmError(
    'NoVipPeer',
    `${spec.name}: it holds ${spec.addresses.join(', ')}, and ${nobodyTakes(choice)}; nothing was touched; mend one of them, or declare \`allowGap\` on the virtual IP`,
    { source: 'world' },
  );
}

/** Peers that this node's handover raised get their ordinary priority back; also those of an interrupted run. */
export async function settlePeers(operation: Operation, spec: VipAccess): Promise<void> {
  for (const contact of spec.managers.filter(({ name }) => name !== spec.name)) {
    const host = await look(() => operation.effects.hosts.connect(contact.connection));
    if (!isSeen(host)) continue;
    const text = await look(() => host.seen.files.read(keepalivedPath));
    if (!isSeen(text) || text.seen === undefined) continue;
    const raised = text.seen;
    if (parseFileMarker(raised) === undefined) continue;
    const raisedFor = parseRaisedFor(raised);
    // With its ordinary file, keepalived may be raised all the same: an interrupted run did not reload it.
    const isHalf = await look(() => isHalfDone(host.seen));
    const isUnread = raisedFor === undefined && isSeen(isHalf) && isHalf.seen;
    if (raisedFor !== spec.name && !isUnread) continue;
    await operation.step(steps.settleVip(contact.name), () =>
      putConfiguration(host.seen, contact.name, withRaised(raised, undefined)),
    );
  }
}

function contactOf({ managers }: VipAccess, name: string): ManagerContact {
  const contact = managers.find((manager) => manager.name === name);
  if (contact === undefined) throw new Error(`${name} is no contact`);
  return contact;
}
