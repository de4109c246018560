import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { Service, SwarmCluster, SwarmStack, existingHosts, labMachines } from './components';
import type { ClusterNodeArgs, MachineKind, SshConnection } from './components';
import { parseConfiguration } from './core/configuration';
import type {
  Configuration,
  ConnectionConfiguration,
  NodeConfiguration,
} from './core/configuration';

/**
 * The program: one cluster from the stack's configuration (stacks/Pulumi.<environment>.yaml), its
 * services and stacks. The configuration is validated whole before anything is registered.
 */
const configuration = readConfiguration();
const machine = machineKind(configuration);
const { os, engine, managers, workers, services, vip } = configuration;
const { maxUnavailable, standIn, allowDestroy, addressPools, subnetSize, timeouts } = configuration;
const { adopt, recoverFrom, lost } = configuration;

const cluster = new SwarmCluster(pulumi.getStack(), {
  ...defined({
    os,
    engine,
    vip,
    maxUnavailable,
    standIn,
    allowDestroy,
    addressPools,
    subnetSize,
    adopt,
    backup: configuration.backup,
    drain: configuration.drain,
    rebalance: configuration.rebalance,
    allowOutage: configuration.allowOutage,
    hooks: configuration.hooks,
    pauseAfter: configuration.pauseAfter,
    autolock: configuration.autolock,
    unlockKey: configuration.unlockKey,
    recoverFrom,
    lost,
    registries: configuration.registries,
    timeouts,
  }),
  machine,
  managers: managers.map(clusterNode),
  workers: (workers ?? []).map(clusterNode),
});

for (const service of services ?? []) {
  new Service(
    service.name,
    {
      ...defined(service),
      clusterId: cluster.clusterId,
      managers: [...cluster.contacts],
      ...(cluster.registries.length === 0 ? {} : { registries: cluster.registries }),
    },
    { dependsOn: cluster, deleteBeforeReplace: true },
  );
}

for (const { name, secretVariables = {}, secrets = {}, ...stack } of configuration.stacks ?? []) {
  new SwarmStack(name, {
    ...defined(stack),
    cluster,
    variables: { ...stack.variables, ...sealed(secretVariables) },
    secrets: sealed(secrets),
  });
}

/** `unlockKey` is secret: `pulumi stack output unlockKey --show-secrets`. */
export = {
  clusterId: cluster.clusterId,
  managerAddresses: managers.map(({ address }) => address),
  virtualAddresses: vip?.addresses ?? [],
  // Pulumi warns of an output that has no value.
  ...(configuration.autolock === true ? { unlockKey: cluster.unlockKey } : {}),
};

function readConfiguration(): Configuration {
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), parseValue(value)]),
  );
  const result = parseConfiguration(raw);
  if ('configuration' in result) return result.configuration;
  throw new pulumi.RunError(
    `The configuration of stack ${pulumi.getStack()} has ${String(result.failures.length)} ${result.failures.length === 1 ? 'fault' : 'faults'}; nothing was touched:\n` +
      result.failures.map(({ property, reason }) => `  ${property}: ${reason}`).join('\n'),
  );
}

/** Pulumi hands every value over as text; maps, lists, numbers and booleans are JSON in it. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function machineKind({
  lab,
  managers: declared,
  workers: others,
  connection,
}: Configuration): MachineKind {
  if (lab !== undefined) {
    const { name = pulumi.getStack(), subnet, prepareImages } = lab;
    return labMachines({ lab: name, subnet, ...defined({ prepareImages }) });
  }
  const nodes = [...declared, ...(others ?? [])];
  return existingHosts({
    connection: ({ name }) => {
      const { privateKey, privateKeyFile, ...shared } = sshConnection(connection ?? {});
      const own = sshConnection(nodes.find((node) => node.name === name)?.connection ?? {});
      // A node's own key takes the place of the shared one, whichever of the two ways each is given in.
      const hasOwnKey = own.privateKey !== undefined || own.privateKeyFile !== undefined;
      return { ...shared, ...(hasOwnKey ? {} : defined({ privateKey, privateKeyFile })), ...own };
    },
  });
}

/** The key's file goes on by its path: a key that does not pass through Pulumi is in none of its logs. */
function sshConnection(connection: ConnectionConfiguration): Partial<SshConnection> {
  const { privateKeyFile, ...given } = connection;
  const isAbsolute = privateKeyFile === undefined || /^(~?\/)/.test(privateKeyFile);
  return {
    ...defined(given),
    ...(privateKeyFile === undefined
      ? {}
      : { privateKeyFile: isAbsolute ? privateKeyFile : resolve(privateKeyFile) }),
  };
}

function sealed(values: Readonly<Record<string, string>>): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, pulumi.secret(value)]),
  );
}

/** Without the connection, which the kind of machine reads for itself. */
function clusterNode(node: NodeConfiguration): ClusterNodeArgs {
  const { connection, ...declared } = node;
  return defined(declared);
}

/** The same, with absent keys where some are `undefined`, at every depth. */
type Defined<T> = T extends readonly (infer Item)[]
  ? Defined<Item>[]
  : T extends object
    ? { [Key in keyof T]: Defined<Exclude<T[Key], undefined>> }
    : T;

function defined<T extends object>(value: T): Defined<T> {
  return JSON.parse(JSON.stringify(value)) as Defined<T>;
}
