import type { Availability, NodeRole, SwarmNodeFacts } from '../facts';
import type { Labels } from '../labels';
import { placement } from '../placement';
import { networkRoomFaults } from './networkRoom';
import type { StackPlan, StackService } from './stackPlan';

/** A node as it is declared. */
export interface DeclaredPlace {
  readonly name: string;
  readonly role: NodeRole;
  readonly labels?: Labels;
  /** Default: active. */
  readonly availability?: Availability;
}

/**
 * What of a stack finds no place on the declared nodes, as sentences: constraints that none satisfies,
 * more tasks than nodes may carry, a port of the nodes that is asked for twice, a network too small for all. A constraint on what a
 * declaration does not tell (`node.platform.os`, `engine.labels…`, `node.id`) is left to the swarm.
 */
export function placementFaults(
  plan: StackPlan,
  nodes: readonly DeclaredPlace[],
): readonly string[] {
  const places = placesOf(plan, nodes);
  return [
    ...places.flatMap(({ service, fitting }) => countFaults(service, fitting)),
    ...portFaults(places, ({ key }) => key),
    ...networkRoomFaults(plan, nodes.length, tasksOf(places)),
  ];
}

/** Each service with the names of the nodes that it may run on. */
export function placesOf(
  { services }: StackPlan,
  nodes: readonly DeclaredPlace[],
): readonly Place[] {
  return services.map((service) => ({ service, fitting: fittingNodes(service, nodes) }));
}

/** Replicas, or one on each node. */
function tasksOf(places: readonly Place[]): (key: string) => number {
  return (key) => {
    const place = places.find(({ service }) => service.key === key);
    return place?.service.body.Mode.Replicated?.Replicas ?? place?.fitting.length ?? 0;
  };
}

interface Place {
  readonly service: StackService;
  readonly fitting: readonly string[];
}

function fittingNodes({ body }: StackService, nodes: readonly DeclaredPlace[]): readonly string[] {
  const { Constraints } = body.TaskTemplate.Placement;
  // An ID is the swarm's to give.
  const known = Constraints.filter((constraint) => !/^\s*node\.id\b/i.test(constraint));
  return nodes
    .filter(({ availability = 'active' }) => availability === 'active')
    .filter((node) => placement(asFacts(node), known) !== 'no')
    .map(({ name }) => name);
}

function countFaults({ key, body }: StackService, fitting: readonly string[]): readonly string[] {
  const { Constraints, MaxReplicas = 0 } = body.TaskTemplate.Placement;
  if (fitting.length === 0) {
    return [
      Constraints.length === 0
        ? `services.${key}: no declared node takes tasks; make one active`
        : `services.${key}: no declared node that takes tasks satisfies ${Constraints.join(' and ')}; mend the constraint, or give a node the label`,
    ];
  }
  const replicas = body.Mode.Replicated?.Replicas ?? 0;
  const nodes = `${String(fitting.length)} node${fitting.length === 1 ? '' : 's'} (${fitting.join(', ')})`;
  const most = MaxReplicas * fitting.length;
  if (MaxReplicas > 0 && replicas > most) {
    return [
      `services.${key}: ${String(replicas)} replicas, at most ${String(MaxReplicas)} on each of ${nodes}: ${String(replicas - most)} would find no node`,
    ];
  }
  const [port] = hostPorts(body);
  return port !== undefined && replicas > fitting.length
    ? [
        `services.${key}: ${String(replicas)} replicas want the port ${port} of a node each, and may run on ${nodes}: ${String(replicas - fitting.length)} would find no node`,
      ]
    : [];
}

function hostPorts({ EndpointSpec }: StackService['body']): readonly string[] {
  return EndpointSpec.Ports.filter(
    ({ PublishMode, PublishedPort }) => PublishMode === 'host' && PublishedPort !== 0,
  ).map(({ PublishedPort, Protocol }) => `${String(PublishedPort)}/${Protocol}`);
}

/**
 * Tasks that need a node each of their own for one port, and the nodes that there are for all of them.
 *
 * @param isMeant of the users of a port: whether they are looked at. Default: they are.
 */
export function portFaults(
  places: readonly Place[],
  nameOf: (service: StackService) => string,
  isMeant: (users: readonly Place[]) => boolean = () => true,
): readonly string[] {
  const ports = [...new Set(places.flatMap(({ service }) => hostPorts(service.body)))];
  return ports.flatMap((port) => {
    const users = places.filter(({ service }) => hostPorts(service.body).includes(port));
    if (users.length < 2 || !isMeant(users)) return [];
    const nodes = new Set(users.flatMap(({ fitting }) => fitting));
    const wanted = users.reduce(
      (sum, { service, fitting }) =>
        sum + (service.body.Mode.Replicated?.Replicas ?? fitting.length),
      0,
    );
    const names = users.map(({ service }) => nameOf(service)).join(' and ');
    return wanted > nodes.size
      ? [
          `services ${names} want the port ${port} of a node for ${String(wanted)} tasks, and may run on ${String(nodes.size)} node${nodes.size === 1 ? '' : 's'}: give one of them another port`,
        ]
      : [];
  });
}

function asFacts({ name, role, labels = {} }: DeclaredPlace): SwarmNodeFacts {
  return {
    id: '',
    version: 0,
    hostname: name,
    address: '',
    role,
    availability: 'active',
    state: 'ready',
    labels,
    engineVersion: '',
    managerStatus: undefined,
  };
}
