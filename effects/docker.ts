import type { Readable } from 'node:stream';
import type {
  Availability,
  ConfigFacts,
  EngineInfo,
  ImageFacts,
  IngressFacts,
  LocalDataFacts,
  NodeCertificate,
  NodeRole,
  NetworkFacts,
  OverlayNetworkFacts,
  ServiceFacts,
  SwarmFacts,
  SwarmNodeFacts,
  SwarmObjectFacts,
  TaskFacts,
} from '../core/facts';
import type { RegistryLogin } from '../core/images';
import type { Placement } from '../core/moves';
import type { ServiceSpec } from '../core/service';
import type { StackServiceBody } from '../core/stack/serviceBody';
import type { StackFile, StackNetwork } from '../core/stack/stackPlan';

/**
 * The Engine's API on one host, over its own socket. Versions are negotiated per engine.
 *
 * Every call may throw a `DockerApiError`, which keeps HTTP status and the daemon's own sentence, or
 * a SwarmError `EngineUnreachable` when the socket does not answer.
 */
export interface DockerApi {
  /** Engine version, e.g. `26.1.5`. Cheap; also the check that the daemon answers. */
  version(): Promise<string>;
  info(): Promise<EngineInfo>;
  /**
   * Calls `wake` at each event of this engine's stream: a container that starts or ends, and on a manager a change of a
   * node, a service or a config. Until the function that it returns is called. Never throws: an engine without a stream
   * wakes nobody, so that who waits must ask again all the same.
   */
  listen(wake: () => void): () => void;

