import type { SwarmNodeFacts } from '../../../core/facts';
import { memberAddress } from '../../../core/gate';
import { declaredAvailability } from '../../../core/held';
import { parseRollPolicy } from '../../../core/rollPolicy';
import type { RollPolicy } from '../../../core/rollPolicy';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { NodeInputs } from '../ask/nodeSpec';
import type { EngineInputs } from '../host/engineSetup';

/** An engine as the node that it is. */
export interface Member {
  /** As its steps need it: what an Engine does not have is told by the swarm. */
  readonly node: NodeInputs;
  readonly entry: SwarmNodeFacts;
  /** How nodes go in the present run. */
  readonly policy: RollPolicy;
  /** Members of raft, this one included if it is one. */
  readonly members: number;
}

/** The node that the host's disk holds the membership of; undefined: it is in no swarm, by its disk or by the list of nodes. */
export async function findMember(
  operation: Operation,
  host: Host,
  { name, connection, managers }: EngineInputs,
): Promise<Member | undefined> {
  const certificate = await host.docker.nodeCertificate();
  if (certificate === undefined) return undefined;
  const { clusterId, nodeId } = certificate;
  const [nodes, { labels }] = await askManager(
    operation,
    { clusterId, managers },
    ({ docker }) => Promise.all([docker.nodes(), docker.swarm()]),
    { avoid: [name] },
  );
  const entry = nodes.find(({ id }) => id === nodeId);
  if (entry === undefined) return undefined;
  const policy = parseRollPolicy(labels) ?? {};
  const { timeouts, maxUnavailable } = policy;
  return {
    entry,
    policy,
    members: nodes.filter(({ managerStatus }) => managerStatus !== undefined).length,
    node: {
      ...{ name, connection, managers, clusterId, engineId: '' },
      role: entry.managerStatus === undefined ? 'worker' : 'manager',
      address: memberAddress(entry),
      availability: declaredAvailability(entry),
      ...(timeouts === undefined ? {} : { timeouts }),
      ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    },
  };
}
