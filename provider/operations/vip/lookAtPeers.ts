import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import type { SwarmNodeFacts } from '../../../core/facts';
import { joinedLabel } from '../../../core/labels';
import { entryOf } from '../../../core/rolloutTurns';
import { choosePeer } from '../../../core/vip/choosePeer';
import type { PeerChoice, VipPeer } from '../../../core/vip/choosePeer';
import { keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { ownBalancer } from '../balancer/balancerHost';
import { balancerUnit } from '../balancer/balancerSpec';
import { look } from '../gate/gatherGateFacts';
import { ownConfiguration } from './keepalivedHost';

/** A virtual IP and those who may hold it: everything that a handover needs to know. */
export interface VipAccess {
  /** Name of the node that is about to go. */
  readonly name: string;
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
  readonly addresses: readonly string[];
  /** Node that is to have it after a roll. */
  readonly preferred?: string;
  readonly timeouts?: { readonly handover?: number };
}

/** Who takes the address over from a node that is about to go, by a fresh look at every other manager. */
export async function lookForPeer(operation: Operation, spec: VipAccess): Promise<PeerChoice> {
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), {
    avoid: [spec.name],
  });
  const others = spec.managers.filter(({ name }) => name !== spec.name);
  const peers = await Promise.all(
    others.map(async (contact): Promise<VipPeer> => {
      const entry = entryOf(nodes, contact.name);
      const host = await look(() => operation.effects.hosts.connect(contact.connection));
      return {
        name: contact.name,
        unfit: isSeen(host) ? await unfitness(host.seen, contact.name, entry) : host.unseen,
        // The chain registers a manager when those before it are through.
        isTurnOver: operation.isRegistered('swarm:index:VipMember', contact.name),
        isLeader: entry?.managerStatus?.isLeader === true,
        joined: entry?.labels[joinedLabel] ?? '',
      };
    }),
  );
  return choosePeer(peers, spec.preferred);
}

/** Why a manager cannot take a virtual IP now; undefined: it can. Never throws: failing to look is a reason. */
export async function unfitness(
  host: Host,
  name: string,
  entry: SwarmNodeFacts | undefined,
): Promise<string | undefined> {
  if (entry === undefined) return 'it is not in the swarm';
  if (entry.state !== 'ready') return `it is ${entry.state} in the swarm`;
  if (entry.managerStatus?.reachability !== 'reachable') return 'it is no reachable manager';
  const seen = await look(async () => ({
    text: await ownConfiguration(host, name),
    keepalived: await host.systemd.state(keepalivedUnit),
    engine: await host.systemd.state('docker.service'),
    balancer: await balancerState(host),
  }));
  if (!isSeen(seen)) return seen.unseen;
  const { text, keepalived, engine, balancer } = seen.seen;
  if (text === undefined) return 'keepalived is not ours';
  if (keepalived !== 'active') return `keepalived is ${keepalived}`;
  if (engine !== 'active') return `its engine is ${engine}`;
  return balancer === 'active' ? undefined : `its balancer is ${balancer}`;
}

/** Balanced ports answer where HAProxy runs only; a node without a balancer of ours needs none. */
async function balancerState(host: Host): Promise<string> {
  const own = await ownBalancer(host);
  return own !== undefined ? host.systemd.state(balancerUnit) : 'active';
}
