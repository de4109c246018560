import type * as pulumi from '@pulumi/pulumi';
import type { DaemonOptions } from '../core/daemonOptions';
import type { EngineUpgrade } from '../core/engineChange';
import type { EngineSourceSpec } from '../core/engineSource';
import type { ManagerContact } from '../core/connection';
import type { NodeImageSpec } from '../core/nodeImage';
import type { ImageArchiveArgs, NodeTimeoutsArgs, RegistryLoginArgs } from '../provider/types';
import { Engine, Node } from '../provider/types';
import type { MachineKind } from './machines/machineKind';
import { engineSourceOf } from './engineSource';
import { sealed, sealedContacts, sealedLogins } from './sealed';

/** What of the engine is declared. */
export interface EngineSpec {
  /** Engine version, e.g. `26.1.5`, or its leading parts, e.g. `26.1`. Default: the newest of its source. A change replaces engine and node; the machine stays. */
  readonly version?: string;
  /**
   * Where the engine comes from: the distribution, Docker's repository or a mirror of it, packages in a directory of this
   * computer, an archive of static programs, or the host has it already;
   * see docs/engine.md. Default: Docker's repository (`docker-ce`); for machines of a lab the distribution. A change of its kind replaces engine and node; the machine stays.
   */
  readonly source?: EngineSourceSpec;
  /** Options of the daemon, by their names in `daemon.json`, e.g. `log-opts`. Changed in place where a reload is enough, else engine and node are replaced; see docs/engine.md. Default: what the host has. */
  readonly daemon?: DaemonOptions;
  /**
   * How a newer version, or options that need a restart, come to an engine: `replace` (installed anew, its node leaves the swarm and
   * joins again) or `inPlace` (drained, exchanged, checked, with the engine before kept and put back when the new one does not come
   * up; the node stays in the swarm). In place all managers of a cluster are drained until the last of them is upgraded; see
   * docs/engine.md. Default: `replace`. A change of it touches nothing.
   */
  readonly upgrade?: EngineUpgrade;
  /** Image archives that services need and no registry serves; loaded before the node joins. Changed in place. */
  readonly images?: readonly ImageArchiveArgs[];
}

/** What every node of a swarm takes, whatever its role. */
export interface SwarmNodeArgs {
  /** IP address that the node advertises. A change replaces the node. */
  readonly address: string;
  /** Where the machine comes from. */
  readonly machine: MachineKind;
  /** Operating system, e.g. `debian:13`. A change replaces the machine and all that is on it, old one first. */
  readonly os?: string;
  /** Docker Engine of the node. Default: the newest of its source, and no images. */
  readonly engine?: EngineSpec;
  /** ID of the swarm: `clusterId` of a `Swarm`, or of a `SwarmCluster`. */
  readonly clusterId: pulumi.Input<string>;
  /** Every declared manager: plain data, this node included when it is one. */
  readonly managers: readonly ManagerContact[];
  /** Labels of the node. Changed in place. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: `active`. Changed in place. */
  readonly availability?: 'active' | 'pause' | 'drain';
  /** What happens to non-empty local volumes and to containers from outside the swarm when the node is replaced. Default: the replacement is refused. */
  readonly onLocalData?: 'keep' | 'discard';
  /** Logins by which the node pulls the images of services before it becomes active. Passwords are secret. Default: none. */
  readonly registries?: readonly RegistryLoginArgs[];
  /** Seconds that each step may take. */
  readonly timeouts?: NodeTimeoutsArgs;
  /** The node's name before it was renamed; its resources are carried over. */
  readonly previousName?: string;
  /** The node is there already, made by a state that was lost or by hand: it is taken over as it is. Default: false. */
  readonly adopt?: boolean;
  /** After an upgrade of its engine in place a manager stays drained, until an `Activation`; only a cluster has one. Default: false. */
  readonly hold?: boolean;
  /** What the machine is made from, where its kind prepares images. Default: the OS alone. */
  readonly image?: NodeImageSpec;
  /** The whole chain of this node starts after these. Default: nothing. */
  readonly startAfter?: readonly pulumi.Resource[];
  /** Only the join waits for these; machine and engine are made before. Default: nothing. */
  readonly joinAfter?: readonly pulumi.Resource[];
}

