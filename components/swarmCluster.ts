import * as pulumi from '@pulumi/pulumi';
import type { DrainWay } from '../core/moves';
import { changeOf } from '../core/canary';
import { enginesDue } from '../core/engineDue';
import { defaultSource } from '../core/engineSource';
import { validateCluster } from '../core/validateCluster';
import type { ManagerContact } from '../core/connection';
import type { NodeImageSpec } from '../core/nodeImage';
import type {
  NodeTimeoutsArgs,
  PlanRolloutResult,
  PlannedNodeArgs,
  RegistryLoginArgs,
  StackNodeArgs,
  SwarmRollArgs,
} from '../provider/types';
import { Activation, Barrier, Rebalance, Swarm, planRollout } from '../provider/types';
import type { Engine } from '../provider/types';
import { engineSourceOf } from './engineSource';
import { declaredHooks, hookPrograms, removalHook } from './hooks';
import type { HooksArgs } from './hooks';
import { KeepalivedVip } from './keepalivedVip';
import type { KeepalivedVipArgs } from './keepalivedVip';
import type { MachineKind } from './machines/machineKind';
import { onlyIfKept, refusal } from './refusal';
import { sealed, sealedContacts } from './sealed';
import { SwarmManager } from './swarmManager';
import type { EngineSpec, SwarmNodeArgs } from './swarmNode';
import { SwarmWorker } from './swarmWorker';

/** One declared node of a cluster. What it leaves out, it takes from the cluster. */
export interface ClusterNodeArgs {
  /** Host name, unique in the cluster. */
  readonly name: string;
  /** IP address, unique in the cluster; stays the same over a rebuild. */
  readonly address: string;
  /** Default: the cluster's. */
  readonly machine?: MachineKind;
  /** Default: the cluster's. A change replaces this node. */
  readonly os?: string;
  /** Default: the cluster's. */
  readonly engine?: EngineSpec;
  readonly labels?: Readonly<Record<string, string>>;
  readonly availability?: 'active' | 'pause' | 'drain';
  readonly onLocalData?: 'keep' | 'discard';
  /** Default: the cluster's. */
  readonly drain?: DrainWay;
  readonly previousName?: string;
  /** Each in the place of the cluster's. */
  readonly hooks?: HooksArgs;
}

/** Backups of the raft state: services, networks, configs, secrets and who is a member. */
export interface BackupArgs {
  /**
   * Directory of the computer that runs Pulumi, for its owner only (mode 0700; made where there is none);
   * relative to the project, or from `~/`.
   */
  readonly directory: string;
}

