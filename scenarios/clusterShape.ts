import { addressOf } from '../core/addresses';
import type { DemoCluster } from '../demo/cluster';
import { echoCommand, nodeVariable, webPort, type WebImage } from '../demo/webImage';
import type { ScenarioLab } from './places';

/** What a golden cluster is declared as. Managers are m1, m2, …, workers w1, w2, …. */
export interface ClusterShape {
  /** Names its snapshot; one per shape. */
  readonly name: string;
  readonly managers: number;
  readonly workers: number;
  /** Default: `goldenOs`. */
  readonly os?: string;
  /** Tasks of the web service. Default: one on every node. */
  readonly webReplicas?: number;
  /** Whether a service beside the web service echoes on `echoPort` of every node. Default: false. */
  readonly hasEcho?: boolean;
  /** `balance` of the virtual IP. */
  readonly balance?: Readonly<Record<string, unknown>>;
  /** More keys of the stack's configuration, e.g. `{ allowDestroy: true }`. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** OS of golden clusters, and what a roll in a scenario changes it to. */
export const goldenOs = 'debian:12';
export const nextOs = 'debian:13';

/** Shapes that scenarios start from; add one here where none fits. */
export const shapes = {
  threeManagers: { name: 'three-managers', managers: 3, workers: 1 },
  fiveManagers: { name: 'five-managers', managers: 5, workers: 0 },
  twoManagers: { name: 'two-managers', managers: 2, workers: 1 },
  oneManager: { name: 'one-manager', managers: 1, workers: 1 },
  vip: { name: 'vip', managers: 3, workers: 2, hasEcho: true },
  batches: { name: 'batches', managers: 1, workers: 5, configuration: { maxUnavailable: 2 } },
  overlay: { name: 'overlay', managers: 3, workers: 2 },
  /** Without a service: they come with its stacks. */
  stack: {
    name: 'stack',
    managers: 3,
    workers: 2,
    configuration: { services: [], stacks: [] },
  },
  bench: { name: 'bench', managers: 3, workers: 2 },
  balanced: {
    name: 'balanced',
    managers: 3,
    workers: 2,
    balance: { ports: [{ listen: 80, target: 8080, mode: 'http', check: { http: '/' } }] },
  },
  rideThrough: {
    name: 'ride-through',
    managers: 3,
    workers: 2,
    webReplicas: 2,
    hasEcho: true,
    balance: { ports: [{ listen: 80, target: 8080, mode: 'http', check: { http: '/' } }] },
  },
  /** Without a service of its own behind the balancer: a stack brings it. */
  balancedStack: {
    name: 'balanced-stack',
    managers: 3,
    workers: 2,
    balance: { ports: [{ listen: 80, target: 8080, mode: 'http', check: { http: '/' } }] },
    configuration: { services: [], stacks: [] },
  },
  inPlace: {
    name: 'in-place',
    managers: 3,
    workers: 2,
    os: nextOs,
    balance: { ports: [{ listen: 80, target: 8080, mode: 'http', check: { http: '/' } }] },
  },
} as const satisfies Record<string, ClusterShape>;

export function osOf({ os = goldenOs }: ClusterShape): string {
  return os;
}

const port = 8080;

/** Where a shape with `hasEcho` sends back what it is sent, for as long as the connection stands. */
export const echoPort = 8081;

/** The cluster as scenarios look at it. */
export function clusterOf(shape: ClusterShape, lab: ScenarioLab): DemoCluster {
  const { managers, workers } = nodesOf(shape, lab);
  return {
    lab: lab.name,
    managers: managers.map(({ name }) => name),
    workers: workers.map(({ name }) => name),
    addresses: Object.fromEntries(
      [...managers, ...workers].map(({ name, address }) => [name, address]),
    ),
    vip: addressOf(vipOf(lab)),
    port,
  };
}

/** Its stack's configuration; without consent to destroy, unless the shape gives it. */
export function configurationOf(
  shape: ClusterShape,
  lab: ScenarioLab,
  image: WebImage,
): Readonly<Record<string, unknown>> {
  return {
    lab: { name: lab.name, subnet: lab.subnet },
    os: osOf(shape),
    ...nodesOf(shape, lab),
    vip: {
      addresses: [vipOf(lab)],
      routerId: routerIdOf(lab),
      ...(shape.balance === undefined ? {} : { balance: shape.balance }),
    },
    engine: { images: [{ ...image }] },
    services: [
      {
        name: 'web',
        image: image.reference,
        ...(shape.webReplicas === undefined ? { global: true } : { replicas: shape.webReplicas }),
        environment: { [nodeVariable]: '{{.Node.Hostname}}' },
        // Without the kernel's IP_VS there are no service VIPs and no routing mesh.
        endpointMode: 'dnsrr',
        stopGraceSeconds: 5,
        ports: [{ target: webPort, published: port, mode: 'host' }],
      },
      ...(shape.hasEcho === true ? [echoService(image)] : []),
    ],
    ...shape.configuration,
  };
}

/** The program of the web image, started another way. */
function echoService(image: WebImage): Readonly<Record<string, unknown>> {
  return {
    name: 'echo',
    image: image.reference,
    command: echoCommand(echoPort),
    global: true,
    endpointMode: 'dnsrr',
    stopGraceSeconds: 5,
    ports: [{ target: echoPort, published: echoPort, mode: 'host' }],
  };
}

interface DeclaredNode {
  readonly name: string;
  readonly address: string;
}

function nodesOf(
  { managers, workers }: ClusterShape,
  { subnet }: ScenarioLab,
): { readonly managers: readonly DeclaredNode[]; readonly workers: readonly DeclaredNode[] } {
  const declare = (letter: string, count: number, from: number): readonly DeclaredNode[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `${letter}${String(index + 1)}`,
      address: subnet.replace(/\.0\/24$/, `.${String(from + index + 1)}`),
    }));
  return { managers: declare('m', managers, 10), workers: declare('w', workers, 20) };
}

function vipOf({ subnet }: ScenarioLab): string {
  return subnet.replace(/\.0\/24$/, '.100/24');
}

/** Of a lab's own bridge; it differs from lab to lab all the same, for those who read logs. */
function routerIdOf({ subnet }: ScenarioLab): number {
  return (Number(subnet.split('.')[1]) % 255) + 1;
}
