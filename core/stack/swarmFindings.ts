import type { ServiceFacts, SwarmNodeFacts } from '../facts';
import { placement } from '../placement';
import { canTakeTasks } from '../services';
import { forgottenSubpaths } from './forgottenSubpaths';
import type { EnginePort, StackServiceBody } from './serviceBody';
import type { StackPlan, StackService } from './stackPlan';

/** What a stack is measured by, as it is now. */
export interface SwarmSight {
  /** Services of others: neither of the stack nor to be removed by it. */
  readonly others: readonly ServiceFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
  /** Other stacks that this very run brings to the swarm. Default: none. */
  readonly neighbours?: readonly StackPlan[];
}

/** What of a stack will not go well in the swarm as it is, all at once, as sentences. */
export interface SwarmFindings {
  /** What surely fails: the Engine refuses it, or no node ever takes the task. */
  readonly impossible: readonly string[];
  /** What may still change, or may be meant. */
  readonly doubtful: readonly string[];
}

export function swarmFindings({ services }: StackPlan, sight: SwarmSight): SwarmFindings {
  const placed = (service: StackService): Place => ({
    service,
    fitting: fittingNodes(service, sight.nodes),
  });
  const places = services.map(placed);
  const { neighbours = [] } = sight;
  const beside = neighbours.flatMap((each) => each.services).map(placed);
  return {
    impossible: [
      ...services.flatMap(({ key, body }) => takenPorts(key, body, sight, 'ingress')),
      ...places.flatMap(tooLarge),
    ],
    doubtful: [
      ...services.flatMap(({ key, body }) => takenPorts(key, body, sight, 'host')),
      ...sums(
        places,
        beside,
        neighbours.map(({ name }) => name),
      ),
      ...places.flatMap(({ service, fitting }) => forgottenSubpaths(service, fitting, sight.nodes)),
    ],
  };
}

interface Place {
  readonly service: StackService;
  readonly fitting: readonly SwarmNodeFacts[];
}

/** Nodes that may get a task of a service as they are now. */
export function fittingNodes(
  { body }: StackService,
  nodes: readonly SwarmNodeFacts[],
): readonly SwarmNodeFacts[] {
  const { Constraints } = body.TaskTemplate.Placement;
  return nodes.filter((node) => canTakeTasks(node) && placement(node, Constraints) !== 'no');
}

/** Source: swarmkit `manager/allocator/portallocator.go`: a port of the mesh is one service's alone. */
function takenPorts(
  key: string,
  { EndpointSpec }: StackServiceBody,
  { others }: SwarmSight,
  mode: EnginePort['PublishMode'],
): readonly string[] {
  return EndpointSpec.Ports.filter(
    ({ PublishMode, PublishedPort }) => PublishMode === mode && PublishedPort !== 0,
  ).flatMap(({ PublishedPort, Protocol }) => {
    const owner = others.find(({ ports = [] }) =>
      ports.some(
        (port) =>
          port.PublishedPort === PublishedPort &&
          port.Protocol === Protocol &&
          port.PublishMode === mode,
      ),
    );
    const port = `${String(PublishedPort)}/${Protocol}`;
    if (owner === undefined) return [];
    return [
      mode === 'ingress'
        ? `services.${key} publishes ${port} by the routing mesh, as the service ${owner.name} does already; give one of them another port`
        : `services.${key} wants the port ${port} of its nodes, as the service ${owner.name} does: tasks wait where that one runs; give one of them another port`,
    ];
  });
}

interface Amounts {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
}

function reserved({ TaskTemplate }: StackServiceBody): Amounts {
  const { NanoCPUs = 0, MemoryBytes = 0 } = TaskTemplate.Resources.Reservations ?? {};
  return { nanoCpus: NanoCPUs, memoryBytes: MemoryBytes };
}

function text({ nanoCpus, memoryBytes }: Amounts): string {
  const mebibytes = Math.round(memoryBytes / 2 ** 20);
  return `${String(Math.round(nanoCpus / 1e7) / 100)} CPUs and ${String(mebibytes)} MiB`;
}

/** Nothing is said where a node does not tell its size. */
function tooLarge({ service: { key, body }, fitting }: Place): readonly string[] {
  const wanted = reserved(body);
  const sizes = fitting.map(({ resources }) => resources);
  const holds = (size: Amounts | undefined): boolean =>
    size === undefined ||
    (size.nanoCpus >= wanted.nanoCpus && size.memoryBytes >= wanted.memoryBytes);
  if (sizes.length === 0 || sizes.some(holds)) return [];
  const seen = fitting.flatMap(({ hostname, resources }) =>
    resources === undefined ? [] : [`${hostname} has ${text(resources)}`],
  );
  return [
    `services.${key} reserves ${text(wanted)} for a task, and no node that it may run on is so large: ${seen.join(', ')}; reserve less, or declare a larger node`,
  ];
}

/** Of the stack alone, and only else of all that are declared beside it. */
function sums(
  places: readonly Place[],
  beside: readonly Place[],
  neighbours: readonly string[],
): readonly string[] {
  const alone = inSum(places, []);
  return alone.length > 0 || beside.length === 0
    ? alone
    : inSum([...places, ...beside], neighbours);
}

/** Of all services together: a node that several may run on counts once. */
function inSum(places: readonly Place[], neighbours: readonly string[]): readonly string[] {
  const nodes = new Set(places.flatMap(({ fitting }) => fitting));
  const sizes = [...nodes].map(({ resources }) => resources);
  const total = (amounts: readonly Amounts[]): Amounts => ({
    nanoCpus: amounts.reduce((sum, { nanoCpus }) => sum + nanoCpus, 0),
    memoryBytes: amounts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  });
  const known = sizes.filter((size) => size !== undefined);
  if (known.length < sizes.length || known.length === 0) return [];
  const wanted = total(
    places.flatMap(({ service: { body }, fitting }) =>
      Array.from({ length: body.Mode.Replicated?.Replicas ?? fitting.length }, () =>
        reserved(body),
      ),
    ),
  );
  const there = total(known);
  return wanted.nanoCpus > there.nanoCpus || wanted.memoryBytes > there.memoryBytes
    ? [
        `its services${neighbours.length === 0 ? '' : ` and those of ${neighbours.join(' and ')}`} reserve ${text(wanted)} in sum, and the ${String(nodes.size)} nodes that they may run on have ${text(there)}: some tasks will find no node; reserve less, or declare more nodes`,
      ]
    : [];
}
