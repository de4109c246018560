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
 * what it costs, it costs every way alike. Who is drained is left alone: a manager that is asked while it stops
 * being one takes 5 to 8 s longer for it (docs/speed.md).
 */
export function observeNodes(cluster: DemoCluster): NodeObserver {
  const effects = realEffects();
  const samples: Sample[] = [];
  const drained = new Set<string>();
  let isStopped = false;
  const look = async (machine: string, atMs: number): Promise<Sample> => {
    const { docker } = await effects.hosts.connect({ lab: cluster.lab, machine });
    const [nodes, tasks] = [await docker.nodes(), await docker.tasks()];
    for (const { hostname, availability } of nodes) {
      if (availability === 'active') drained.delete(hostname);
      else drained.add(hostname);
    }
    return { atMs, nodes: nodes.map((node) => seen(node, tasks)) };
  };
  const watch = async (machine: string): Promise<void> => {
    while (!isStopped) {
      const atMs = Date.now();
      try {
        if (!drained.has(machine)) samples.push(await look(machine, atMs));
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
