import type { ComposeDeploy, ComposeService } from '../compose/composeShape';
import { defined, given, type ContainerSpec } from './containerSpec';
import { imageLabel, namespaceLabel, scoped, type Fault } from './stackNames';

export interface NetworkAttachment {
  readonly Target: string;
  readonly Aliases: readonly string[];
  readonly DriverOpts?: Readonly<Record<string, string>>;
}

export interface EnginePort {
  readonly Protocol: string;
  readonly TargetPort: number;
  readonly PublishedPort: number;
  readonly PublishMode: 'host' | 'ingress';
}

/** A service in the Engine's own words (`POST /services/create`). */
export interface StackServiceBody {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly TaskTemplate: {
    readonly ContainerSpec: ContainerSpec;
    readonly Placement: {
      readonly Constraints: readonly string[];
      readonly Preferences?: readonly object[];
      readonly MaxReplicas?: number;
    };
    readonly Resources: {
      readonly Reservations?: { readonly NanoCPUs?: number; readonly MemoryBytes?: number };
      readonly Limits?: object;
    };
    readonly Networks: readonly NetworkAttachment[];
    readonly LogDriver?: object;
    readonly RestartPolicy?: object;
  };
  readonly Mode: {
    readonly Replicated?: { readonly Replicas: number };
    readonly Global?: object;
    readonly ReplicatedJob?: object;
    readonly GlobalJob?: object;
  };
  readonly EndpointSpec: { readonly Mode?: 'vip' | 'dnsrr'; readonly Ports: readonly EnginePort[] };
  readonly UpdateConfig?: UpdateConfig;
  readonly RollbackConfig?: UpdateConfig;
}

export interface UpdateConfig {
  readonly Parallelism: number;
  readonly Delay?: number;
  readonly FailureAction?: 'continue' | 'pause' | 'rollback';
  readonly Monitor?: number;
  readonly MaxFailureRatio?: number;
  readonly Order?: 'start-first' | 'stop-first';
}

/** docker/cli `cli/compose/convert/service.go`. */
export function serviceBody({
  name,
  key,
  service,
  container,
  networks,
  fault,
}: {
  readonly name: string;
  readonly key: string;
  readonly service: ComposeService;
  readonly container: ContainerSpec;
  readonly networks: readonly NetworkAttachment[];
  readonly fault: Fault;
}): StackServiceBody {
  const deploy = service.deploy ?? {};
  const { placement = {}, resources = {} } = deploy;
  const { limits, reservations } = resources;
  return defined({
    Name: scoped(name, key),
    Labels: {
      ...deploy.labels,
      [namespaceLabel]: name,
      [imageLabel]: container.Image,
    },
    TaskTemplate: defined({
      ContainerSpec: container,
      LogDriver: given(service.logging, ({ driver, options }) =>
        defined({ Name: driver, Options: options }),
      ),
      Resources: defined({
        Limits: given(limits, ({ cpus, memory, pids }) =>
          defined({ NanoCPUs: cpus, MemoryBytes: memory, Pids: pids }),
        ),
        Reservations: given(reservations, ({ cpus, memory, generic_resources: generic }) =>
          defined({
            NanoCPUs: cpus,
            MemoryBytes: memory,
            GenericResources: generic?.map(({ discrete_resource_spec: { kind, value } }) => ({
              DiscreteResourceSpec: { Kind: kind, Value: value },
            })),
          }),
        ),
      }),
      RestartPolicy: restartPolicy(service),
      Placement: defined({
        Constraints: placement.constraints ?? [],
        Preferences: placement.preferences?.map(({ spread }) => ({
          Spread: { SpreadDescriptor: spread },
        })),
        MaxReplicas: placement.max_replicas_per_node,
      }),
      Networks: networks,
    }),
    Mode: modeOf(deploy, fault),
    EndpointSpec: endpointOf(service, fault),
    UpdateConfig: updateConfig(deploy.update_config),
    RollbackConfig: updateConfig(deploy.rollback_config),
  });
}

function modeOf({ mode, replicas }: ComposeDeploy, fault: Fault): StackServiceBody['Mode'] {
  switch (mode) {
    case 'global':
    case 'global-job':
      if (replicas !== undefined) {
        fault(['deploy', 'replicas'], `has no meaning in the mode ${mode}`);
      }
      return mode === 'global' ? { Global: {} } : { GlobalJob: {} };
    case 'replicated-job':
      return {
        ReplicatedJob:
          replicas === undefined ? {} : { MaxConcurrent: replicas, TotalCompletions: replicas },
      };
    case 'replicated':
    case undefined:
      return { Replicated: { Replicas: replicas ?? 1 } };
  }
}

function endpointOf(
  { deploy, ports = [] }: ComposeService,
  fault: Fault,
): StackServiceBody['EndpointSpec'] {
  const Mode = deploy?.endpoint_mode;
  if (Mode === 'dnsrr' && ports.some(({ mode }) => mode === 'ingress')) {
    fault(
      ['ports'],
      'are published by the routing mesh, which `endpoint_mode: dnsrr` has not; publish them with `mode: host`',
    );
  }
  for (const { address, target } of ports) {
    if (address !== undefined) {
      fault(
        ['ports'],
        `are to publish ${String(target)} on ${address} alone, and a swarm publishes on every address of its nodes; take the address out if that is meant, else the port`,
      );
    }
  }
  const Ports = ports
    .map((port): EnginePort => ({
      Protocol: port.protocol,
      TargetPort: port.target,
      PublishedPort: port.published,
      PublishMode: port.mode,
    }))
    .sort((a, b) => {
      if (a.PublishedPort !== b.PublishedPort) return a.PublishedPort - b.PublishedPort;
      if (a.TargetPort !== b.TargetPort) return a.TargetPort - b.TargetPort;
      return a.Protocol < b.Protocol ? -1 : 1;
    });
  return Mode === undefined ? { Ports } : { Mode, Ports };
}

function updateConfig(
  source: ComposeDeploy['update_config'] | ComposeDeploy['rollback_config'],
): UpdateConfig | undefined {
  return given(source, (update) =>
    defined({
      Parallelism: update.parallelism ?? 1,
      Delay: update.delay,
      FailureAction: update.failure_action,
      Monitor: update.monitor,
      MaxFailureRatio: update.max_failure_ratio,
      Order: update.order,
    }),
  );
}

/** `deploy.restart_policy`, or else what `restart` says. */
function restartPolicy({ restart, deploy }: ComposeService): object | undefined {
  const policy = deploy?.restart_policy;
  if (policy !== undefined) {
    return defined({
      Condition: policy.condition,
      Delay: policy.delay,
      MaxAttempts: policy.max_attempts,
      Window: policy.window,
    });
  }
  const [kind, attempts] = (restart ?? '').split(':');
  switch (kind) {
    case 'always':
    case 'unless-stopped':
      return { Condition: 'any' };
    case 'on-failure':
      return {
        Condition: 'on-failure',
        ...(attempts === undefined || attempts === '0' ? {} : { MaxAttempts: Number(attempts) }),
      };
    case undefined:
    default:
      // docker leaves `no` to the swarm's default as well, which is to restart.
      return undefined;
  }
}
