import { createHash } from 'node:crypto';
import type {
  Availability,
  LocalNodeState,
  NodeRole,
  NodeState,
  TaskState,
} from '../../../core/facts';
import type { ServiceSpec } from '../../../core/service';
import type { StackServiceBody } from '../../../core/stack/serviceBody';

/** Everything there is, as JSON. Only the functions beside this file change it, inside a transaction. */
export interface WorldState {
  nowMs: number;
  settledMs: number;
  serial: number;
  machines: Record<string, MachineState>;
  swarms: Record<string, SwarmState>;
  /** By virtual address. */
  vips: Record<string, VipState>;
  /** Public host keys by host, as ~/.ssh/known_hosts has them. */
  knownHosts: Record<string, string>;
  faults: PlannedFault[];
  calls: Call[];
  refusedDemotions: number;
  /** What hosts download, by address. */
  web: Record<string, string>;
  /** Registries of images, by their server. */
  registries: Record<string, ImageRegistryState>;
  /** Images whose containers end at once, with what a task says of it. */
  failingImages: Record<string, string>;
  /** Images that machines are made from beside those of the OSes, by name and OS with a blank between. */
  nodeImages: Record<string, NodeImageState>;
  /** Repositories of packages, by address and suite with a blank between. */
  repositories: Record<string, RepositoryState>;
}

/** What of a machine's disk an image has. */
export type NodeImageState = Pick<
  MachineState,
  'installed' | 'held' | 'units' | 'files' | 'programs' | 'repositories'
>;

export interface ImageRegistryState {
  /** References that it serves. */
  images: string[];
  /** SHA-256 of `user:password`; undefined: it asks for no login. */
  login: string | undefined;
}

export interface RepositoryState {
  /** The public key that belongs to the one its lists are signed with. */
  key: string;
  /** Full versions by package, best first. */
  packages: Record<string, string[]>;
}

export interface Call {
  readonly operation: string;
  /** Key of the machine, or of the lab's machine. */
  readonly host: string;
  readonly atMs: number;
}

export type Fault =
  | 'kill'
  | { readonly code: string; readonly message: string }
  | { readonly statusCode: number; readonly message: string }
  | { readonly message: string };

export interface PlannedFault {
  readonly operation: string;
  readonly host: string | undefined;
  readonly isAfter: boolean;
  readonly fault: Fault;
  skip: number;
}

export interface MachineState {
  /** `<lab>/<name>` of a lab machine, else the host's name. */
  readonly key: string;
  hostname: string;
  os: string;
  osLike: string[];
  bootId: string;
  architecture: string;
  address: string;
  prefixLength: number;
  interface: string;
  /** By hand, until it is shut down. */
  addedAddresses: { interface: string; address: string; prefixLength: number }[];
  clockSkewSeconds: number;
  freeBytes: number;
  isOn: boolean;
  link: 'up' | 'cut' | 'managementCut';
  /** Its kernel has no IP_VS. Default: it does not tell. */
  lacksIpvs?: boolean;
  hostPublicKey: string;
  /** Login users, and whether each is root or has sudo. */
  users: Record<string, { isPrivileged: boolean }>;
  files: Record<string, { content: string; mode: number }>;
  directories: string[];
  /** Full versions by package, best first. */
  offered: Record<string, string[]>;
  /** Packages that need one which no source has, and the name of that one. */
  unmet: Record<string, string>;
  /** What repositories of its own offer, by their name on it, as it was when their lists were read. */
  repositories: Record<string, Record<string, string[]>>;
  installed: Record<string, string>;
  held: string[];
  /** Version by build that was unpacked, and the build that is used. */
  programs: { builds: Record<string, string>; current: string | undefined };
  units: Record<string, { state: 'active' | 'inactive' | 'failed'; isEnabled: boolean }>;
  engine: EngineState;
  openPorts: number[];
  blockedPorts: number[];
  /** Most bytes of a packet that the network carries from and to it. */
  largestPacket: number;
  /** keepalived.conf as the running keepalived has read it. */
  keepalivedConfiguration: string | undefined;
  /** It takes no part in the election of the virtual address's holder. */
  hasVipFault: boolean;
  /** HAProxy as it runs: its configuration as read, and what of its servers was changed since. */
  balancer: { text: string; states: Record<string, 'ready' | 'drain' | 'maint'> } | undefined;
  /** Requests under way by server, e.g. `port-80/w1`; a test sets them. */
  balancerSessions: Record<string, number>;
  /** VRRP does not get through between this machine and any other. */
  isVrrpBlocked: boolean;
  trackScriptFailingSinceMs: number | undefined;
  scriptedCommands: { argv: string[]; code: number; stdout: string; stderr: string }[];
  lab: LabEntry | undefined;
}

