import { z } from 'zod';
import type {
  ConfigFacts,
  EngineInfo,
  ImageFacts,
  MobilityFacts,
  NetworkFacts,
  OverlayNetworkFacts,
  PlatformFacts,
  ServiceFacts,
  SwarmFacts,
  SwarmNodeFacts,
  TaskFacts,
} from '../../core/facts';
import { plainEngineVersion } from '../../core/parse/engineVersion';
import { containerSpec, templateText } from './taskTemplate';

/**
 * What of the engine's answers we read, and its translation into facts. Only fields that every
 * engine since 20.10 sends are required. A `spec` keeps all of its fields: an update sends it whole,
 * and the engine erases what is left out.
 */

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const count = z.number().int().nonnegative();
const version = z.object({ Index: count });
/** The first run of a job is told as an empty object (seen on 26.1.5). */
const iteration = z.object({ Index: count.default(0) });

export const versionAnswer = z.object({ Version: z.string(), Arch: z.string() });

export const infoAnswer = z
  .object({
    ServerVersion: z.string(),
    DockerRootDir: z.string(),
    Swarm: z.object({
      NodeID: z.string().default(''),
      NodeAddr: z.string().default(''),
      LocalNodeState: z.enum(['inactive', 'pending', 'active', 'error', 'locked']),
      ControlAvailable: z.boolean(),
      Error: z.string(),
      Managers: count.default(0),
      Nodes: count.default(0),
      Cluster: z.object({ ID: z.string() }).nullish(),
      RemoteManagers: z.array(z.object({ NodeID: z.string(), Addr: z.string() })).nullish(),
    }),
  })
  .transform(({ ServerVersion, DockerRootDir, Swarm }): EngineInfo => ({
    engineVersion: plainEngineVersion(ServerVersion),
    dataRoot: DockerRootDir,
    localNodeState: Swarm.LocalNodeState,
    nodeId: Swarm.NodeID,
    nodeAddress: Swarm.NodeAddr,
    isControlAvailable: Swarm.ControlAvailable,
    error: Swarm.Error,
    clusterId: Swarm.Cluster?.ID === '' ? undefined : Swarm.Cluster?.ID,
    managers: Swarm.Managers,
    nodes: Swarm.Nodes,
    remoteManagers: (Swarm.RemoteManagers ?? []).map(({ NodeID, Addr }) => ({
      nodeId: NodeID,
      address: Addr,
    })),
  }));

const swarmSpec = z.looseObject({
  Labels: labels,
  EncryptionConfig: z.looseObject({ AutoLockManagers: z.boolean().default(false) }).optional(),
  Raft: z.looseObject({ SnapshotInterval: count }),
});

export const swarmSpecAnswer = z.object({ Version: version, Spec: swarmSpec });

export const swarmAnswer = z
  .object({
    ID: z.string().min(1),
    Version: version,
    Spec: swarmSpec,
    RootRotationInProgress: z.boolean(),
    DefaultAddrPool: z.array(z.string()).nullish(),
    SubnetSize: count.default(0),
  })
  .transform((swarm): SwarmFacts => ({
    clusterId: swarm.ID,
    version: swarm.Version.Index,
    labels: swarm.Spec.Labels,
    isRootRotationInProgress: swarm.RootRotationInProgress,
    isAutolocked: swarm.Spec.EncryptionConfig?.AutoLockManagers ?? false,
    snapshotInterval: swarm.Spec.Raft.SnapshotInterval,
    addressPools: swarm.DefaultAddrPool ?? [],
    subnetSize: swarm.SubnetSize,
  }));

export const joinTokensAnswer = z.object({
  JoinTokens: z.object({ Worker: z.string(), Manager: z.string() }),
});

export const unlockKeyAnswer = z.object({ UnlockKey: z.string().default('') });

const nodeSpec = z.looseObject({
  Labels: labels,
  Role: z.enum(['manager', 'worker']),
  Availability: z.enum(['active', 'pause', 'drain']),
});

export const nodeSpecAnswer = z.object({ Version: version, Spec: nodeSpec });

const platform = z.object({ Architecture: z.string().default(''), OS: z.string().default('') });

