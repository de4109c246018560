import type { ManagerContact } from '../../../core/connection';
import { SwarmError, errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { joinedLabel } from '../../../core/labels';
import { parseKeepalivedMarker } from '../../../core/keepalived/keepalivedMarker';
import { parseRaisedFor, withRaised } from '../../../core/keepalived/raiseKeepalived';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { holdsVip, isHalfDone, ownConfiguration, putConfiguration } from './keepalivedHost';
import { askManager } from '../ask/managers';
import { handoverSeconds, keepalivedPath, keepalivedUnit } from './vipSpec';
import type { VipMemberInputs } from './vipSpec';
import { waitUntil } from '../ask/waitUntil';

interface Peer {
  readonly contact: ManagerContact;
  readonly host: Host;
}

/**
 * Makes a peer take the address over before its holder goes: the peer is raised, the address is seen
 * on it and gone from here, and only then is anything stopped (make before break).
 *
 * @throws SwarmError `NoVipPeer` when nobody can take it; nothing was touched.
 */
export async function handOverVip(
  operation: Operation,
  spec: VipMemberInputs,
  holder: Host,
): Promise<void> {
  const peer = await choosePeer(operation, spec);
  await operation.step(steps.handOverVip(spec.name, peer.contact.name), async () => {
    await raise(peer, spec.name);
    await waitUntil(
      operation,
      'the handover of the virtual IP',
      handoverSeconds(spec),
      async () => {
        if (!(await holdsVip(peer.host, spec))) return `${peer.contact.name} does not hold it yet`;
        return !(await holdsVip(holder, spec)) || `${spec.name} still holds it`;
      },
    );
  });
}

/** Peers that this node's handover raised get their ordinary priority back; also those of an interrupted run. */
export async function settlePeers(operation: Operation, spec: VipMemberInputs): Promise<void> {
  for (const contact of spec.managers.filter(({ name }) => name !== spec.name)) {
    const host = await look(() => operation.effects.hosts.connect(contact.connection));
    if (!isSeen(host)) continue;
    const text = await look(() => host.seen.files.read(keepalivedPath));
    if (!isSeen(text) || text.seen === undefined) continue;
    const raised = text.seen;
    if (parseKeepalivedMarker(raised) === undefined) continue;
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

/**
 * The peer that joined the swarm last: it was rebuilt already, so the address moves as few times as
 * possible in a roll.
 */
async function choosePeer(operation: Operation, spec: VipMemberInputs): Promise<Peer> {
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), {
    avoid: [spec.name],
  });
  const joined = (name: string): string =>
    nodes.find((node) => node.hostname === name && node.state === 'ready')?.labels[joinedLabel] ??
    '';
  const candidates = spec.managers
    .filter(({ name }) => name !== spec.name)
    .sort((a, b) => joined(b.name).localeCompare(joined(a.name)));
  const whys: string[] = [];
  for (const contact of candidates) {
    try {
      const host = await operation.effects.hosts.connect(contact.connection);
      const text = await ownConfiguration(host, contact.name);
      const state = await host.systemd.state(keepalivedUnit);
      if (text !== undefined && state === 'active') return { contact, host };
      whys.push(`${contact.name}: keepalived is ${text === undefined ? 'not ours' : state}`);
    } catch (error) {
      whys.push(`${contact.name}: ${errorMessage(error)}`);
    }
  }
  throw new SwarmError(
    'NoVipPeer',
    `${spec.name}: it holds ${spec.addresses.join(', ')}, and no other manager can take it: ${whys.length === 0 ? 'there is none' : whys.join('; ')}; nothing was touched`,
    { source: 'world' },
  );
}

async function raise(peer: Peer, raisedFor: string): Promise<void> {
  const text = await ownConfiguration(peer.host, peer.contact.name);
  if (text === undefined) return;
  await putConfiguration(peer.host, peer.contact.name, withRaised(text, raisedFor));
}