export interface SwarmClusterArgs {
  /** Where machines come from. */
  readonly machine: MachineKind;
  /** Operating system of every node, e.g. `debian:13`. A change rolls through the nodes, one by one. */
  readonly os?: string;
  /** Engine of every node. A change of its version rolls through the nodes; machines stay. */
  readonly engine?: EngineSpec;
  /** 1 to 7, an odd number. The order of this list is the order of preference for the virtual IP. */
  readonly managers: readonly ClusterNodeArgs[];
  /** Taken after the managers, in this order. Default: none. */
  readonly workers?: readonly ClusterNodeArgs[];
  /** Virtual IP on the managers. */
  readonly vip?: KeepalivedVipArgs;
  /** How many workers may be out at once: a number, or a percentage such as `10%`. Default: `10%`, at least 1. The first worker always goes alone. */
  readonly maxUnavailable?: number | string;
  /**
   * A healthy worker is promoted before a manager goes and demoted after it is back, so that three managers
   * never fall to a tolerance of zero: `true` for the first healthy one, or a worker's name. Default: false.
   * Changed in place.
   */
  readonly standIn?: boolean | string;
  /**
   * The raft state is backed up to this computer before the first manager of a run goes; see
   * docs/backup.md. Default: no backup. Changed in place.
   */
  readonly backup?: BackupArgs;
  /**
   * How the tasks of a node that goes are replaced. `stopFirst`: by the swarm's plain drain, all at once.
   * `startFirst`: tasks of replicated services are moved to other nodes before it, each one started there
   * before the old one stops; see docs/drain.md. Default: stopFirst. Changed in place.
   */
  readonly drain?: DrainWay;
  /**
   * Services whose tasks lie worse than by one on the nodes that may take them are spread anew at the end of a run
   * that replaced, upgraded or added a node, one task at a time and start-first: `true` for all that can be, or their
   * names; see docs/rebalance.md. Default: false. A change of it touches no node.
   */
  readonly rebalance?: boolean | readonly string[];
  /**
   * Of an only manager that no worker stands in for: it is replaced all the same. Meanwhile the swarm has no
   * manager: nothing is scheduled, its own tasks stop, and nobody holds the virtual IP; tasks on workers keep
   * running. Its raft state waits in `backup.directory`, which it needs. With more managers it means nothing.
   * Default: false. Changed in place.
   */
  readonly allowOutage?: boolean;
  /**
   * Commands on the computer that runs Pulumi, before a node goes and when it is back, e.g. for an external load
   * balancer; see docs/hooks.md. Default: none. A change of them touches nothing.
   */
  readonly hooks?: HooksArgs;
  /**
   * Where a roll stops by itself: `canary`, behind the first node that is replaced or upgraded in place. The run ends
   * with `PausedAfterCanary`, and the next `pulumi up` goes on; see docs/hooks.md. Default: it does not stop. A change
   * touches nothing.
   */
  readonly pauseAfter?: 'canary';
  /** Consent to destroy the cluster; without it `pulumi destroy` refuses. Default: false. */
  readonly allowDestroy?: boolean;
  /** Pools for overlay networks. Fixed when the swarm is founded. */
  readonly addressPools?: readonly string[];
  /** Prefix length of subnets from the pools. Fixed when the swarm is founded. */
  readonly subnetSize?: number;
  /**
   * Cluster ID of a running swarm to take over, whose state was lost or which was made by hand. Its nodes,
   * machines and services stay as they are; a run that would replace any of them is refused while
   * this is declared. Take it out again when the swarm is taken over.
   */
  readonly adopt?: string;
  /**
   * Managers lock their raft state on each restart of their engine, until they are given the unlock key;
   * `up` does that at its head. Default: as it is (off in a new swarm). Changed in place.
   */
  readonly autolock?: boolean;
  /**
   * A further unlock key to try on a locked manager. Needed only when the key was rotated by hand and no
   * `refresh` or `up` has seen it since. Secret. Default: none. A change of it changes no resource.
   */
  readonly unlockKey?: pulumi.Input<string>;
  /**
   * `NAME@TOKEN`, after the quorum of the managers was lost for good: that manager carries the swarm on alone,
   * with all its services, and the others join it anew. `pulumi preview` prints it; it works once, and is
   * refused while a majority could answer. With a quorum it does nothing but warn. Changed in place.
   */
  readonly recoverFrom?: string;
  /** For `recoverFrom`: names (or addresses) of managers that never come back and that nothing else shows to be gone. Default: none. Changed in place. */
  readonly lost?: readonly string[];
  /**
   * Logins by which nodes pull the images of services before they become active. An image that no registry
   * serves is copied from another node. Passwords are secret. Default: none. Changed in place.
   */
  readonly registries?: readonly RegistryLoginArgs[];
  /** Seconds that each step may take, for every node. */
  readonly timeouts?: NodeTimeoutsArgs;
}

/** What a cluster is made of, once its plan is known. */
interface ClusterData {
  /** The resource, not its outputs: beside its secret key everything would be secret. */
  readonly swarm: Swarm;
}

/**
 * A whole swarm: managers in a chain, one at a time and the leader last; then workers, a canary alone
 * and then in batches. One look at the world per run decides the order, and stops the run in
 * `pulumi preview` when it could not be carried out safely.
 */
export class SwarmCluster extends pulumi.ComponentResource<ClusterData> {
  /** ID of the swarm. */
  readonly clusterId: pulumi.Output<string>;
  /** What managers are unlocked with after a restart. Secret. Undefined unless `autolock: true` is declared. */
  readonly unlockKey: pulumi.Output<string | undefined>;
  /** The declared managers, for resources that work with the swarm, such as `Service`. */
  readonly contacts: readonly ManagerContact[];
  /** The declared nodes as places for tasks, for `SwarmStack`. */
  readonly places: readonly StackNodeArgs[];
  /** The declared logins of registries, for `SwarmStack` and `Service`. Secret where they are used. */
  readonly registries: readonly RegistryLoginArgs[];
  /** References of the images whose archives are declared, for `SwarmStack`. */
  readonly images: readonly pulumi.Input<string>[];
  private readonly clusterName: string;
  private readonly args: SwarmClusterArgs;