export const nodeAnswer = z
  .object({
    ID: z.string().min(1),
    Version: version,
    Spec: nodeSpec,
    // A node that has never reported has no description yet.
    Description: z
      .object({
        Hostname: z.string().default(''),
        Engine: z
          .object({
            EngineVersion: z.string().default(''),
            Plugins: z.array(z.object({ Type: z.string(), Name: z.string() })).nullish(),
          })
          .optional(),
        Resources: z.object({ NanoCPUs: count, MemoryBytes: count }).optional().catch(undefined),
        Platform: platform.optional().catch(undefined),
      })
      .optional(),
    Status: z.object({
      State: z.enum(['unknown', 'down', 'ready', 'disconnected']),
      Addr: z.string().default(''),
    }),
    ManagerStatus: z
      .object({
        Leader: z.boolean().default(false),
        Reachability: z.enum(['unknown', 'unreachable', 'reachable']),
        Addr: z.string().default(''),
      })
      .nullish(),
  })
  .transform((node): SwarmNodeFacts => ({
    id: node.ID,
    version: node.Version.Index,
    hostname: node.Description?.Hostname ?? '',
    address: node.Status.Addr,
    role: node.Spec.Role,
    availability: node.Spec.Availability,
    state: node.Status.State,
    labels: node.Spec.Labels,
    engineVersion: plainEngineVersion(node.Description?.Engine?.EngineVersion ?? ''),
    ...(node.Description?.Resources === undefined
      ? {}
      : {
          resources: {
            nanoCpus: node.Description.Resources.NanoCPUs,
            memoryBytes: node.Description.Resources.MemoryBytes,
          },
        }),
    ...(node.Description?.Platform === undefined
      ? {}
      : { platform: platformOf(node.Description.Platform) }),
    ...logDriversOf(node.Description?.Engine?.Plugins ?? []),
    managerStatus:
      node.ManagerStatus === undefined || node.ManagerStatus === null
        ? undefined
        : {
            isLeader: node.ManagerStatus.Leader,
            reachability: node.ManagerStatus.Reachability,
            address: node.ManagerStatus.Addr,
          },
  }));

function platformOf({ OS, Architecture }: z.infer<typeof platform>): PlatformFacts {
  return { os: OS, architecture: Architecture };
}

function logDriversOf(
  plugins: readonly { readonly Type: string; readonly Name: string }[],
): Pick<SwarmNodeFacts, 'logDrivers'> {
  const logDrivers = plugins.filter(({ Type }) => Type === 'Log').map(({ Name }) => Name);
  return logDrivers.length === 0 ? {} : { logDrivers };
}

const taskState = z.enum([
  'new',
  'allocated',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
]);

export const taskAnswer = z
  .object({
    ID: z.string().min(1),
    ServiceID: z.string().default(''),
    NodeID: z.string().default(''),
    Slot: z.number().optional(),
    Status: z.object({
      State: taskState,
      Err: z.string().default(''),
      Timestamp: z.string().optional(),
    }),
    DesiredState: taskState,
    JobIteration: iteration.nullish(),
    NetworksAttachments: z
      .array(z.object({ Network: z.object({ ID: z.string().default('') }).nullish() }))
      .nullish(),
    Spec: z
      .object({ ContainerSpec: containerSpec.nullish(), ForceUpdate: z.number().optional() })
      .nullish(),
  })
  .transform((task): TaskFacts => {
    const image = task.Spec?.ContainerSpec?.Image;
    const template = templateText(task.Spec);
    const sinceMs = Date.parse(task.Status.Timestamp ?? '');
    return {
      id: task.ID,
      serviceId: task.ServiceID,
      nodeId: task.NodeID,
      state: task.Status.State,
      desiredState: task.DesiredState,
      error: task.Status.Err,
      slot: task.Slot === undefined || task.Slot === 0 ? task.NodeID : String(task.Slot),
      networks: (task.NetworksAttachments ?? []).flatMap(({ Network }) => Network?.ID ?? []),
      ...(image === undefined ? {} : { image }),
      ...(template === undefined ? {} : { template }),
      ...(task.JobIteration === undefined || task.JobIteration === null
        ? {}
        : { iteration: task.JobIteration.Index }),
      ...(Number.isNaN(sinceMs) ? {} : { sinceMs }),
    };
  });

/** The Engine leaves out what is a default. */
const endpointSpec = z.looseObject({
  Mode: z.string().default('vip'),
  Ports: z
    .array(
      z.looseObject({
        Protocol: z.string().default('tcp'),
        TargetPort: z.number().default(0),
        PublishedPort: z.number().default(0),
        PublishMode: z.string().default('ingress'),
      }),
    )
    .nullish(),
});
export type EndpointSpec = z.infer<typeof endpointSpec>;