export interface LabEntry {
  readonly id: string;
  readonly lab: string;
  readonly name: string;
  readonly image: string;
  readonly subnet: string;
  /** Host key of the lab's record; the machine may show another one (`MachineState.hostPublicKey`). */
  readonly hostPublicKey: string;
  /** The private half as the machine's disk holds it, sealed by `sealedKey.ts`. */
  readonly sealedHostKey: string;
  labels: Record<string, string>;
}

export interface EngineState {
  /** Version of the daemon that runs; the installed package may be newer. */
  runningVersion: string | undefined;
  isStuck: boolean;
  /** Versions whose daemon ends right after its start. */
  brokenVersions: string[];
  /** Daemon's sentence when it cannot start containers. */
  containerFault: string | undefined;
  /** As it was started with. */
  dataRoot: string;
  /** It was started with GRPC_ENFORCE_ALPN_ENABLED=false. */
  doesWithoutAlpn: boolean;
  images: string[];
  /** Those of them that came from a registry. */
  pulled: string[];
  /** Number of files by name of the volume. */
  volumes: Record<string, number>;
  /** Containers that no task made. */
  containers: string[];
  membership: Membership | undefined;
}

/** /var/lib/docker/swarm of one machine. */
export interface Membership {
  clusterId: string;
  nodeId: string;
  address: string;
  localState: LocalNodeState;
  isControlAvailable: boolean;
  controlChangeDueMs: number | undefined;
  error: string;
  /** Members of raft as its agent last learned them. */
  remoteManagers: { readonly nodeId: string; readonly address: string }[];
  /** Another member was made the only one without it: it never sees a leader again. */
  isCutOff: boolean;
  /** It ignores the leader's snapshots, which do not list it: it has no log, and acknowledges nothing. */
  isBehind: boolean;
  /** Its certificate has changed since its daemon's start. */
  hasNewCertificate: boolean;
  /** The key that its raft state on the disk is encrypted with; undefined: it opens by itself. */
  lockKey: string | undefined;
  /** A join that goes on in the background. */
  pendingJoin:
    | { remoteAddress: string; token: string; availability: Availability; retryMs: number }
    | undefined;
}

export interface SwarmState {
  readonly clusterId: string;
  version: number;
  /** Last version number given to any object. */
  lastVersion: number;
  labels: Record<string, string>;
  addressPools: string[];
  subnetSize: number;
  isAutolocked: boolean;
  /** The key of the present; none while autolock is off. */
  unlockKey: string | undefined;
  isRootRotationInProgress: boolean;
  snapshotInterval: number;
  /** A new member cannot be sent the log from its beginning: it needs a snapshot. */
  isLogCompacted: boolean;
  tokens: Record<NodeRole, string>;
  /** False: somebody removed the ingress network. */
  hasIngress: boolean;
  /** How many addresses of the ingress network were given out. */
  ingressAddresses: number;
  /** Overlay networks beside the ingress network. */
  networks: NetworkEntry[];
  leader: string | undefined;
  electionDueMs: number | undefined;
  /** Node IDs of the raft members, in order of joining. */
  members: string[];
  /** Members that the leader believes to be workers already: it does not remove them. */
  staleMembers: string[];
  nodes: NodeEntry[];
  services: ServiceEntry[];
  tasks: TaskEntry[];
  configs: ConfigEntry[];
  secrets: SecretEntry[];
}

export interface NetworkEntry {
  readonly id: string;
  readonly name: string;
  readonly subnet: string;
  /** Default: overlay, of the swarm. */
  readonly kind?: { readonly driver: string; readonly scope: string };
  /** Names of the services whose tasks are on it. */
  services: readonly string[];
  readonly labels?: Record<string, string>;
  /** Until the last task on it has let go of it. */
  busyUntilMs?: number;
  /** Gone for the swarm, and still listed until then. */
  isRemoved?: boolean;
}

export interface NodeEntry {
  readonly id: string;
  version: number;
  hostname: string;
  address: string;
  /** Its own on the ingress network. */
  readonly ingressAddress: string;
  readonly joinedMs: number;
  role: NodeRole;
  availability: Availability;
  labels: Record<string, string>;
  state: NodeState;
  engineVersion: string;
  lastSeenMs: number;
  unknownUntilMs: number;
  roleChangeDueMs: number | undefined;
  /** The leader has refused the removal from raft that is wished. */
  isDemotionPutOff: boolean;
}

