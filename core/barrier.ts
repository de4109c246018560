import type { ServiceFacts, SwarmNodeFacts } from './facts';
import type { ServiceBaseline } from './lease';
import { placement } from './placement';

/** The moment in which all nodes are held at once that an upgrade in place holds. */
export interface Barrier {
  readonly nodes: readonly SwarmNodeFacts[];
  /** Managers that are drained then, by their names in the swarm. */
  readonly held: readonly string[];
  readonly services: readonly ServiceFacts[];
  /** Running tasks by the services' names. */
  readonly running: ServiceBaseline;
  /** Ports of the nodes that a balancer behind the virtual IP spreads over all nodes; undefined: there is no virtual IP. */
  readonly balancedPorts: readonly number[] | undefined;
}

/** Why the managers may not all be drained until the last of them carries the new version; empty: they may. */
export function barrierReasons(barrier: Barrier): readonly string[] {
  const { held, services, running, balancedPorts } = barrier;
  if (held.length === 0) return [];
  const there = services.filter(({ name }) => Object.hasOwn(running, name) && running[name] !== 0);
  const until = `${held.join(', ')} stay drained until the last of them carries the new version`;
  return [
    ...there
      .filter((service) => !hasPlace(barrier, service))
      .map(
        ({ name, constraints }) =>
          `service ${name} would run nowhere: ${until}, and no other active node may have it${constraints.length === 0 ? '' : ` (${constraints.join(', ')})`}; let it run on a worker too, or declare \`upgrade: replace\`, which drains one manager at a time`,
      ),
    ...(balancedPorts === undefined || held.length < 2
      ? []
      : there.flatMap((service) => vipReasons(barrier, service, balancedPorts, until))),
  ];
}

/** A constraint that cannot be judged from here rules no node out. */
function hasPlace({ nodes, held }: Barrier, { constraints }: ServiceFacts): boolean {
  return nodes.some(
    (node) =>
      node.state === 'ready' &&
      node.availability === 'active' &&
      !held.includes(node.hostname) &&
      placement(node, constraints) !== 'no',
  );
}

/** On a port of the node itself only tasks on the holder answer, and a held one has none. */
function vipReasons(
  { nodes, held }: Barrier,
  { name, constraints, hostPorts = [] }: ServiceFacts,
  balanced: readonly number[],
  until: string,
): readonly string[] {
  const ports = hostPorts.filter((port) => !balanced.includes(port));
  const isOnManagers = nodes.some(
    (node) => held.includes(node.hostname) && placement(node, constraints) !== 'no',
  );
  return ports.length === 0 || !isOnManagers
    ? []
    : [
        `service ${name} would not answer at the virtual IP: ${until}, and its port ${ports.join(', ')} is one of the node that holds it; put a balancer before it (\`vip.balance\`), publish it by the routing mesh, or declare \`upgrade: replace\``,
      ];
}
