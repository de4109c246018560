import { z } from 'zod';
import { isRecord } from '../isRecord';
import {
  bytes,
  commandLine,
  count,
  cpus,
  duration,
  fileMode,
  flag,
  form,
  healthTest,
  hosts,
  labels,
  looseText,
  mapOrList,
  nonEmptyText,
  oneOf,
  ratio,
  sparse,
  text,
  textList,
  textOrList,
  whole,
} from './forms';
import { isPort, parseMount, parsePorts } from './shortForms';
import type { ComposeMount, ComposePort } from './shortForms';

/**
 * The shape of a compose file for a stack: version 3 as docker/cli reads it (config_schema_v3.13.json),
 * written anew. Keys that it does not know are faults. Beyond it, what `docker compose config` writes is
 * understood: `name`, numbers in quotes, CPUs as a number, file modes in quotes, keys without a value.
 */

const any = z.unknown();

const update = <T extends string>(...actions: readonly T[]) =>
  sparse(
    z.strictObject({
      parallelism: count.optional(),
      delay: duration.optional(),
      failure_action: oneOf(...actions).optional(),
      monitor: duration.optional(),
      max_failure_ratio: ratio.optional(),
      order: oneOf('start-first', 'stop-first').optional(),
    }),
  );

const deploy = sparse(
  z.strictObject({
    mode: oneOf('replicated', 'global', 'replicated-job', 'global-job').optional(),
    endpoint_mode: oneOf('vip', 'dnsrr').optional(),
    replicas: count.optional(),
    labels: labels.optional(),
    update_config: update('continue', 'pause', 'rollback').optional(),
    rollback_config: update('continue', 'pause').optional(),
    resources: sparse(
      z.strictObject({
        limits: sparse(
          z.strictObject({
            cpus: cpus.optional(),
            memory: bytes.optional(),
            pids: count.optional(),
          }),
        ).optional(),
        reservations: sparse(
          z.strictObject({
            cpus: cpus.optional(),
            memory: bytes.optional(),
            generic_resources: z
              .array(
                z.strictObject({
                  discrete_resource_spec: z.strictObject({ kind: text, value: count }),
                }),
              )
              .optional(),
          }),
        ).optional(),
      }),
    ).optional(),
    restart_policy: sparse(
      z.strictObject({
        condition: oneOf('none', 'on-failure', 'any').optional(),
        delay: duration.optional(),
        max_attempts: count.optional(),
        window: duration.optional(),
      }),
    ).optional(),
    placement: sparse(
      z.strictObject({
        constraints: textList.optional(),
        preferences: z.array(z.strictObject({ spread: nonEmptyText })).optional(),
        max_replicas_per_node: count.optional(),
      }),
    ).optional(),
  }),
);

const healthcheck = sparse(
  z.strictObject({
    disable: flag.optional(),
    test: healthTest.optional(),
    interval: duration.optional(),
    timeout: duration.optional(),
    start_period: duration.optional(),
    start_interval: duration.optional(),
    retries: count.optional(),
  }),
);

const portShape = sparse(
  z.strictObject({
    target: whole.refine(isPort, 'must be a port, 1 to 65535'),
    published: whole
      .refine((value) => value === 0 || isPort(value), 'must be a port, 1 to 65535')
      .optional(),
    protocol: oneOf('tcp', 'udp', 'sctp').optional(),
    mode: oneOf('host', 'ingress').optional(),
    // Names that `docker compose config` writes and a swarm has no use for.
    name: text.optional(),
    app_protocol: text.optional(),
  }),
).transform(({ target, published, protocol, mode }): readonly ComposePort[] => [
  { target, published: published ?? 0, protocol: protocol ?? 'tcp', mode: mode ?? 'ingress' },
]);

const shortPorts = form(
  'a port such as 80, "8080:80", "8000-8010:80/udp", or a map with target and published',
  (value) =>
    typeof value === 'string' || typeof value === 'number' ? parsePorts(String(value)) : undefined,
);

const shortMount = form('a volume such as data:/var/lib/data:ro, or a map with type', (value) =>
  typeof value === 'string' ? parseMount(value) : undefined,
);

