/**
 * What was seen of the world, as plain data. Adapters under effects/ produce these, decisions under
 * core/ read them. Three answers exist for every question: yes, no, and "no answer"; the last is
 * always a value of its own (`undefined`, or a `Sight` without `seen`), never folded into "no".
 */

/** The answer of one source, or why there was none. */
export type Sight<T> = { readonly seen: T } | { readonly unseen: string };

export function isSeen<T>(sight: Sight<T>): sight is { readonly seen: T } {
  return 'seen' in sight;
}

export type LocalNodeState = 'inactive' | 'pending' | 'active' | 'error' | 'locked';
export type NodeRole = 'manager' | 'worker';
export type Availability = 'active' | 'pause' | 'drain';
export type NodeState = 'unknown' | 'down' | 'ready' | 'disconnected';
export type Reachability = 'unknown' | 'unreachable' | 'reachable';

/** `/etc/os-release` and the like, as one host tells it. */
export interface HostFacts {
  readonly hostname: string;
  /** `<ID>:<VERSION_ID>` of os-release, e.g. `debian:12`. */
  readonly os: string;
  /** `ID_LIKE` of os-release, in its order. */
  readonly osLike: readonly string[];
  /** `VERSION_CODENAME` of os-release, e.g. `bookworm`; empty where there is none. */
  readonly codename: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** In Debian's words on every host, e.g. `amd64`. */
  readonly architecture: string;
  /** Seconds since the epoch by the host's clock. */
  readonly clockSeconds: number;
  /** Bytes free on the file system of /var/lib. */
  readonly freeBytes: number;
  /** Login user is root, or has sudo without a password. */
  readonly isPrivileged: boolean;
}

/** The part of `GET /info` that tells of this engine and its place in a swarm. */
export interface EngineInfo {
  readonly engineVersion: string;
  /** Directory of everything that it keeps, without links in it, e.g. `/var/lib/docker`. */
  readonly dataRoot: string;
  readonly localNodeState: LocalNodeState;
  /** Own node ID; empty outside a swarm. */
  readonly nodeId: string;
  /** Own advertise address; empty outside a swarm. */
  readonly nodeAddress: string;
  readonly isControlAvailable: boolean;
  /** Error of the swarm's runtime on this node, e.g. the sentence about a missing leader; empty if none. */
  readonly error: string;
  /** Cluster ID; only managers know it. */
  readonly clusterId: string | undefined;
  readonly managers: number;
  readonly nodes: number;
  /**
   * The members of raft as this node's agent last learned them, itself included if it is one; kept over
   * restarts and without a leader, and no word on their health. Empty outside a swarm.
   */
  readonly remoteManagers: readonly RemoteManager[];
}

export interface RemoteManager {
  readonly nodeId: string;
  /** `<ip>:2377`. */
  readonly address: string;
}

/** Whose a node's certificate is: known while the engine is stopped, and without a leader. */
export interface NodeCertificate {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly role: NodeRole;
  /** Autolock: its key, and with it the raft state, opens only with the swarm's unlock key. */
  readonly isKeyEncrypted: boolean;
}

export interface PlatformFacts {
  readonly os: string;
  /** In the words of the kernel or of Go, e.g. `x86_64` or `amd64`. */
  readonly architecture: string;
}

/** One entry of `GET /nodes`. */
export interface SwarmNodeFacts {
  readonly id: string;
  /** Version index for the compare-and-swap of an update. */
  readonly version: number;
  readonly hostname: string;
  /** Address that the managers see the node at (`Status.Addr`). */
  readonly address: string;
  /** DESIRED role (`Spec.Role`): not yet the truth while a promotion or demotion is under way. */
  readonly role: NodeRole;
  readonly availability: Availability;
  readonly state: NodeState;
  readonly labels: Readonly<Record<string, string>>;
  readonly engineVersion: string;
  /** What its machine has; a node that never reported has none. */
  readonly resources?: { readonly nanoCpus: number; readonly memoryBytes: number };
  /** As its engine tells it, e.g. `linux` and `x86_64`; a node that never reported has none. */
  readonly platform?: PlatformFacts;
  /** Plugins for logs, e.g. `json-file`; an engine that tells of none has nothing here. */
  readonly logDrivers?: readonly string[];
  /** Present exactly while the node is a raft member. */
  readonly managerStatus:
    | {
        readonly isLeader: boolean;
        /** The leader's transport view of this member. */
        readonly reachability: Reachability;
        readonly address: string;
      }
    | undefined;
}

/** `GET /swarm` without its secrets. */
export interface SwarmFacts {
  readonly clusterId: string;
  readonly version: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly isRootRotationInProgress: boolean;
  readonly isAutolocked: boolean;
  /** Entries of raft's log between two snapshots (`Spec.Raft.SnapshotInterval`). */
  readonly snapshotInterval: number;
  readonly addressPools: readonly string[];
  readonly subnetSize: number;
}

export type TaskState =
  | 'new'
  | 'allocated'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'remove'
  | 'orphaned';

