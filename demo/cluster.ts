import type { SwarmNodeFacts } from '../core/facts';
import { SwarmError, errorMessage } from '../core/errors';
import { addressOf } from '../core/addresses';
import type { Configuration } from '../core/configuration';
import { parseConfiguration } from '../core/configuration';
import type { DockerApi } from '../effects/docker';
import type { Effects } from '../effects/effects';
import type { ObservedManager } from './observer';
import { webPort } from './webImage';

/** The demo's cluster as the demo itself looks at it: over SSH, past Pulumi. */
export interface DemoCluster {
  readonly lab: string;
  readonly managers: readonly string[];
  readonly workers: readonly string[];
  /** Address of each node by name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly vip: string;
  readonly port: number;
}

/** Reads the cluster's facts from its stack's configuration. */
export function demoCluster(raw: Readonly<Record<string, unknown>>): DemoCluster {
  const values = Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key.replace(/^swarm-cluster:/, ''), value]),
  );
  const result = parseConfiguration(values);
  if (!('configuration' in result)) {
    throw new SwarmError(
      'DemoConfigurationInvalid',
      `stacks/Pulumi.demo.yaml: ${result.failures.map(({ property, reason }) => `${property} ${reason}`).join('; ')}`,
      { source: 'user' },
    );
  }
  return fromConfiguration(result.configuration);
}

function fromConfiguration(configuration: Configuration): DemoCluster {
  const { lab, managers, workers, vip, services, stacks } = configuration;
  const address = vip?.addresses[0];
  // A stack's compose files say where its services answer; those here have the web service on its own port.
  const ofStack = stacks === undefined ? undefined : webPort;
  const port = services?.[0]?.ports?.[0]?.published ?? ofStack;
  if (lab === undefined || address === undefined || port === undefined) {
    throw new SwarmError(
      'DemoConfigurationInvalid',
      'stacks/Pulumi.demo.yaml: the demo needs `lab`, `vip`, and a service with a published port or a stack',
      { source: 'user' },
    );
  }
  return {
    lab: lab.name ?? 'demo',
    managers: managers.map(({ name }) => name),
    workers: (workers ?? []).map(({ name }) => name),
    addresses: Object.fromEntries(
      [...managers, ...(workers ?? [])].map((node) => [node.name, node.address]),
    ),
    vip: addressOf(address),
    port,
  };
}

/** The managers as the observer asks them, each at its own socket. */
export function observedManagers(
  effects: Effects,
  cluster: DemoCluster,
): readonly ObservedManager[] {
  return cluster.managers.map((name) => ({
    name,
    ask: async () => {
      const docker = await engineOf(effects, cluster, name);
      const members = (await docker.nodes()).filter((node) => node.managerStatus !== undefined);
      const reachable = members.filter((node) => node.managerStatus?.reachability === 'reachable');
      return { members: members.length, reachable: reachable.length };
    },
  }));
}

/** The list of nodes of the first manager that answers. */
export async function listNodes(
  effects: Effects,
  cluster: DemoCluster,
): Promise<readonly SwarmNodeFacts[]> {
  const whys: string[] = [];
  for (const name of cluster.managers) {
    try {
      return await (await engineOf(effects, cluster, name)).nodes();
    } catch (error) {
      whys.push(`${name}: ${errorMessage(error)}`);
    }
  }
  throw new SwarmError('NoManager', `the cluster: no manager answers: ${whys.join('; ')}`);
}

async function engineOf(effects: Effects, cluster: DemoCluster, name: string): Promise<DockerApi> {
  const host = await effects.hosts.connect({ lab: cluster.lab, machine: name });
  return host.docker;
}

/** The one engine version of all nodes, or all of them where they differ. */
export function engineVersion(nodes: readonly SwarmNodeFacts[]): string {
  return [...new Set(nodes.map((node) => node.engineVersion))].sort().join(', ');
}

/** What is not as a finished roll leaves it, as sentences. `os`: of every node, or of each by name. */
export async function findProblems(
  effects: Effects,
  cluster: DemoCluster,
  os: string | Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const nodes = await listNodes(effects, cluster);
  const declared = [...cluster.managers, ...cluster.workers];
  const missing = declared.filter((name) => !nodes.some((node) => node.hostname === name));
  const entries = nodes.flatMap((node) => entryProblems(node, nodes, cluster));
  const machines = await Promise.all(
    declared.map(async (name) => {
      const host = await effects.hosts.connect({ lab: cluster.lab, machine: name });
      const facts = await host.facts();
      const wanted = typeof os === 'string' ? os : (os[name] ?? '');
      return facts.os === wanted ? [] : [`${name}: it runs ${facts.os}, not ${wanted}`];
    }),
  );
  return [
    ...missing.map((name) => `${name}: it is not in the swarm`),
    ...entries,
    ...machines.flat(),
  ];
}

function entryProblems(
  node: SwarmNodeFacts,
  nodes: readonly SwarmNodeFacts[],
  cluster: DemoCluster,
): readonly string[] {
  const problems: string[] = [];
  const name = node.hostname;
  const isManager = cluster.managers.includes(name);
  if (cluster.addresses[name] === undefined) problems.push(`${name}: it is not declared`);
  else if (node.address !== cluster.addresses[name]) {
    problems.push(`${name}: its address is ${node.address}, not ${cluster.addresses[name]}`);
  }
  if (node.state !== 'ready' || node.availability !== 'active') {
    problems.push(`${name}: it is ${node.state} and ${node.availability}`);
  }
  if (isManager !== (node.managerStatus !== undefined)) {
    problems.push(`${name}: it is ${isManager ? 'no member of raft' : 'a manager'}`);
  }
  if (isManager && node.managerStatus?.reachability !== 'reachable') {
    problems.push(`${name}: as a manager it is not reachable`);
  }
  if (nodes.filter((other) => other.hostname === name).length > 1) {
    problems.push(`${name}: it has more than one entry`);
  }
  return problems;
}