const mountShape = sparse(
  z.strictObject({
    type: oneOf('volume', 'bind', 'tmpfs', 'npipe', 'cluster', 'image'),
    source: text.optional(),
    target: nonEmptyText,
    read_only: flag.optional(),
    consistency: text.optional(),
    bind: z
      .strictObject({
        // `docker compose config` writes it; a swarm never makes the path.
        create_host_path: any.optional(),
        propagation: oneOf(
          'private',
          'rprivate',
          'shared',
          'rshared',
          'slave',
          'rslave',
        ).optional(),
      })
      .optional(),
    volume: z.strictObject({ nocopy: flag.optional(), subpath: text.optional() }).optional(),
    image: z.strictObject({ subpath: text.optional() }).optional(),
    tmpfs: z.strictObject({ size: bytes.optional() }).optional(),
    cluster: any.optional(),
  }),
).transform((mount): ComposeMount => ({
  type: mount.type,
  source: mount.source ?? '',
  target: mount.target,
  isReadOnly: mount.read_only ?? false,
  propagation: mount.bind?.propagation,
  hasNoCopy: mount.volume?.nocopy,
  subpath: mount.volume?.subpath ?? mount.image?.subpath,
  tmpfsBytes: mount.tmpfs?.size,
  consistency: mount.consistency,
}));

type FileReferenceShape = z.output<typeof fileReferenceShape>;

const fileReference: z.ZodType<FileReferenceShape> = form('a name', (value) =>
  typeof value === 'string' && value !== '' ? { source: value } : undefined,
);

const fileReferenceShape = sparse(
  z.strictObject({
    source: nonEmptyText,
    target: nonEmptyText.optional(),
    uid: looseText.optional(),
    gid: looseText.optional(),
    mode: fileMode.optional(),
  }),
);

/** The short form where a value is no map, else the long one: so that a fault names its own place. */
function shortOrLong<S extends z.ZodType, L extends z.ZodType>(
  short: S,
  long: L,
): z.ZodType<z.output<S> | z.output<L>> {
  return any.transform((value, context): z.output<S> | z.output<L> => {
    const result = (isRecord(value) ? long : short).safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.addIssue({ ...issue });
    return z.NEVER;
  });
}

const attachment = sparse(
  z.strictObject({
    aliases: textList.optional(),
    driver_opts: labels.optional(),
    ipv4_address: text.optional(),
    ipv6_address: text.optional(),
  }),
);

const attachments = any.transform((value, context) => {
  const named = Array.isArray(value)
    ? Object.fromEntries(value.map((name: unknown) => [String(name), {}]))
    : isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, item ?? {}]))
      : value;
  const result = z.record(z.string(), attachment).safeParse(named);
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.addIssue({ ...issue });
  return z.NEVER;
});

/** Keys of a service that a stack has never heeded; each is said once. */
export const ignoredKeys = [
  'build',
  'cgroup_parent',
  'cgroupns_mode',
  'container_name',
  'depends_on',
  'devices',
  'domainname',
  'expose',
  'external_links',
  'ipc',
  'links',
  'mac_address',
  'network_mode',
  'pid',
  'privileged',
  'security_opt',
  'shm_size',
  'tmpfs',
  'userns_mode',
] as const;

/** Keys that a stack refuses, with what takes their place. */
export const forbiddenKeys: Readonly<Record<string, string>> = {
  extends: 'is not supported in a stack; give several files, which are merged',
  volume_driver: 'is not supported in a stack; set `driver` of a volume under `volumes`',
  volumes_from: 'is not supported in a stack; name a volume in both services',
  cpu_quota: 'is not supported in a stack; set `deploy.resources`',
  cpu_shares: 'is not supported in a stack; set `deploy.resources`',
  cpuset: 'is not supported in a stack; set `deploy.resources`',
  mem_limit: 'is not supported in a stack; set `deploy.resources`',
  memswap_limit: 'is not supported in a stack; set `deploy.resources`',
};

