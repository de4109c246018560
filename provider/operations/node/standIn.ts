import { SwarmError } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { chooseStandIn, standInLabel, standInsFor } from '../../../core/standIn';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { withLease } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { askManager, findManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { passGate } from '../gate/passGate';
import { takeSnapshotsFor } from '../swarm/raftSnapshots';
import { refusePromotion } from './joinContacts';
import { demoteAndWait } from './takeOut';
import { waitUntil } from '../ask/waitUntil';

/**
 * Makes a healthy worker a manager before this one goes, and sees it in raft. One that an interrupted
 * run promoted is taken as it is.
 *
 * @throws SwarmError `NoStandIn`, `PortsClosed`, `AlpnMissing`: nothing was touched. `TimedOut`: the promotion was taken back.
 */
export async function callStandIn(
  operation: Operation,
  spec: NodeInputs,
  wish: true | string,
  workers: readonly string[],
  lease: Lease,
): Promise<void> {
  await waitSettled(operation, spec);
  const nodes = await listNodes(operation, spec);
  const choice = chooseStandIn(wish, workers, nodes);
  if ('why' in choice) {
    throw new SwarmError(
      'NoStandIn',
      `${spec.name}: ${choice.why}; nothing was touched; bring a worker back, or take \`standIn\` out of the declaration`,
      { source: 'user' },
    );
  }
  const { node } = choice;
  const { managers } = spec;
  const isOnly = managers.every(({ name, isStandIn }) => name === spec.name || isStandIn === true);
  if (isOnly && !managers.some(({ name }) => name === node.hostname)) {
    throw new SwarmError(
      'NoStandIn',
      `${spec.name}: it is the only manager, and how ${node.hostname} is reached was not known to the last run; nothing was touched; ` +
        'run `pulumi up` with `standIn` alone, and then with the change',
      { source: 'user' },
    );
  }
  await lease.step(steps.standIn(node.hostname, spec.name), async () => {
    await refuseClosedPort(operation, spec, node);
    await refusePromotion(operation, spec, node);
    await promote(operation, spec, node);
  });
}

/** Demotes whoever stood in for this manager, now that it is back; each passes the gate as any manager that goes. */
export async function dismissStandIns(operation: Operation, spec: NodeInputs): Promise<void> {
  if (spec.role !== 'manager') return;
  const standIns = standInsFor(spec.name, await listNodes(operation, spec));
  if (standIns.length === 0) return;
  const access = accessOf(spec);
  const { gate, demote } = timeoutsOf(spec);
  await withLease(
    operation,
    access,
    `dismiss who stood in for ${spec.name}`,
    gate,
    async (lease) => {
      for (const node of standIns) {
        await lease.step(steps.dismiss(node.hostname, spec.name), async () => {
          await passGate(
            operation,
            access,
            { name: node.hostname, role: 'manager' },
            { maxUnavailable: 1, timeoutSeconds: gate },
          );
          await demoteAndWait(operation, access, node.id, demote);
          await changeNode(operation, spec, node.id, { labels: withoutStandIn(node) });
          // Of an only manager the worker had become the leader, and every node registers anew.
          await waitSettled(operation, spec);
        });
      }
    },
  );
}

/** After a change of leader: every node has registered with the new one, or was seen down. */
export async function waitSettled(operation: Operation, spec: NodeInputs): Promise<void> {
  await waitUntil(operation, 'the leader knows all nodes', timeoutsOf(spec).ready, async () => {
    const unknown = (await listNodes(operation, spec)).filter(({ state }) => state === 'unknown');
    return (
      unknown.length === 0 ||
      `${unknown.map(({ hostname }) => hostname).join(', ')} did not register yet`
    );
  });
}

/** A manager that joined and cannot be reached counts for the quorum at once: its port is tried before. */
async function refuseClosedPort(
  operation: Operation,
  spec: NodeInputs,
  node: SwarmNodeFacts,
): Promise<void> {
  if (node.managerStatus !== undefined) return;
  const manager = await findManager(operation, accessOf(spec), [spec.name]);
  const host = await operation.effects.hosts.connect(manager.contact.connection);
  if ((await host.network.probe(node.address, 2377, 5)) !== 'silent') return;
  throw new SwarmError(
    'PortsClosed',
    `${node.hostname}: 2377/tcp from ${manager.contact.name} is silent; it was not promoted and ${spec.name} was not touched; ` +
      'open 2377/tcp between the managers and the worker that stands in for one',
    { source: 'user' },
  );
}

/** Its label first: a promotion without it would be nobody's to take back. */
async function promote(
  operation: Operation,
  spec: NodeInputs,
  node: SwarmNodeFacts,
): Promise<void> {
  const labels = { ...node.labels, [standInLabel]: spec.name };
  await changeNode(operation, spec, node.id, { labels });
  const { hostname, engineVersion } = node;
  await takeSnapshotsFor(operation, accessOf(spec), { name: hostname, engineVersion });
  await changeNode(operation, spec, node.id, { role: 'manager' });
  try {
    await waitUntil(
      operation,
      `${node.hostname} is a manager`,
      timeoutsOf(spec).ready,
      async () => {
        const entry = (await listNodes(operation, spec)).find(({ id }) => id === node.id);
        return (
          entry?.managerStatus?.reachability === 'reachable' ||
          `it is ${entry?.managerStatus?.reachability ?? 'no member of raft yet'}`
        );
      },
    );
  } catch (error) {
    await demoteAndWait(operation, accessOf(spec), node.id, timeoutsOf(spec).demote);
    await changeNode(operation, spec, node.id, { labels: withoutStandIn(node) });
    throw error;
  }
}

function withoutStandIn({ labels }: SwarmNodeFacts): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== standInLabel));
}

function listNodes(operation: Operation, spec: NodeInputs): Promise<readonly SwarmNodeFacts[]> {
  return askManager(operation, accessOf(spec), ({ docker }) => docker.nodes(), {
    avoid: [spec.name],
  });
}

function changeNode(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  change: Partial<Pick<SwarmNodeFacts, 'role' | 'labels'>>,
): Promise<void> {
  return askManager(operation, accessOf(spec), ({ docker }) => docker.updateNode(nodeId, change), {
    avoid: [spec.name],
  });
}