export interface ServiceEntry {
  readonly id: string;
  version: number;
  spec: ServiceSpec;
  /** By whose login its nodes pull. */
  loginUser?: string;
  /** What a stack's service has besides. */
  stack?: StackPart;
  /** What it was before its last update, for a rollback. */
  former?: { readonly spec: ServiceSpec; readonly stack: StackPart };
  /** `update_config` as it was sent; undefined: none. */
  updateConfig?: Readonly<Record<string, unknown>>;
  /** Counter of forced updates. */
  forced: number;
  /** Which run of a job it is; counted from 0. */
  iteration?: number;
  /** When the swarm begins to replace the tasks of the former spec. */
  updateDueMs?: number;
  /** Since the last update of the spec, if it made new tasks necessary. */
  update?: {
    state: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_completed';
    message: string;
    readonly sinceMs: number;
    /** The delay of update_config after a task that was moved: until then no other one is. */
    nextMs?: number;
  };
}

export interface StackPart {
  /** As it was sent. What the rest of this world changes of a service is in its `spec`, and wins. */
  readonly body: StackServiceBody;
  /** Digest of all that a task is made from. */
  readonly task: string;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  /** What each task reserves. */
  readonly reservations?: { readonly nanoCpus: number; readonly memoryBytes: number };
  /** Its tasks run to their end. */
  readonly job?: {
    /** Undefined: one on each node. */
    readonly completions?: number;
    /** A task that failed has a successor. */
    readonly isRetried: boolean;
  };
  readonly networks: readonly string[];
  readonly configs: readonly string[];
  readonly secrets: readonly string[];
}

export interface TaskEntry {
  readonly id: string;
  readonly serviceId: string;
  /** Slot number, or node ID for a global service. */
  readonly slot: string;
  /** Which run of a job it is of. */
  readonly iteration?: number;
  /** What it was made from, see `taskTemplate`. */
  readonly template: string;
  readonly image: string;
  nodeId: string;
  state: TaskState;
  desiredState: TaskState;
  error: string;
  /** When the state began. */
  sinceMs: number;
}

export interface ConfigEntry {
  readonly id: string;
  version: number;
  readonly name: string;
  readonly data: string;
  labels: Record<string, string>;
}

export interface SecretEntry {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  /** Digest of the data: the world's file holds no secret. */
  readonly digest: string;
  readonly labels: Record<string, string>;
}

export interface VipState {
  /** One of `holders`; undefined: nobody. */
  holder: string | undefined;
  /** More than one: they do not hear each other. */
  holders: string[];
  /** By what makes instances hear each other. */
  groups: Record<string, VipGroup>;
}

export interface VipGroup {
  holder: string | undefined;
  next: string | undefined;
  dueMs: number;
}

export function emptyWorld(): WorldState {
  const start = Date.UTC(2026, 10, 21);
  return {
    nowMs: start,
    settledMs: start,
    serial: 0,
    machines: {},
    swarms: {},
    vips: {},
    knownHosts: {},
    faults: [],
    calls: [],
    refusedDemotions: 0,
    web: {},
    registries: {},
    failingImages: {},
    nodeImages: {},
    repositories: {},
  };
}

/** A new ID in the form of swarm's (25 characters of base 36), the same in every run. */
export function newId(state: WorldState): string {
  state.serial += 1;
  const digest = createHash('sha256')
    .update(`fake-${String(state.serial)}`)
    .digest('hex');
  return BigInt(`0x${digest}`).toString(36).padStart(25, '0').slice(0, 25);
}

/** A new key in the form of swarm's: 32 bytes of base 64 without padding. */
export function newUnlockKey(state: WorldState): string {
  state.serial += 1;
  const digest = createHash('sha256')
    .update(`key-${String(state.serial)}`)
    .digest('base64');
  return `SWMKEY-1-${digest.replace('=', '')}`;
}

/** A new boot ID, in the form of a UUID. */
export function newBootId(state: WorldState): string {
  state.serial += 1;
  const digest = createHash('sha256')
    .update(`boot-${String(state.serial)}`)
    .digest('hex');
  return [8, 4, 4, 4, 12]
    .reduce<{ parts: string[]; at: number }>(
      ({ parts, at }, length) => ({
        parts: [...parts, digest.slice(at, at + length)],
        at: at + length,
      }),
      { parts: [], at: 0 },
    )
    .parts.join('-');
}

export function nextVersion(swarm: SwarmState): number {
  swarm.lastVersion += 1;
  return swarm.lastVersion;
}
