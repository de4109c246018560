import { addressOf } from '../../../core/addresses';
import type { Connection } from '../../../core/connection';
import { isRunning } from '../../../core/services';
import { listNodes, type DemoCluster } from '../../../demo/cluster';
import { nodeVariable, webPort, type WebImage } from '../../../demo/webImage';
import type { Effects } from '../../../effects/effects';
import { createLab } from '../../../effects/labMachines';
import { testLabs } from './testLab';

/** The cluster of the rollout scenario, in a lab of its own. */
export const rollLab = 'lab-test-roll';
const port = 8080;
const vip = '10.95.0.100/24';
const managers = [
  { name: 'm1', address: '10.95.0.11' },
  { name: 'm2', address: '10.95.0.12' },
  { name: 'm3', address: '10.95.0.13' },
];
const workers = [{ name: 'w1', address: '10.95.0.21' }];

export const nodeNames = [...managers, ...workers].map(({ name }) => name);

export const rollCluster: DemoCluster = {
  lab: rollLab,
  managers: managers.map(({ name }) => name),
  workers: workers.map(({ name }) => name),
  addresses: Object.fromEntries(
    [...managers, ...workers].map(({ name, address }) => [name, address]),
  ),
  vip: addressOf(vip),
  port,
};

/** Address of this computer that machines of the lab reach. */
export const bridgeAddress = '10.95.0.1';

/** Where the web service answers through the virtual IP. */
export const webUrl = `http://${rollCluster.vip}:${port}/`;

/** Configuration of its stack; without consent to destroy. */
export function rollConfiguration(os: string, image: WebImage): Record<string, unknown> {
  return {
    lab: { name: rollLab, subnet: testLabs[rollLab] },
    os,
    managers,
    workers,
    vip: { addresses: [vip], routerId: 95 },
    engine: { images: [{ ...image }] },
    services: [
      {
        name: 'web',
        image: image.reference,
        global: true,
        environment: { [nodeVariable]: '{{.Node.Hostname}}' },
        // Without the kernel's IP_VS there are no service VIPs and no routing mesh.
        endpointMode: 'dnsrr',
        ports: [{ target: webPort, published: port, mode: 'host' }],
      },
    ],
  };
}

/** What tells whether anything of the cluster was touched. */
export interface ClusterSight {
  /** By name: ID, role, availability, state, labels. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  /** IDs of tasks that run and are to go on running. */
  readonly tasks: readonly string[];
  readonly boots: Readonly<Record<string, string>>;
}

export async function lookAtCluster(effects: Effects): Promise<ClusterSight> {
  const nodes = await listNodes(effects, rollCluster);
  const { docker } = await effects.hosts.connect(machine('m1'));
  const tasks = await docker.tasks();
  return {
    nodes: Object.fromEntries(
      nodes.map(({ hostname, id, role, availability, state, labels }) => [
        hostname,
        [id, role, availability, state, JSON.stringify(labels)],
      ]),
    ),
    tasks: tasks
      // Those of a release that was taken back may still be on their way out.
      .filter(isRunning)
      .map(({ id }) => id)
      .sort(),
    boots: await bootIds(effects),
  };
}

/** Boot ID of each machine: equal exactly while it was neither rebuilt nor restarted. */
export async function bootIds(effects: Effects): Promise<Record<string, string>> {
  const entries = nodeNames.map(async (name) => [name, await bootId(effects, name)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

export async function bootId(effects: Effects, name: string): Promise<string> {
  const host = await effects.hosts.connect(machine(name));
  return (await host.facts()).bootId;
}

/** How each machine is reached now, its SSH host key included: plain values that a rebuild does not change by itself. */
export async function connectionsNow(): Promise<readonly Connection[]> {
  return Promise.all(nodeNames.map((name) => createLab().connection(rollLab, name)));
}

export async function clusterId(effects: Effects): Promise<string> {
  const host = await effects.hosts.connect(machine('m1'));
  return (await host.docker.info()).clusterId ?? '';
}

export function machine(name: string): Connection {
  return { lab: rollLab, machine: name };
}
