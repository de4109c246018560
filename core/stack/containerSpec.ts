import type { ComposeService, ComposeVolume } from '../compose/composeShape';
import type { Compose } from '../compose/loadCompose';
import type { ComposeMount } from '../compose/shortForms';
import { namespaceLabel, scoped, type Fault } from './stackNames';

/** A config or a secret in a container; its ID is known only where the swarm is. */
export interface FileReference {
  readonly name: string;
  readonly file: {
    readonly Name: string;
    readonly UID: string;
    readonly GID: string;
    readonly Mode: number;
  };
}

export interface ContainerSpec {
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Env: readonly string[];
  /** By name: whoever sends it puts IDs in. */
  readonly Configs: readonly FileReference[];
  readonly Secrets: readonly FileReference[];
  readonly [field: string]: unknown;
}

export interface ContainerInput {
  readonly name: string;
  readonly key: string;
  readonly service: ComposeService;
  readonly compose: Compose;
  readonly files: Readonly<Record<'configs' | 'secrets', readonly FileReference[]>>;
  readonly fault: Fault;
}

/** docker/cli `cli/compose/convert/service.go`. */
export function containerSpec({
  name,
  service,
  compose,
  files,
  fault,
}: ContainerInput): ContainerSpec {
  const { healthcheck, dns, dns_search: search } = service;
  return defined({
    Image: service.image ?? '',
    Command: service.entrypoint,
    Args: service.command,
    Hostname: service.hostname,
    Hosts: service.extra_hosts,
    DNSConfig:
      dns === undefined && search === undefined
        ? undefined
        : defined({ Nameservers: dns, Search: search }),
    Healthcheck: given(healthcheck, (check) => health(check, fault)),
    Env: Object.entries(service.environment ?? {})
      .map(([variable, value]) => (value === null ? variable : `${variable}=${value}`))
      .sort(),
    Labels: { ...service.labels, [namespaceLabel]: name },
    Dir: service.working_dir,
    User: service.user,
    Mounts: service.volumes?.map((mount, index) =>
      mountOf(name, mount, compose.volumes, (reason) => {
        fault(['volumes', index], reason);
      }),
    ),
    StopGracePeriod: service.stop_grace_period,
    StopSignal: service.stop_signal,
    TTY: service.tty,
    OpenStdin: service.stdin_open,
    Secrets: files.secrets,
    Configs: files.configs,
    ReadOnly: service.read_only,
    Privileges: credentials(service, fault),
    Isolation: service.isolation,
    Init: service.init,
    Sysctls: service.sysctls,
    ...capabilities(service),
    Ulimits: given(service.ulimits, (ulimits) =>
      Object.entries(ulimits)
        .map(([limit, { soft, hard }]) => ({ Name: limit, Soft: soft, Hard: hard }))
        .sort((a, b) => (a.Name < b.Name ? -1 : 1)),
    ),
    OomScoreAdj: service.oom_score_adj,
  });
}

export function given<T, R>(value: T | undefined, use: (value: T) => R): R | undefined {
  return value === undefined ? undefined : use(value);
}