/** Options that every link of a chain must have. */
export type ChainOptions = Omit<pulumi.CustomResourceOptions, 'dependsOn'> & {
  readonly dependsOn: pulumi.Resource[];
};

/** The links of one node's chain. */
export interface NodeChain {
  readonly engine: Engine;
  readonly node: Node;
  /** Options that every further link of the chain must have. */
  readonly options: ChainOptions;
}

/**
 * Aliases of a node's component: a worker becomes a manager, and back, without being rebuilt; a
 * renamed node keeps its resources.
 */
export function nodeAliases(
  otherType: string,
  previousName: string | undefined,
): pulumi.ComponentResourceOptions {
  return {
    aliases: [
      { type: otherType },
      ...(previousName === undefined
        ? []
        : [{ name: previousName }, { name: previousName, type: otherType }]),
    ],
  };
}

const componentTypes = ['swarm:index:SwarmManager', 'swarm:index:SwarmWorker'];

/**
 * The same for each link, with the parent spelt out. The engine derives children's aliases from their
 * parent's only in the run in which the parent itself is carried over: after a run that failed half
 * way, links that it did not reach would be made a second time (test/preview shows it).
 */
function linkAliases(
  component: pulumi.ComponentResource,
  name: string,
  previousName: string | undefined,
): pulumi.Alias[] {
  const names = previousName === undefined ? [name] : [name, previousName];
  return names.flatMap((past) =>
    componentTypes.map((type) => ({ name: past, parent: pastUrn(component, type, past) })),
  );
}

/** URN of a node's component when it had another type or name; the types above it stay. */
function pastUrn(
  component: pulumi.ComponentResource,
  type: string,
  name: string,
): pulumi.Output<string> {
  return component.urn.apply((urn) => {
    const [stack = '', project = '', types = ''] = urn.split('::');
    return [stack, project, [...types.split('$').slice(0, -1), type].join('$'), name].join('::');
  });
}

/** Registers machine, engine and membership of one node: each takes the identity of the one before. */
export function registerChain(
  component: pulumi.ComponentResource,
  name: string,
  role: 'manager' | 'worker',
  args: SwarmNodeArgs & { readonly maxUnavailable?: number },
): NodeChain {
  const after = args.startAfter ?? [];
  // On every link: an explicit option, since --replace, taint and replacementTrigger never ask the
  // provider (docs/decisions); dependsOn on the resources themselves, since on a component it orders
  // no deletes.
  const options: ChainOptions = {
    parent: component,
    deleteBeforeReplace: true,
    dependsOn: [...after],
    aliases: linkAliases(component, name, args.previousName),
  };
  const connection = sealed(args.machine.connection({ name, address: args.address }));
  const managers = sealedContacts(args.managers);
  const machine = args.machine.create(
    {
      name,
      address: args.address,
      os: args.os,
      adopt: args.adopt === true,
      ...(args.image === undefined ? {} : { image: args.image }),
    },
    options,
  );
  const source = engineSourceOf(args.machine, args.engine);
  const engine = new Engine(
    name,
    {
      name,
      machineId: machine.machineId,
      connection,
      managers,
      ...args.engine,
      ...(source === undefined ? {} : { source }),
      ...(args.hold === true && args.engine?.upgrade === 'inPlace' ? { hold: true } : {}),
    },
    options,
  );
  const node = new Node(
    name,
    {
      name,
      role,
      engineId: engine.engineId,
      clusterId: args.clusterId,
      address: args.address,
      connection,
      managers,
      labels: args.labels ?? {},
      availability: args.availability ?? 'active',
      ...(args.maxUnavailable === undefined ? {} : { maxUnavailable: args.maxUnavailable }),
      ...(args.onLocalData === undefined ? {} : { onLocalData: args.onLocalData }),
      ...(args.registries === undefined ? {} : { registries: sealedLogins(args.registries) }),
      ...(args.timeouts === undefined ? {} : { timeouts: args.timeouts }),
    },
    { ...options, dependsOn: [...after, ...(args.joinAfter ?? [])] },
  );
  return { engine, node, options };
}