  constructor(name: string, args: SwarmClusterArgs, options?: pulumi.ComponentResourceOptions) {
    // Not the arguments: they would be in the state, where a connection's secrets have no place.
    super('swarm:index:SwarmCluster', name, {}, options);
    this.clusterName = name;
    this.args = args;
    const data = pulumi.output(onlyIfKept(this.getData()));
    this.clusterId = data.apply(({ swarm }) => swarm.clusterId);
    this.unlockKey =
      args.autolock === true
        ? data.apply(({ swarm }) => swarm.unlockKey)
        : // What no resource has is unknown in each preview, and would look like a change.
          pulumi.output(undefined);
    this.contacts = contactsOf(args);
    this.registries = args.registries ?? [];
    this.images = imagesOf(args);
    this.places = [
      ...args.managers.map((node) => placeOf('manager', node)),
      ...(args.workers ?? []).map((node) => placeOf('worker', node)),
    ];
  }

  /** Registers the children; `dependsOn: [cluster]` waits for them only because it is this method that does. */
  protected override async initialize(): Promise<ClusterData> {
    // It is called by the base class: the fields are there as soon as the constructor is through.
    await Promise.resolve();
    const args = { ...this.args, name: this.clusterName };
    const failures = validateCluster(args);
    if (failures.length > 0) {
      throw refusal(
        `${args.name}: ${String(failures.length)} ${failures.length === 1 ? 'fault' : 'faults'} in the declaration; nothing was touched:\n` +
          failures.map(({ property, reason }) => `  ${property}: ${reason}`).join('\n'),
      );
    }
    const plan = await this.plan(args);
    const vip =
      args.vip === undefined
        ? undefined
        : new KeepalivedVip(`${args.name}-vip`, overAllNodes(args, args.vip), { parent: this });
    const founder = deferred<Engine>();
    const images = prepareImages(args, this);
    const contacts = contactsOf(args);
    const standIns = standInContacts(args);
    const swarm = new Swarm(
      args.name,
      {
        name: args.name,
        managers: sealedContacts(contacts),
        ...(standIns.length === 0 ? {} : { standIns: sealedContacts(standIns) }),
        declared: {
          managers: args.managers.map((node) => node.name),
          workers: (args.workers ?? []).map((node) => node.name),
          vips: vip === undefined ? [] : [vip.vipName],
          ...renamed([...args.managers, ...(args.workers ?? [])]),
          ...localData([...args.managers, ...(args.workers ?? [])]),
        },
        roll: rollPolicy(args, plan),
        ...declaredHooks(args.hooks, [...args.managers, ...(args.workers ?? [])]),
        allowDestroy: args.allowDestroy ?? false,
        ...(args.addressPools === undefined ? {} : { addressPools: args.addressPools }),
        ...(args.subnetSize === undefined ? {} : { subnetSize: args.subnetSize }),
        ...(args.adopt === undefined ? {} : { adopt: args.adopt }),
        ...(args.autolock === undefined ? {} : { autolock: args.autolock }),
        ...(args.unlockKey === undefined ? {} : { unlockWith: pulumi.secret(args.unlockKey) }),
        ...recovery(args),
      },
      {
        parent: this,
        // Only a founding waits for an engine: that of the first manager in this run's order.
        // Else images come first, and every node waits for them by waiting for the swarm: on its own, a node that is
        // a run's `--target` would be refused, since a new image is not.
        dependsOn: plan.swarm === 'none' ? founder.promise : [...images],
      },
    );
    const build: Build = {
      args,
      plan,
      images,
      contacts: [...contacts, ...standIns],
      clusterId: swarm.clusterId,
      parent: this,
    };
    // Deletes come with the first link of a chain: none before the head of the run has unlocked managers
    // and written what is declared. A founding has it the other way round, and deletes nothing.
    const head = plan.swarm === 'none' ? [] : [swarm];
    const managers = registerManagers(build, vip, founder.resolve, head);
    const workers = registerWorkers(build, registerActivation(build, managers));
    registerRebalance(build, {
      chains: new Map([...managers.chains, ...workers.chains]),
      last: workers.last,
    });
    return { swarm };
  }

