import { userLabels } from '../labels';
import { isRecord } from '../isRecord';
import type { StackServiceBody } from './serviceBody';
import { exact, field, list, map, object, set, value, young } from './shape';

const second = 1e9;

/** swarmkit `api/defaults/service.go`. */
const updateConfig = object({
  Parallelism: field('parallelism', exact(1)),
  Delay: field('delay'),
  FailureAction: field('failure_action', value('pause')),
  Monitor: field('monitor', value(5 * second)),
  MaxFailureRatio: field('max_failure_ratio'),
  Order: field('order', value('stop-first')),
});

const driver = (name: string) =>
  object({ Name: field(name, value()), Options: field('options', map) });

const files = set(
  object({
    Name: field('source'),
    File: field(
      '',
      object({
        Name: field('target'),
        UID: field('uid', value('0')),
        GID: field('gid', value('0')),
        Mode: field('mode'),
      }),
    ),
  }),
);

const mounts = set(
  object({
    Type: field('type', value('bind')),
    Source: field('source'),
    Target: field('target'),
    ReadOnly: field('read_only'),
    Consistency: young('consistency', value('default')),
    BindOptions: field('bind', object({ Propagation: field('propagation', value('rprivate')) })),
    VolumeOptions: field(
      'volume',
      object({
        NoCopy: field('nocopy'),
        Subpath: young('subpath'),
        Labels: field('labels', map),
        DriverConfig: field('', driver('driver')),
      }),
    ),
    TmpfsOptions: field('tmpfs', object({ SizeBytes: field('size') })),
    ImageOptions: field('image', object({ Subpath: young('subpath') })),
  }),
);

const container = object({
  Command: field('entrypoint', list),
  Args: field('command', list),
  Hostname: field('hostname'),
  Hosts: field('extra_hosts', set()),
  DNSConfig: field(
    '',
    object({ Nameservers: field('dns', list), Search: field('dns_search', list) }),
  ),
  Healthcheck: field(
    'healthcheck',
    object({
      Test: field('test', list),
      Interval: field('interval'),
      Timeout: field('timeout'),
      Retries: field('retries'),
      StartPeriod: field('start_period'),
      StartInterval: young('start_interval'),
    }),
  ),
  Labels: field('labels', map),
  Dir: field('working_dir'),
  User: field('user'),
  Mounts: field('volumes', mounts),
  StopGracePeriod: field('stop_grace_period', exact(10 * second)),
  StopSignal: field('stop_signal'),
  TTY: field('tty'),
  OpenStdin: field('stdin_open'),
  Secrets: field('secrets', files),
  Configs: field('configs', files),
  ReadOnly: field('read_only'),
  Privileges: field(
    '',
    object({
      CredentialSpec: field(
        'credential_spec',
        object({ File: field('file'), Registry: field('registry') }),
      ),
    }),
  ),
  Isolation: field('isolation', value('default')),
  Init: field('init', exact()),
  Sysctls: field('sysctls', map),
  CapabilityAdd: field('cap_add', set()),
  CapabilityDrop: field('cap_drop', set()),
  Ulimits: field(
    'ulimits',
    set(object({ Name: field('name'), Soft: field('soft'), Hard: field('hard') })),
  ),
  OomScoreAdj: young('oom_score_adj'),
});

/** In either direction: what a node has, and what a task may have of it. */
const resources = {
  NanoCPUs: field('cpus'),
  MemoryBytes: field('memory'),
};

const task = object({
  ContainerSpec: field('', container),
  Resources: field(
    'deploy.resources',
    object({
      Limits: field('limits', object({ ...resources, Pids: field('pids') })),
      Reservations: field(
        'reservations',
        object({
          ...resources,
          GenericResources: field(
            'generic_resources',
            set(
              object({
                DiscreteResourceSpec: field(
                  'discrete_resource_spec',
                  object({ Kind: field('kind'), Value: field('value') }),
                ),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
  RestartPolicy: field(
    'deploy.restart_policy',
    object({
      Condition: field('condition', value('any')),
      Delay: field('delay', exact(5 * second)),
      MaxAttempts: field('max_attempts'),
      Window: field('window'),
    }),
  ),
  Placement: field(
    'deploy.placement',
    object({
      Preferences: field('preferences', list),
      MaxReplicas: field('max_replicas_per_node'),
    }),
  ),
  Networks: field(
    'networks',
    set(
      object({
        Target: field('name'),
        Aliases: field('aliases', set()),
        DriverOpts: field('driver_opts', map),
      }),
    ),
  ),
  LogDriver: field('logging', driver('driver')),
});

/**
 * What a compose file decides of a service, by what it is called there, with the defaults of the Engine. Left to
 * others are the image, the number of replicas, the environment, the ports and the constraints, which a plan shows.
 */
export const serviceShape = object({
  Labels: field('deploy.labels', map),
  TaskTemplate: field('', task),
  Mode: field(
    'deploy',
    object({
      ReplicatedJob: field(
        '',
        object({
          MaxConcurrent: field('replicas', value(1)),
          TotalCompletions: field('replicas', value(1)),
        }),
      ),
    }),
  ),
  EndpointSpec: field('deploy', object({ Mode: field('endpoint_mode', value('vip')) })),
  UpdateConfig: field('deploy.update_config', updateConfig),
  RollbackConfig: field('deploy.rollback_config', updateConfig),
});

/** A service as it was sent, for `serviceShape`. */
export function sentService(body: StackServiceBody): Readonly<Record<string, unknown>> {
  const { ContainerSpec: sent } = body.TaskTemplate;
  const references = (of: typeof sent.Configs) =>
    of.map(({ name, file }) => ({ Name: name, File: file }));
  return withoutOwnLabels({
    ...body,
    TaskTemplate: {
      ...body.TaskTemplate,
      ContainerSpec: {
        ...sent,
        Configs: references(sent.Configs),
        Secrets: references(sent.Secrets),
      },
    },
  });
}

/** A service as an Engine tells it (`Spec`), for `serviceShape`; networks by their names. */
export function toldService(
  spec: Readonly<Record<string, unknown>>,
  networkNames: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  const template = recordOf(spec['TaskTemplate']);
  const told = recordOf(template['ContainerSpec']);
  const references = (of: unknown, kind: 'Config' | 'Secret') =>
    recordsOf(of).map((each) => ({ Name: each[`${kind}Name`], File: each['File'] }));
  const networks = recordsOf(template['Networks']).map((network) => {
    const name = networkNames.get(String(network['Target']));
    return { ...network, Target: name ?? network['Target'] };
  });
  return withoutOwnLabels({
    ...spec,
    TaskTemplate: {
      ...template,
      Networks: networks,
      ContainerSpec: {
        ...told,
        Configs: references(told['Configs'], 'Config'),
        Secrets: references(told['Secrets'], 'Secret'),
      },
    },
  });
}

/** Ours are no part of what a compose file decides. */
function withoutOwnLabels(
  spec: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const template = recordOf(spec['TaskTemplate']);
  const inside = recordOf(template['ContainerSpec']);
  const labels = (of: unknown) => userLabels(recordOf(of) as Readonly<Record<string, string>>);
  return {
    ...spec,
    Labels: labels(spec['Labels']),
    TaskTemplate: {
      ...template,
      ContainerSpec: { ...inside, Labels: labels(inside['Labels']) },
    },
  };
}

function recordOf(given: unknown): Readonly<Record<string, unknown>> {
  return isRecord(given) ? given : {};
}

function recordsOf(given: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(given) ? given.map(recordOf) : [];
}