/** Without the fields that have no value. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function health(check: NonNullable<ComposeService['healthcheck']>, fault: Fault): object {
  if (check.disable === true) {
    if (check.test !== undefined) fault(['healthcheck'], 'has both `test` and `disable`');
    return { Test: ['NONE'] };
  }
  return defined({
    Test: check.test,
    Interval: check.interval,
    Timeout: check.timeout,
    Retries: check.retries,
    StartPeriod: check.start_period,
    StartInterval: check.start_interval,
  });
}

function credentials({ credential_spec: spec }: ComposeService, fault: Fault): object | undefined {
  if (spec === undefined) return undefined;
  const { config, file, registry } = spec;
  if (config !== undefined) {
    fault(['credential_spec', 'config'], 'is not supported; use `file` or `registry`');
  }
  if (file !== undefined && registry !== undefined) {
    fault(['credential_spec'], 'has both `file` and `registry`');
  }
  return { CredentialSpec: defined({ File: file, Registry: registry }) };
}

function capabilities({ cap_add: add, cap_drop: drop }: ComposeService): object {
  const names = (list: readonly string[] | undefined): readonly string[] => {
    const all = (list ?? [])
      .map((name) => name.trim().toUpperCase())
      .map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`));
    return all.includes('ALL') ? ['ALL'] : [...new Set(all)].sort();
  };
  const added = names(add);
  // What is added is not dropped, whatever the order.
  const dropped = names(drop).filter((name) => !added.includes(name));
  return {
    ...(added.length === 0 ? {} : { CapabilityAdd: added }),
    ...(dropped.length === 0 ? {} : { CapabilityDrop: dropped }),
  };
}

/** docker/cli `cli/compose/convert/volume.go`. */
function mountOf(
  stack: string,
  mount: ComposeMount,
  volumes: Readonly<Record<string, ComposeVolume>>,
  fault: (reason: string) => void,
): object {
  const { type, source, target, isReadOnly, consistency } = mount;
  const plain = defined({
    Type: type,
    Target: target,
    ReadOnly: isReadOnly ? true : undefined,
    Source: source === '' ? undefined : source,
    Consistency: consistency,
  });
  if (source === '' && type !== 'volume' && type !== 'tmpfs') fault('needs a source');
  for (const [kind, isGiven] of [
    ['bind', mount.propagation !== undefined],
    ['volume', mount.hasNoCopy !== undefined],
    ['tmpfs', mount.tmpfsBytes !== undefined],
  ] as const) {
    if (isGiven && type !== kind) fault(`has options of a ${kind}, and is a ${type}`);
  }
  switch (type) {
    case 'bind':
      // Docker takes it from the folder of the computer that deploys, which no node knows.
      if (source !== '' && !source.startsWith('/')) {
        fault('is a path of the nodes, and must begin with /');
      }
      return withOptions(plain, 'BindOptions', defined({ Propagation: mount.propagation }));
    case 'npipe':
      return plain;
    case 'tmpfs':
      if (source !== '') fault('is a tmpfs, which has no source');
      return withOptions(plain, 'TmpfsOptions', defined({ SizeBytes: mount.tmpfsBytes }));
    case 'image':
      return withOptions(plain, 'ImageOptions', defined({ Subpath: mount.subpath }));
    case 'cluster':
    case 'volume':
      break;
  }
  const isGroup = type === 'cluster' && source.startsWith('group:');
  if (source === '' || isGroup)
    return type === 'cluster' ? { ...plain, ClusterOptions: {} } : plain;
  const volume = Object.hasOwn(volumes, source) ? volumes[source] : undefined;
  if (volume === undefined) {
    fault(`is the volume ${source}, which no compose file declares`);
    return plain;
  }
  const isExternal = volume.external?.isExternal === true;
  const named = isExternal
    ? (volume.external?.name ?? volume.name ?? source)
    : (volume.name ?? scoped(stack, source));
  if (type === 'cluster') return { ...plain, Source: named, ClusterOptions: {} };
  const options = defined({ NoCopy: mount.hasNoCopy, Subpath: mount.subpath });
  if (isExternal) return { ...plain, Source: named, VolumeOptions: options };
  const { driver, driver_opts: driverOptions } = volume;
  return {
    ...plain,
    Source: named,
    VolumeOptions: {
      ...options,
      Labels: { ...volume.labels, [namespaceLabel]: stack },
      ...(driver === undefined && driverOptions === undefined
        ? {}
        : { DriverConfig: defined({ Name: driver, Options: driverOptions }) }),
    },
  };
}

function withOptions(mount: object, key: string, options: object): object {
  return Object.keys(options).length === 0 ? mount : { ...mount, [key]: options };
}