  /** One look at the world; says what will happen, and stops what cannot happen safely. */
  private async plan(
    args: SwarmClusterArgs & { readonly name: string },
  ): Promise<PlanRolloutResult> {
    const planned = (
      node: ClusterNodeArgs,
    ): Parameters<typeof planRollout>[0]['managers'][number] => {
      const os = node.os ?? args.os;
      const engine = { ...args.engine, ...node.engine };
      const { version, daemon, upgrade } = engine;
      const machine = machineOf(args, node);
      const source = engineSourceOf(machine, engine);
      return {
        name: node.name,
        address: node.address,
        connection: sealed(machine.connection(node)),
        ...(node.previousName === undefined ? {} : { previousName: node.previousName }),
        ...(os === undefined ? {} : { os }),
        ...(version === undefined ? {} : { engineVersion: version }),
        ...(source === undefined ? {} : { engineSource: source }),
        ...(daemon === undefined ? {} : { engineDaemon: daemon }),
        ...(upgrade === undefined ? {} : { engineUpgrade: upgrade }),
        ...(node.onLocalData === undefined ? {} : { onLocalData: node.onLocalData }),
        ...hookPrograms(args.hooks, node),
        ...(args.adopt === undefined ? {} : adoptedAs(node)),
      };
    };
    const plan = await planRollout(
      {
        managers: args.managers.map(planned),
        workers: (args.workers ?? []).map(planned),
        maxUnavailable: args.maxUnavailable ?? '10%',
        ...standIn(args),
        ...recovery(args),
        ...backup(args),
        ...allowOutage(args),
        ...startFirst(args),
        ...canary(args),
        ...removalHook(args.hooks),
        ...(args.vip === undefined ? {} : { vipAddresses: args.vip.addresses }),
        ...(args.vip?.balance === undefined
          ? {}
          : { balancedPorts: args.vip.balance.ports.map(({ target }) => target) }),
        ...vipPolicy(args),
        ...(args.machine.lab === undefined ? {} : { lab: args.machine.lab }),
        ...(args.adopt === undefined ? {} : { adopt: args.adopt }),
      },
      { parent: this },
    );
    for (const warning of plan.warnings) await pulumi.log.warn(warning, this);
    if (plan.turns.length > 0) {
      const lines = plan.turns.map((turn, index) => `  ${String(index + 1)}. ${turn}`);
      await pulumi.log.info(`The plan, in this order:\n${lines.join('\n')}`, this);
    }
    if (plan.reasons.length > 0) {
      throw refusal(
        `${args.name}: this run could not be carried out safely now; nothing was touched:\n` +
          plan.reasons.map((reason) => `  ${reason}`).join('\n'),
      );
    }
    return plan;
  }
}

function recovery({ recoverFrom, lost }: SwarmClusterArgs): {
  recoverFrom?: string;
  lost?: readonly string[];
} {
  return {
    ...(recoverFrom === undefined ? {} : { recoverFrom }),
    ...(lost === undefined ? {} : { lost }),
  };
}

/** A balancer that names no servers is over every node. */
function overAllNodes(
  { managers, workers }: SwarmClusterArgs,
  vip: KeepalivedVipArgs,
): KeepalivedVipArgs {
  if (vip.balance === undefined) return vip;
  const servers = [...managers, ...(workers ?? [])].map(({ name, address }) => ({ name, address }));
  return { ...vip, balance: { servers, ...vip.balance } };
}

interface Build {
  readonly args: SwarmClusterArgs & { readonly name: string };
  readonly plan: PlanRolloutResult;
  /** Made before any node is touched. */
  readonly images: readonly pulumi.Resource[];
  readonly contacts: readonly ManagerContact[];
  readonly clusterId: pulumi.Output<string>;
  readonly parent: pulumi.Resource;
}

/** What nodes are registered as. */
interface Registered {
  /** By name, in the order of this run. */
  readonly chains: ReadonlyMap<string, Pick<SwarmWorker, 'engine' | 'nodeId'>>;
  /** What comes after all of them waits for these. */
  readonly last: readonly pulumi.Resource[];
}

/** Managers in a chain, in the order of the plan. */
function registerManagers(
  build: Build,
  vip: KeepalivedVip | undefined,
  found: (engine: Engine) => void,
  head: readonly pulumi.Resource[],
): Registered {
  const chains = new Map<string, SwarmManager>();
  let before = head;
  for (const name of build.plan.managers) {
    const manager = new SwarmManager(
      name,
      {
        ...nodeArgs(build, nodeNamed(build.args.managers, name)),
        ...order(build, before),
        hold: true,
        ...(vip === undefined ? {} : { vip }),
      },
      { parent: build.parent },
    );
    if (name === build.plan.managers[0]) found(manager.engine);
    chains.set(name, manager);
    before = [manager.last];
  }
  return { chains, last: before };
}

