import type { SwarmNodeFacts, TaskFacts } from '../../core/facts';
import type { DemoCluster } from '../../demo/cluster';
import { realEffects } from '../../effects/realEffects';
import type { Sample } from './exposure';

const intervalMs = 250;

/** Looks at the list of nodes until it is stopped. */
export interface NodeObserver {
  /** Everything that was seen, in order. */
  stop(): Promise<readonly Sample[]>;
}

/**
 * Asks every manager on its own, so that one which is out blinds nobody. It has connections of its own:
 * what it costs, it costs every way alike.
 */
export function observeNodes(cluster: DemoCluster): NodeObserver {
  const effects = realEffects();
  const samples: Sample[] = [];
  let isStopped = false;
  const watch = async (machine: string): Promise<void> => {
    while (!isStopped) {
      const atMs = Date.now();
      try {
        const { docker } = await effects.hosts.connect({ lab: cluster.lab, machine });
        const [nodes, tasks] = [await docker.nodes(), await docker.tasks()];
        samples.push({ atMs, nodes: nodes.map((node) => seen(node, tasks)) });
      } catch {
        // It is out, or no manager now: the others tell.
      }
      await effects.clock.sleep(Math.max(0, atMs + intervalMs - Date.now()));
    }
  };
  const watches = cluster.managers.map(watch);
  return {
    stop: async () => {
      isStopped = true;
      await effects.hosts.close();
      await Promise.all(watches);
      return samples.sort((a, b) => a.atMs - b.atMs);
    },
  };
}

function seen(node: SwarmNodeFacts, tasks: readonly TaskFacts[]): Sample['nodes'][number] {
  return {
    id: node.id,
    name: node.hostname,
    isReady: node.state === 'ready',
    isActive: node.availability === 'active',
    isManager: node.managerStatus?.reachability === 'reachable',
    running: tasks.filter(({ nodeId, state }) => nodeId === node.id && state === 'running').length,
  };
}
