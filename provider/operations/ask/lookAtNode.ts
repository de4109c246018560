import type { SwarmNodeFacts } from '../../../core/facts';
import type { Labels } from '../../../core/labels';
import type { DockerApi } from '../../../effects/docker';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { leaseLabelsOf } from '../hold/lease';
import { askManager } from './managers';
import type { SwarmAccess } from './managers';

/** What a Read looks at of one node. */
export interface NodeLook {
  /** Undefined: the swarm, read with quorum, does not list it. */
  readonly entry: SwarmNodeFacts | undefined;
  /** The labels kept beside the lease. */
  readonly leaseLabels: Labels;
}

/** Of all nodes, by their IDs. */
interface SwarmLook {
  readonly entries: ReadonlyMap<string, SwarmNodeFacts>;
  readonly leaseLabels: Labels;
}

interface KeptLook {
  readonly beganMs: number;
  readonly look: Promise<SwarmLook>;
}

/** For how long one look serves further Reads, from its beginning. */
const sharedMilliseconds = 2_000;

const keptIn = ofProcess(() => new Map<string, KeptLook>());

/**
 * A node's entry, for its Read. As long as this process has changed nothing, one look at the swarm serves all
 * Reads of its time: in a preview every node of a large cluster is Read within moments. What that look does
 * not list, and everything once something was changed, is asked for itself.
 */
export async function lookAtNode(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
): Promise<NodeLook> {
  if (operation.hasOnlyLooked()) {
    const { entries, leaseLabels } = await sharedLook(operation, access);
    const entry = entries.get(nodeId);
    if (entry !== undefined) return { entry, leaseLabels };
  }
  return ask(operation, access, async (docker) => {
    const [entry, configs] = await Promise.all([docker.node(nodeId), docker.configs()]);
    return { entry, leaseLabels: leaseLabelsOf(configs) };
  });
}

function sharedLook(operation: Operation, access: SwarmAccess): Promise<SwarmLook> {
  const { clock } = operation.effects;
  const kept = keptIn(operation);
  // Whom it is asked of is a part of it: what an old run stored may name managers that are gone.
  const contacts = access.managers.map(({ name, address }) => `${name} ${address}`);
  const key = [access.clusterId, ...contacts].join('\n');
  const known = kept.get(key);
  const beganMs = clock.monotonicMs();
  if (known !== undefined && beganMs - known.beganMs < sharedMilliseconds) return known.look;
  const look = ask(operation, access, async (docker) => {
    const [nodes, configs] = await Promise.all([docker.nodes(), docker.configs()]);
    return {
      entries: new Map(nodes.map((node) => [node.id, node])),
      leaseLabels: leaseLabelsOf(configs),
    };
  });
  kept.set(key, { beganMs, look });
  return look;
}

function ask<T>(
  operation: Operation,
  access: SwarmAccess,
  question: (docker: DockerApi) => Promise<T>,
): Promise<T> {
  return askManager(operation, access, ({ docker }) => question(docker), { timeoutSeconds: 10 });
}