/**
 * After all managers, where any node is upgraded in place: those that were are held until here. Returns what
 * workers wait for.
 */
function registerActivation(
  { args, clusterId, contacts, parent }: Build,
  { chains, last: after }: Registered,
): readonly pulumi.Resource[] {
  if (!nodesOf(args).some((node) => isInPlace(args, node))) return after;
  const name = `${args.name}-activation`;
  return [
    new Activation(
      name,
      {
        ...{ name, clusterId, managers: sealedContacts(contacts) },
        engines: revisions(args, chains),
        ...(args.timeouts === undefined ? {} : { timeouts: args.timeouts }),
      },
      { parent, dependsOn: [...after] },
    ),
  ];
}

function nodesOf({ managers, workers }: SwarmClusterArgs): readonly ClusterNodeArgs[] {
  return [...managers, ...(workers ?? [])];
}

function isInPlace(args: SwarmClusterArgs, { engine }: ClusterNodeArgs): boolean {
  return { ...args.engine, ...engine }.upgrade === 'inPlace';
}

/** `revision` of the engines among these that are upgraded in place. */
function revisions(
  args: SwarmClusterArgs,
  chains: Registered['chains'],
): Record<string, pulumi.Output<string>> {
  const inPlace = nodesOf(args).filter((node) => isInPlace(args, node));
  return Object.fromEntries(
    inPlace.flatMap(({ name }) => {
      const chain = chains.get(name);
      return chain === undefined ? [] : [[name, chain.engine.revision] as const];
    }),
  );
}

/** Behind everything that touches nodes. */
function registerRebalance(
  { args, clusterId, contacts, parent }: Build,
  { chains, last }: Registered,
): void {
  const { rebalance: services = false } = args;
  if (services === false) return;
  const engines = revisions(args, chains);
  const name = `${args.name}-rebalance`;
  new Rebalance(
    name,
    {
      ...{ name, clusterId, managers: sealedContacts(contacts), services },
      nodes: Object.fromEntries([...chains].map(([node, chain]) => [node, chain.nodeId])),
      order: [...chains.keys()],
      ...(Object.keys(engines).length === 0 ? {} : { engines }),
      ...(args.timeouts === undefined ? {} : { timeouts: args.timeouts }),
    },
    { parent, dependsOn: [...last] },
  );
}

/** Workers after the managers, batch by batch; one barrier ends each batch. */
function registerWorkers(build: Build, afterManagers: readonly pulumi.Resource[]): Registered {
  const chains = new Map<string, SwarmWorker>();
  let before = afterManagers;
  build.plan.batches.forEach((batch, index) => {
    const workers = batch.map(
      (name) =>
        new SwarmWorker(
          name,
          {
            ...nodeArgs(build, nodeNamed(build.args.workers ?? [], name)),
            ...order(build, before),
            maxUnavailable: build.plan.maxUnavailable,
          },
          { parent: build.parent },
        ),
    );
    workers.forEach((worker, place) => chains.set(batch[place] ?? '', worker));
    // With the cluster's name: URNs have the types of parents, and a second cluster's would be the same.
    const name = `${build.args.name}-batch-${String(index + 1)}`;
    before = [
      new Barrier(
        name,
        { name, nodes: batch },
        { parent: build.parent, dependsOn: workers.map(({ last }) => last) },
      ),
    ];
  });
  return { chains, last: before };
}

/** While a swarm is being founded nothing can be lost: machines and engines are made side by side, and only joins keep the order. */
function order(
  build: Build,
  before: readonly pulumi.Resource[],
): Pick<SwarmNodeArgs, 'startAfter' | 'joinAfter'> {
  return build.plan.swarm === 'none'
    ? { startAfter: build.images, joinAfter: before }
    : { startAfter: before };
}