const service = sparse(
  z.strictObject({
    ...(Object.fromEntries(ignoredKeys.map((key) => [key, any.optional()])) as Record<
      (typeof ignoredKeys)[number],
      z.ZodOptional<z.ZodUnknown>
    >),
    deploy: deploy.optional(),
    cap_add: textList.optional(),
    cap_drop: textList.optional(),
    command: commandLine.optional(),
    configs: z.array(shortOrLong(fileReference, fileReferenceShape)).optional(),
    credential_spec: z
      .strictObject({
        config: text.optional(),
        file: text.optional(),
        registry: text.optional(),
      })
      .optional(),
    dns: textOrList.optional(),
    dns_search: textOrList.optional(),
    entrypoint: commandLine.optional(),
    env_file: textOrList.optional(),
    environment: mapOrList.optional(),
    extra_hosts: hosts.optional(),
    healthcheck: healthcheck.optional(),
    hostname: text.optional(),
    image: nonEmptyText.optional(),
    init: flag.optional(),
    isolation: text.optional(),
    labels: labels.optional(),
    logging: sparse(
      z.strictObject({ driver: text.optional(), options: labels.optional() }),
    ).optional(),
    networks: attachments.optional(),
    oom_score_adj: whole.optional(),
    ports: z
      .array(shortOrLong(shortPorts, portShape))
      .transform((ports) => ports.flat())
      .optional(),
    read_only: flag.optional(),
    restart: form('no, always, unless-stopped, or on-failure with an optional number', (value) =>
      value === false
        ? 'no'
        : typeof value === 'string' &&
            /^(?:no|always|unless-stopped|on-failure(?::\d+)?|)$/.test(value)
          ? value
          : undefined,
    ).optional(),
    secrets: z.array(shortOrLong(fileReference, fileReferenceShape)).optional(),
    stdin_open: flag.optional(),
    stop_grace_period: duration.optional(),
    stop_signal: text.optional(),
    sysctls: labels.optional(),
    tty: flag.optional(),
    ulimits: z
      .record(
        z.string(),
        shortOrLong(
          form('a whole number, or a map with soft and hard', (value) => {
            const limit = whole.safeParse(value).data;
            return limit === undefined ? undefined : { soft: limit, hard: limit };
          }),
          z.strictObject({ soft: whole, hard: whole }),
        ),
      )
      .optional(),
    user: looseText.optional(),
    volumes: z.array(shortOrLong(shortMount, mountShape)).optional(),
    working_dir: text.optional(),
  }),
);

const external = form('true, false, or a map with name', (value) =>
  isRecord(value) && (value['name'] === undefined || typeof value['name'] === 'string')
    ? { isExternal: true, name: value['name'] }
    : flag.safeParse(value).success
      ? { isExternal: flag.parse(value), name: undefined }
      : undefined,
);

const network = sparse(
  z.strictObject({
    name: nonEmptyText.optional(),
    driver: text.optional(),
    driver_opts: labels.optional(),
    ipam: sparse(
      z.strictObject({
        driver: text.optional(),
        config: z.array(z.strictObject({ subnet: text.optional() })).optional(),
      }),
    ).optional(),
    external: external.optional(),
    internal: flag.optional(),
    attachable: flag.optional(),
    labels: labels.optional(),
  }),
);

const volume = sparse(
  z.strictObject({
    name: nonEmptyText.optional(),
    driver: text.optional(),
    driver_opts: labels.optional(),
    external: external.optional(),
    labels: labels.optional(),
  }),
);

/** A config or a secret. `content` and `environment` are of the compose specification. */
const fileObject = sparse(
  z.strictObject({
    name: nonEmptyText.optional(),
    file: nonEmptyText.optional(),
    content: text.optional(),
    environment: nonEmptyText.optional(),
    external: external.optional(),
    labels: labels.optional(),
    driver: text.optional(),
    driver_opts: labels.optional(),
    template_driver: text.optional(),
  }),
);

const nameOfPart = /^[a-zA-Z0-9._-]+$/;

function section<T extends z.ZodType>(item: T) {
  return z
    .preprocess(
      (value) =>
        isRecord(value)
          ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, each ?? {}]))
          : (value ?? {}),
      z.record(z.string().regex(nameOfPart), item),
    )
    .optional();
}

export const composeShape = sparse(
  z.strictObject({
    version: looseText.optional(),
    name: any.optional(),
    services: section(service),
    networks: section(network),
    volumes: section(volume),
    secrets: section(fileObject),
    configs: section(fileObject),
  }),
);

export type ComposeShape = z.output<typeof composeShape>;
export type ComposeService = z.output<typeof service>;
export type ComposeNetwork = z.output<typeof network>;
export type ComposeVolume = z.output<typeof volume>;
export type ComposeFileObject = z.output<typeof fileObject>;
export type ComposeDeploy = z.output<typeof deploy>;