const serviceSpec = z.looseObject({
  Name: z.string(),
  Labels: labels,
  TaskTemplate: z.looseObject({
    ForceUpdate: count.default(0),
    ContainerSpec: containerSpec.optional(),
    Placement: z
      .looseObject({
        Constraints: z.array(z.string()).nullish(),
        MaxReplicas: count.default(0),
        Preferences: z.array(z.unknown()).nullish(),
        Platforms: z.array(platform).nullish(),
      })
      .nullish(),
    RestartPolicy: z.looseObject({ Delay: z.number().nullish() }).nullish(),
    LogDriver: z.looseObject({ Name: z.string().default('') }).nullish(),
    Resources: z
      .looseObject({
        Reservations: z
          .looseObject({ NanoCPUs: count.default(0), MemoryBytes: count.default(0) })
          .nullish(),
      })
      .nullish(),
  }),
  UpdateConfig: z.looseObject({}).nullish(),
  EndpointSpec: endpointSpec.nullish(),
  Mode: z.looseObject({
    Replicated: z.object({ Replicas: count.default(1) }).nullish(),
    Global: z.looseObject({}).nullish(),
    ReplicatedJob: z.looseObject({ TotalCompletions: count.default(1) }).nullish(),
    GlobalJob: z.looseObject({}).nullish(),
  }),
});

type ServiceSpecAnswer = z.infer<typeof serviceSpec>;

/** Nothing of it is filled in or left out: it is sent back as it came. */
export const wholeServiceAnswer = z.object({
  Version: version,
  Spec: z.looseObject({
    TaskTemplate: z.looseObject({ Placement: z.looseObject({}).nullish() }),
  }),
});

export const serviceSpecAnswer = z.object({ Version: version, Spec: serviceSpec });

const updateStatus = z.object({
  // Only told to the user, or waited for: a word of a later Engine must not make the list unreadable.
  State: z
    .enum([
      'updating',
      'paused',
      'completed',
      'rollback_started',
      'rollback_paused',
      'rollback_completed',
      'unknown',
    ])
    .catch('unknown'),
  Message: z.string().default(''),
});

export const serviceAnswer = z
  .object({
    ID: z.string().min(1),
    Version: version,
    Spec: serviceSpec,
    Endpoint: z
      .object({ VirtualIPs: z.array(z.object({ NetworkID: z.string().default('') })).nullish() })
      .nullish(),
    UpdateStatus: updateStatus.nullish(),
    JobStatus: z.object({ JobIteration: iteration.nullish() }).nullish(),
  })
  .transform(({ ID, Version, Spec, Endpoint, UpdateStatus, JobStatus }): ServiceFacts => {
    const template = templateText(Spec.TaskTemplate);
    const isGlobal = Spec.Mode.Global !== undefined && Spec.Mode.Global !== null;
    return {
      id: ID,
      version: Version.Index,
      name: Spec.Name,
      mode: isGlobal ? 'global' : 'replicated',
      // A job runs to its end: it has no number of tasks that must keep running.
      replicas: isGlobal ? undefined : (Spec.Mode.Replicated?.Replicas ?? 0),
      image: Spec.TaskTemplate.ContainerSpec?.Image ?? '',
      ...(template === undefined ? {} : { template }),
      labels: Spec.Labels,
      virtualIpNetworks: (Endpoint?.VirtualIPs ?? []).map(({ NetworkID }) => NetworkID),
      constraints: Spec.TaskTemplate.Placement?.Constraints ?? [],
      mobility: mobilityOf(Spec),
      ...hostPortsOf(Spec.EndpointSpec),
      ...reservationsOf(Spec),
      ports: (Spec.EndpointSpec?.Ports ?? []).map(
        ({ Protocol, TargetPort, PublishedPort, PublishMode }) => ({
          ...{ Protocol, TargetPort, PublishedPort, PublishMode },
        }),
      ),
      environment: Spec.TaskTemplate.ContainerSpec?.Env ?? [],
      spec: Spec,
      ...jobOf(Spec.Mode, JobStatus?.JobIteration?.Index ?? 0),
      ...(UpdateStatus === undefined || UpdateStatus === null
        ? {}
        : { updateStatus: { state: UpdateStatus.State, message: UpdateStatus.Message } }),
    };
  });

function jobOf(
  { ReplicatedJob, GlobalJob }: z.infer<typeof serviceSpec>['Mode'],
  iteration: number,
): Pick<ServiceFacts, 'job'> {
  const completions = ReplicatedJob?.TotalCompletions;
  const isJob = completions !== undefined || (GlobalJob !== undefined && GlobalJob !== null);
  return isJob ? { job: { completions, iteration } } : {};
}

function mobilityOf({ TaskTemplate, UpdateConfig }: ServiceSpecAnswer): MobilityFacts {
  const { Placement, RestartPolicy, ContainerSpec, LogDriver } = TaskTemplate;
  const delay = RestartPolicy?.Delay;
  const platforms = (Placement?.Platforms ?? []).map(platformOf);
  const logDriver = LogDriver?.Name ?? '';
  return {
    // One without a name is made for its task, and goes with it.
    hasVolumes: (ContainerSpec?.Mounts ?? []).some(
      ({ Type, Source }) => ['volume', 'cluster'].includes(Type) && Source !== '',
    ),
    maxPerNode: Placement?.MaxReplicas ?? 0,
    hasPreferences: (Placement?.Preferences ?? []).length > 0,
    ...(platforms.length === 0 ? {} : { platforms }),
    // What swarms need no plugin for.
    ...(['', 'none'].includes(logDriver) ? {} : { logDriver }),
    restartDelaySeconds: delay === undefined || delay === null ? undefined : delay / 1e9,
    updateConfig: UpdateConfig ?? undefined,
  };
}