function nodeArgs(build: Build, node: ClusterNodeArgs): SwarmNodeArgs {
  const { args } = build;
  const os = node.os ?? args.os;
  const image = imageOf(args, node);
  return {
    address: node.address,
    machine: machineOf(args, node),
    engine: { ...args.engine, ...node.engine },
    clusterId: build.clusterId,
    managers: build.contacts,
    adopt: args.adopt !== undefined,
    ...(os === undefined ? {} : { os }),
    ...(image === undefined ? {} : { image }),
    ...(node.labels === undefined ? {} : { labels: node.labels }),
    ...(node.availability === undefined ? {} : { availability: node.availability }),
    ...(node.onLocalData === undefined ? {} : { onLocalData: node.onLocalData }),
    ...(node.previousName === undefined ? {} : { previousName: node.previousName }),
    ...(args.registries === undefined ? {} : { registries: args.registries }),
    ...(args.timeouts === undefined ? {} : { timeouts: args.timeouts }),
  };
}

/**
 * What a node's machine is made from. One for managers and workers alike, so that one is built. An engine that is
 * exchanged in place, or is somebody else's, is in no image.
 */
function imageOf(args: SwarmClusterArgs, node: ClusterNodeArgs): NodeImageSpec | undefined {
  const os = node.os ?? args.os;
  const engine = { ...args.engine, ...node.engine };
  const { version, upgrade } = engine;
  const source = engineSourceOf(machineOf(args, node), engine);
  if (os === undefined || upgrade === 'inPlace' || source?.kind === 'preinstalled')
    return undefined;
  const packages = [
    ...(args.vip === undefined ? [] : ['keepalived']),
    ...(args.vip?.balance === undefined ? [] : ['haproxy']),
  ];
  return {
    os,
    packages,
    ...(version === undefined ? {} : { version }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Images of every kind of machine that prepares them; a cluster has mostly one kind. */
function prepareImages(
  args: SwarmClusterArgs & { readonly name: string },
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  const byKind = new Map<MachineKind, NodeImageSpec[]>();
  for (const node of [...args.managers, ...(args.workers ?? [])]) {
    const image = imageOf(args, node);
    const kind = machineOf(args, node);
    if (image !== undefined) byKind.set(kind, [...(byKind.get(kind) ?? []), image]);
  }
  return [...byKind].flatMap(
    ([kind, images]) => kind.prepare?.(args.name, images, { parent }) ?? [],
  );
}

function machineOf(args: SwarmClusterArgs, node: ClusterNodeArgs): MachineKind {
  return node.machine ?? args.machine;
}

function contactsOf(args: SwarmClusterArgs): readonly ManagerContact[] {
  return args.managers.map((node) => ({
    name: node.name,
    address: node.address,
    connection: machineOf(args, node).connection(node),
  }));
}

/** An image that only some of the nodes get counts: where it is missing the swarm says so. */
function imagesOf({
  engine,
  managers,
  workers,
}: SwarmClusterArgs): readonly pulumi.Input<string>[] {
  const engines = [engine, ...[...managers, ...(workers ?? [])].map((node) => node.engine)];
  const references = engines.flatMap((each) => each?.images ?? []).map((image) => image.reference);
  return [...new Set(references)];
}

function placeOf(
  role: StackNodeArgs['role'],
  { name, labels, availability }: ClusterNodeArgs,
): StackNodeArgs {
  return {
    name,
    role,
    ...(labels === undefined ? {} : { labels }),
    ...(availability === undefined ? {} : { availability }),
  };
}

/** What a take-over says of a node beside what replaces it. */
function adoptedAs({
  labels,
  availability,
}: ClusterNodeArgs): Pick<PlannedNodeArgs, 'labels' | 'availability'> {
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(availability === undefined ? {} : { availability }),
  };
}

/** While the only manager is out, the swarm is reached by the worker that stands in for it. */
function standInContacts(args: SwarmClusterArgs): readonly ManagerContact[] {
  const { standIn: wish } = standIn(args);
  if (wish === undefined || args.managers.length > 1) return [];
  return (args.workers ?? [])
    .filter(({ name }) => wish === true || name === wish)
    .map((node) => ({
      name: node.name,
      address: node.address,
      connection: machineOf(args, node).connection(node),
      isStandIn: true,
    }));
}

function nodeNamed(nodes: readonly ClusterNodeArgs[], name: string): ClusterNodeArgs {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`the plan names ${name}, which is not declared`);
  return node;
}

/** How nodes go, for the deletes of this very run. */
function rollPolicy(args: SwarmClusterArgs, { maxUnavailable }: PlanRolloutResult): SwarmRollArgs {
  return {
    maxUnavailable,
    timeouts: args.timeouts ?? {},
    ...standIn(args),
    ...allowOutage(args),
    ...startFirst(args),
    ...backup(args),
    ...vipPolicy(args),
    ...([args, ...args.managers, ...(args.workers ?? [])].some(({ hooks }) => hooks !== undefined)
      ? { hooks: true }
      : {}),
    ...engines(args),
    ...canary(args),
  };
}

/**
 * A renamed node goes under its previous name, but for a machine of a lab: under its new name that is built anew, and
 * has its engine from its image. A lab's engine of which nothing is declared is the one that its OS brings.
 */
function engines(args: SwarmClusterArgs): Pick<SwarmRollArgs, 'engines'> {
  const due = enginesDue(
    [...args.managers, ...(args.workers ?? [])].flatMap((node) => {
      const engine = { ...args.engine, ...node.engine };
      const machine = machineOf(args, node);
      const isOfLab = machine.lab !== undefined;
      const source = engineSourceOf(machine, engine);
      if (source === undefined && engine.version === undefined) return [];
      const os = node.os ?? args.os;
      return {
        name: isOfLab ? node.name : (node.previousName ?? node.name),
        ...(os === undefined ? {} : { os }),
        ...(engine.version === undefined ? {} : { version: engine.version }),
        source: source ?? defaultSource,
      };
    }),
  );
  return due.length === 0 ? {} : { engines: due };
}

function canary(args: SwarmClusterArgs): { canary?: string } {
  if (args.pauseAfter === undefined) return {};
  const nodes = [...args.managers, ...(args.workers ?? [])].map((node) => {
    const { version, source, daemon } = { ...args.engine, ...node.engine };
    return {
      ...{ name: node.name, os: node.os ?? args.os, engineVersion: version },
      ...(source === undefined ? {} : { engineSource: source }),
      ...(daemon === undefined ? {} : { engineDaemon: daemon }),
    };
  });
  return { canary: changeOf(nodes) };
}

function standIn({ standIn: wish }: SwarmClusterArgs): { standIn?: true | string } {
  return wish === undefined || wish === false ? {} : { standIn: wish };
}

function allowOutage({ allowOutage: isAllowed }: SwarmClusterArgs): { allowOutage?: true } {
  return isAllowed === true ? { allowOutage: true } : {};
}

/** A renamed node goes under its previous name. */
function startFirst({ drain, managers, workers }: SwarmClusterArgs): {
  startFirst?: true | readonly string[];
} {
  const nodes = [...managers, ...(workers ?? [])];
  const names = nodes
    .filter((node) => (node.drain ?? drain) === 'startFirst')
    .map(({ name, previousName }) => previousName ?? name);
  if (names.length === 0) return {};
  return { startFirst: names.length === nodes.length ? true : names };
}

function backup({ backup: policy }: SwarmClusterArgs): { backup?: { directory: string } } {
  return policy === undefined ? {} : { backup: { directory: policy.directory } };
}

function vipPolicy({ vip }: SwarmClusterArgs): {
  vip?: { allowGap?: boolean; preferred?: string };
} {
  const { allowGap, preferred } = vip ?? {};
  const policy = {
    ...(allowGap === undefined ? {} : { allowGap }),
    ...(preferred === undefined ? {} : { preferred }),
  };
  return Object.keys(policy).length === 0 ? {} : { vip: policy };
}

/** Known to the swarm at the head of the run that replaces the node: its Delete has older inputs. */
function localData(nodes: readonly ClusterNodeArgs[]): {
  localData?: Record<string, 'keep' | 'discard'>;
} {
  const choices = nodes.flatMap(({ name, onLocalData }) =>
    onLocalData === undefined ? [] : [[name, onLocalData] as const],
  );
  return choices.length === 0 ? {} : { localData: Object.fromEntries(choices) };
}

/** Until its turn a renamed node is in the swarm under its previous name: the gate must know that. */
function renamed(nodes: readonly ClusterNodeArgs[]): { renamed?: Record<string, string> } {
  const pairs = nodes.flatMap(({ name, previousName }) =>
    previousName === undefined ? [] : [[name, previousName] as const],
  );
  return pairs.length === 0 ? {} : { renamed: Object.fromEntries(pairs) };
}

/** A resource that others may depend on before it is constructed. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