  /** `POST /swarm/init`; returns the new node's ID. */
  swarmInit(request: SwarmInitRequest): Promise<string>;
  /**
   * `POST /swarm/init` with ForceNewCluster on a manager: it becomes the only member of raft, with node ID,
   * cluster ID, services and entries as they were. Address as in an init.
   *
   * @throws SwarmError `NotAManager` on any other node, where the engine would found a new swarm, and
   * `ManagerAutolocked` where its raft state is encrypted, which the engine cannot do; nothing was asked of it.
   */
  forceNewCluster(request: { readonly advertiseAddress: string }): Promise<void>;
  /** From its file, so the engine may be stopped, locked or without a leader; undefined: the node is in no swarm. */
  nodeCertificate(): Promise<NodeCertificate | undefined>;
  /**
   * Whether its disk has a log of raft, so also without asking the engine. It goes when the manager ends for good, some
   * seconds before `info` may say so; undefined: it cannot be seen, as outside a swarm.
   */
  hasRaftLog(): Promise<boolean | undefined>;
  /**
   * Whether this manager's own port, at the address that it advertises, selects HTTP/2 of a TLS client that
   * offers it (ALPN): without it, newer engines do not join by this manager.
   *
   * @throws SwarmError `ProbeFailed` when that could not be seen.
   */
  offersAlpn(address: string): Promise<boolean>;
  swarmJoin(request: SwarmJoinRequest): Promise<void>;
  swarmLeave(options: { readonly force: boolean }): Promise<void>;
  swarm(): Promise<SwarmFacts>;
  /** Secret. Read fresh for every join, never kept. */
  joinToken(role: NodeRole): Promise<string>;
  /** Merges labels into the cluster's own (`Spec.Labels`); compare-and-swap, retried on a conflict. */
  setSwarmLabels(labels: Readonly<Record<string, string>>): Promise<void>;
  /** Raft's snapshots at this many entries of its log, and labels merged into the cluster's own, in one change; compare-and-swap, retried on a conflict. */
  setSnapshotInterval(entries: number, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Whether managers lock their raft state on each restart; compare-and-swap, retried on a conflict. A key is made when it is turned on. */
  setAutolock(isOn: boolean): Promise<void>;
  /** Secret. What managers are unlocked with after a restart; undefined while autolock is off. */
  unlockKey(): Promise<string | undefined>;
  /** Unlocks this engine's manager. @throws DockerApiError 409 when it is not locked, 400 for a wrong key. */
  swarmUnlock(key: string): Promise<void>;

  /** All nodes, or some of them alone. */
  nodes(filter?: NodeFilter): Promise<readonly SwarmNodeFacts[]>;
  /** One node by its whole ID, read as `nodes` is; undefined when the list has none of this ID. */
  node(nodeId: string): Promise<SwarmNodeFacts | undefined>;
  /** Changes only what is given; compare-and-swap on the node's version, read afresh and retried on "update out of sequence". */
  updateNode(nodeId: string, change: NodeChange): Promise<void>;
  removeNode(nodeId: string, options: { readonly force: boolean }): Promise<void>;

  /** All tasks, or those on one node. */
  tasks(filter?: {
    readonly nodeId?: string;
    readonly serviceId?: string;
  }): Promise<readonly TaskFacts[]>;

  services(): Promise<readonly ServiceFacts[]>;
  /** Its ID. `login` is as for `deployService`. */
  createService(spec: ServiceSpec, login?: RegistryLogin): Promise<string>;
  /**
   * Creates a service of a stack, or updates the one that was seen as a whole; its ID. The names of its
   * configs and secrets are looked up here, since the Engine wants IDs. With a login its nodes pull the image by it;
   * without one they keep the one that it was sent with last.
   *
   * @throws DockerApiError 409 when the name is taken, 404 for a config, a secret or a network that is not there,
   * "update out of sequence" when the service has changed since it was seen.
   */
  deployService(
    body: StackServiceBody,
    present?: SeenService,
    login?: RegistryLogin,
  ): Promise<string>;
  updateService(serviceId: string, spec: ServiceSpec, login?: RegistryLogin): Promise<void>;
  /**
   * Changes where the tasks of a service may be and how they are replaced, and nothing else of it.
   *
   * @throws DockerApiError "update out of sequence" when the service has changed since it was seen.
   */
  placeService(seen: SeenService, placement: Placement): Promise<void>;
  removeService(serviceId: string): Promise<void>;

  /**
   * The swarm's ingress network: the one overlay that every node is attached to, drained or not.
   * `undefined`: this engine knows of none. A manager knows the swarm's; a worker only what it has set
   * up itself, which takes it a second after its join.
   */
  ingressNetwork(): Promise<IngressFacts | undefined>;

  /**
   * The swarm's overlay networks, the ingress network among them; all of them only on a manager. One that was
   * made some milliseconds ago may be missing: the engine knows them by their driver (`NetworkFacts`).
   */
  overlayNetworks(): Promise<readonly OverlayNetworkFacts[]>;
  /** Every network of the swarm, and those of this engine's node alone. */
  networks(): Promise<readonly NetworkFacts[]>;
  /** @throws DockerApiError 409 when the name is taken. */
  createNetwork(network: StackNetwork): Promise<string>;
  /** @throws DockerApiError 400 or 403 while a service or a task uses it. */
  removeNetwork(networkId: string): Promise<void>;

  /** Without their data, which no engine ever tells. */
  secrets(): Promise<readonly SwarmObjectFacts[]>;
  /** @throws DockerApiError 409 when the name is taken. */
  createSecret(secret: StackFile): Promise<string>;
  /** @throws DockerApiError 400 while a service uses it. */
  removeSecret(secretId: string): Promise<void>;

  configs(): Promise<readonly ConfigFacts[]>;
  /** @throws DockerApiError 409 when the name is taken. */
  createConfig(
    name: string,
    data: string,
    labels: Readonly<Record<string, string>>,
    templateDriver?: string,
  ): Promise<string>;
  /** Replaces all labels if the object still has this version. @throws DockerApiError "update out of sequence" otherwise. */
  updateConfigLabels(
    configId: string,
    version: number,
    labels: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** @throws DockerApiError 400 while a service uses it. */
  removeConfig(configId: string): Promise<void>;

  /** References (`name:tag`) of all images on this engine. */
  images(): Promise<readonly string[]>;
  /** Loads an image archive (as `docker save` writes it) of this computer. */
  loadImage(localPath: string): Promise<void>;
  /** What this engine has under a reference, as a task of a service would find it; undefined: nothing. */
  image(reference: string): Promise<ImageFacts | undefined>;
  /** Pulls an image from its registry; given up when nothing comes for two minutes. @throws DockerApiError with the registry's sentence. */
  pullImage(
    reference: string,
    options: { readonly login: RegistryLogin | undefined; readonly onProgress: OnProgress },
  ): Promise<void>;
  /**
   * Asks the registry of an image for it, by this engine and with nothing pulled: the registry's sentence that there is none
   * under this reference; undefined: it has it. @throws DockerApiError when it gave no such answer, e.g. without the right login.
   */
  registryLacks(reference: string, login: RegistryLogin | undefined): Promise<string | undefined>;
  /**
   * The archive of an image, as `docker save` writes it, while it comes: `use` takes it at its own pace, and no
   * more of it is held than a few pieces; `onBytes` hears how much has come. Given up when nothing comes for two minutes.
   */
  saveImage<T>(
    reference: string,
    onBytes: (bytes: number) => void,
    use: (archive: Readable) => Promise<T>,
  ): Promise<T>;
  /** Loads such an archive while it comes. */
  loadArchive(archive: Readable): Promise<void>;
  /** Creates, starts and removes one container; resolves when it ended with exit code 0. Proof that the engine really runs containers. */
  runContainerCheck(): Promise<void>;
  localData(): Promise<LocalDataFacts>;
}

/** Which nodes are listed. */
export type NodeFilter =
  /** Managers: those that are members of raft are among them. */
  | { readonly role: 'manager' }
  /** Of this host name, and of every one that begins with it; one that has not said its name yet is none of them. */
  | { readonly name: string }
  /** With this label of the node itself, whatever its value. */
  | { readonly label: string };

/** A service at the version that was looked at. */
export type SeenService = Pick<ServiceFacts, 'id' | 'version'>;

/** Bytes that came, and of how many; 0 while that is not known. */
export type OnProgress = (sizes: { readonly bytes: number; readonly total: number }) => void;

export interface SwarmInitRequest {
  /** IP address; port 2377 is added. */
  readonly advertiseAddress: string;
  readonly availability: Availability;
  readonly addressPools: readonly string[];
  readonly subnetSize: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SwarmJoinRequest {
  readonly advertiseAddress: string;
  /** `<ip>:2377` of a live manager. Only one: the Engine uses the first only. */
  readonly remoteAddress: string;
  readonly token: string;
  readonly availability: Availability;
}

export interface NodeChange {
  readonly role?: NodeRole;
  readonly availability?: Availability;
  /** All labels: those not named are removed. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What the daemon answered. `message` is its own sentence. */
export class DockerApiError extends Error {
  override readonly name = 'DockerApiError';

  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
  }
}