export interface TaskFacts {
  readonly id: string;
  readonly serviceId: string;
  readonly nodeId: string;
  readonly state: TaskState;
  readonly desiredState: TaskState;
  readonly error: string;
  /** Image of the spec that the task was made from, as the service had it then; absent for a task without a container. */
  readonly image?: string;
  /** What else of the service's spec the task was made from, to be compared with the service's own. */
  readonly template?: string;
  /** Its place in the service: a number, or the node's ID where each node has one. Another task of it takes its place. */
  readonly slot?: string;
  /** Which run of a job it is of. */
  readonly iteration?: number;
  /** IDs of the overlay networks that it has an address on. Default: none. */
  readonly networks?: readonly string[];
  /** Milliseconds since the epoch when the state began, by the node's clock. */
  readonly sinceMs?: number;
}

/** `unknown`: a word that this version does not know. */
export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed'
  | 'unknown';

export interface ServiceFacts {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly mode: 'replicated' | 'global';
  /** Only for `replicated`. */
  readonly replicas: number | undefined;
  readonly image: string;
  /** What else of the spec a task is made from: arguments, environment, stop grace, counter of forced updates. */
  readonly template?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** IDs of the overlay networks where it has a virtual IP; with `dnsrr` it has none. Default: none. */
  readonly virtualIpNetworks?: readonly string[];
  /** Placement constraints as text, e.g. `node.role == worker`. */
  readonly constraints: readonly string[];
  /** What decides whether its tasks can be moved; a service that is not asked has none. */
  readonly mobility?: MobilityFacts;
  /** Ports that it has on the nodes of its tasks themselves, past the routing mesh. Default: none. */
  readonly hostPorts?: readonly number[];
  /** What each of its tasks reserves of a node. Default: nothing. */
  readonly reservations?: { readonly nanoCpus: number; readonly memoryBytes: number };
  /** As its spec has them. */
  readonly ports?: readonly ServicePort[];
  /** `NAME=value`, as its spec has it; a value may be secret. */
  readonly environment?: readonly string[];
  /** The whole of it in the Engine's own words; values of it may be secret. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Only of a job, which runs to its end. */
  readonly job?: {
    /** Tasks that are to complete; undefined: one on each node. */
    readonly completions: number | undefined;
    /** Which of its runs is the present one. */
    readonly iteration: number;
  };
  /**
   * How the replacement of the tasks goes. Every update of the spec clears it, and it comes back only
   * when tasks have to be replaced (swarmkit `controlapi/service.go`, `orchestrator/update/updater.go`).
   */
  readonly updateStatus?: { readonly state: UpdateState; readonly message: string };
}

/** A port of a service, in the Engine's own words. */
export interface ServicePort {
  readonly Protocol: string;
  readonly TargetPort: number;
  /** 0: the swarm chooses one. */
  readonly PublishedPort: number;
  readonly PublishMode: string;
}

/** What of a service decides whether, and how, its tasks can be moved. */
export interface MobilityFacts {
  /** It mounts a named volume. */
  readonly hasVolumes: boolean;
  /** `max_replicas_per_node`; 0: any number. */
  readonly maxPerNode: number;
  /** It spreads its tasks by placement preferences of its own. */
  readonly hasPreferences: boolean;
  /** Platforms of its image, as it was resolved by its digest; an empty word is any. Default: any platform. */
  readonly platforms?: readonly PlatformFacts[];
  /** Driver of its log that a node must have a plugin for. Default: none. */
  readonly logDriver?: string;
  /** As declared; undefined: the swarm's default of 5. */
  readonly restartDelaySeconds: number | undefined;
  /** `update_config` as the Engine's API has it; undefined: none is declared. */
  readonly updateConfig: Readonly<Record<string, unknown>> | undefined;
}

/** An image as one engine has it. */
export interface ImageFacts {
  readonly id: string;
  /** Unpacked. */
  readonly bytes: number;
  /** As the Engine calls it, e.g. `amd64`; empty: it does not say. */
  readonly architecture: string;
  /** It has a digest that a registry gave it: it was pulled or pushed, and not loaded or built. */
  readonly isFromRegistry: boolean;
}

/** The ingress network as one engine has it. */
export interface IngressFacts {
  readonly id: string;
  /** This node's own address on it; undefined while the engine has not attached itself. */
  readonly address: string | undefined;
  /**
   * Addresses that the engines advertise of which gossip has told this one, itself among them. Where their containers are
   * is told at the same time, or in a round of gossip after it.
   */
  readonly peers: readonly string[];
}

/** A network, a secret or a config of the swarm. */
export interface SwarmObjectFacts {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An overlay network of the swarm. */
export interface OverlayNetworkFacts extends SwarmObjectFacts {
  /** E.g. `10.0.1.0/24`. */
  readonly subnets: readonly string[];
  readonly isIngress: boolean;
}

/** A network that a manager knows: one of the swarm, or of its own node alone. */
export interface NetworkFacts extends SwarmObjectFacts {
  /** `swarm` or `local`. */
  readonly scope: string;
  /** Empty until the leader has allocated a network of the swarm, some milliseconds after it was made. */
  readonly driver: string;
}

/** A swarm config object; ours carries the lease. */
export interface ConfigFacts extends SwarmObjectFacts {
  readonly version: number;
}

/** What of a node would be lost if its machine were rebuilt. */
export interface LocalDataFacts {
  /** Named or anonymous local volumes that hold at least one file. */
  readonly volumes: readonly string[];
  /** Containers that no swarm task made, running or not. */
  readonly containers: readonly string[];
}