function reservationsOf({ TaskTemplate }: ServiceSpecAnswer): Pick<ServiceFacts, 'reservations'> {
  const { NanoCPUs = 0, MemoryBytes = 0 } = TaskTemplate.Resources?.Reservations ?? {};
  return NanoCPUs === 0 && MemoryBytes === 0
    ? {}
    : { reservations: { nanoCpus: NanoCPUs, memoryBytes: MemoryBytes } };
}

function hostPortsOf(endpoint: EndpointSpec | null | undefined): Pick<ServiceFacts, 'hostPorts'> {
  const hostPorts = (endpoint?.Ports ?? []).flatMap(({ PublishMode, PublishedPort }) =>
    PublishMode === 'host' && PublishedPort > 0 ? [PublishedPort] : [],
  );
  return hostPorts.length === 0 ? {} : { hostPorts };
}

const configSpec = z.looseObject({ Name: z.string(), Labels: labels });

export const configSpecAnswer = z.object({ Spec: configSpec });

export const configAnswer = z
  .object({ ID: z.string().min(1), Version: version, Spec: configSpec })
  .transform(({ ID, Version, Spec }): ConfigFacts => ({
    id: ID,
    version: Version.Index,
    name: Spec.Name,
    labels: Spec.Labels,
  }));

export const networkAnswer = z
  .object({
    Id: z.string(),
    Name: z.string().default(''),
    Labels: labels,
    Ingress: z.boolean().default(false),
    IPAM: z
      .object({ Config: z.array(z.object({ Subnet: z.string().default('') })).nullish() })
      .nullish(),
  })
  .transform(({ Id, Name, Labels, Ingress, IPAM }): OverlayNetworkFacts => ({
    id: Id,
    name: Name,
    labels: Labels,
    subnets: (IPAM?.Config ?? []).map(({ Subnet }) => Subnet),
    isIngress: Ingress,
  }));

/** Of any kind. */
export const anyNetworkAnswer = z
  .object({
    Id: z.string(),
    Name: z.string().default(''),
    Labels: labels,
    Scope: z.string().default(''),
    Driver: z.string().default(''),
  })
  .transform(({ Id, Name, Labels, Scope, Driver }): NetworkFacts => ({
    ...{ id: Id, name: Name, labels: Labels, scope: Scope, driver: Driver },
  }));

export const networkIdAnswer = z.object({ Id: z.string().min(1) });

/** Only the inspection of one network tells its endpoints. */
export const networkEndpointsAnswer = z.object({
  Containers: z.record(z.string(), z.object({ IPv4Address: z.string().default('') })).nullish(),
  Peers: z.array(z.object({ IP: z.string().default('') })).nullish(),
});

/** A whole list. One ID twice is none: which of the two is meant would be a guess. */
export function listOf<T extends { readonly id: string }>(
  item: z.ZodType<T>,
): z.ZodType<readonly T[]> {
  return z
    .array(item)
    .refine(
      (items) => new Set(items.map(({ id }) => id)).size === items.length,
      'an ID comes twice',
    );
}

/** `POST /swarm/init` answers with the bare ID. */
export const nodeIdAnswer = z.string();
export const serviceIdAnswer = z.object({ ID: z.string() });
export const containerIdAnswer = z.object({ Id: z.string() });
export const containerExitAnswer = z.object({
  StatusCode: z.number(),
  Error: z.object({ Message: z.string() }).nullish(),
});

export const imageAnswer = z.object({ RepoTags: z.array(z.string()).nullish() });

/** The inspection of one image. */
export const imageDetails = z
  .object({
    Id: z.string().min(1),
    Size: count.default(0),
    Architecture: z.string().default(''),
    RepoDigests: z.array(z.string()).nullish(),
  })
  .transform(({ Id, Size, Architecture, RepoDigests }): ImageFacts => ({
    id: Id,
    bytes: Size,
    architecture: Architecture,
    isFromRegistry: (RepoDigests ?? []).length > 0,
  }));

export const containerAnswer = z.object({
  Id: z.string(),
  Names: z.array(z.string()),
  Labels: labels,
});

export const volumesAnswer = z.object({
  Volumes: z
    .array(
      z.object({
        Name: z.string(),
        Driver: z.string(),
        Mountpoint: z.string(),
        Options: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
});
