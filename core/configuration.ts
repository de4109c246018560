import { z } from 'zod';
import { pausePoints } from './canary';
import { describeIssue } from './configurationFaults';
import { daemonSchema } from './daemonOptions';
import { engineUpgrades } from './engineChange';
import { engineSourceSchema } from './engineSource';
import type { InputFailure } from './errors';
import { isRegistryServer } from './images';
import { drainWays } from './moves';
import { noWish } from './rebalance';
import { readableConfiguration, validateConfiguration } from './validateConfiguration';
import { interfacePattern } from './vrrpFaults';

/**
 * The configuration of a stack (stacks/Pulumi.<environment>.yaml), key by key. Unknown keys are errors,
 * at every depth.
 */
const labels = z.record(z.string(), z.string());

const connection = z.strictObject({
  host: z.string().optional(),
  port: z.number().int().min(1).max(65535).optional(),
  user: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyFile: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  password: z.string().optional(),
  agentSocketPath: z.string().optional(),
  hostKey: z.string().optional(),
});

const image = z.strictObject({
  reference: z.string(),
  path: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'is no SHA-256; give its 64 hexadecimal digits'),
});

const engine = z.strictObject({
  version: z
    .string()
    .regex(/^\d+(\.\d+){0,2}$/, 'is no engine version; give one such as "26.1.5"')
    .optional(),
  source: engineSourceSchema.optional(),
  daemon: daemonSchema.optional(),
  upgrade: z
    .enum(engineUpgrades, {
      error: `is no way to upgrade an engine; choose ${engineUpgrades.join(' or ')}`,
    })
    .optional(),
  images: z.array(image).optional(),
});

const drain = z.enum(drainWays, {
  error: `is no way to drain a node; choose ${drainWays.join(' or ')}`,
});
const hook = z.union(
  [
    z.array(z.string()),
    z.strictObject({
      command: z.array(z.string()),
      env: z.record(z.string(), z.string()).optional(),
      timeoutSeconds: z.number().optional(),
    }),
  ],
  {
    error:
      'is no command; give a list of its words, or a map with `command`, and `env` and `timeoutSeconds` where they are needed',
  },
);

const hooks = z.strictObject({ before: hook.optional(), after: hook.optional() });

const node = z.strictObject({
  name: z.string(),
  address: z.string(),
  os: z.string().optional(),
  engine: engine.optional(),
  labels: labels.optional(),
  availability: z.enum(['active', 'pause', 'drain']).optional(),
  onLocalData: z.enum(['keep', 'discard']).optional(),
  previousName: z.string().optional(),
  drain: drain.optional(),
  hooks: hooks.optional(),
  connection: connection.optional(),
});

const seconds = z.number().positive();

/** Of a virtual IP; `vrrpCheckFaults` says what goes with what. */
const check = z.strictObject({
  tcp: z.number().optional(),
  http: z.number().optional(),
  path: z.string().optional(),
  command: z.array(z.string()).optional(),
  intervalSeconds: z.number().optional(),
  timeoutSeconds: z.number().optional(),
  fall: z.number().optional(),
  rise: z.number().optional(),
});

const service = z.strictObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  global: z.boolean().optional(),
  replicas: z.number().int().min(0).optional(),
  constraints: z.array(z.string()).optional(),
  ports: z
    .array(
      z.strictObject({
        target: z.number().int().min(1).max(65535),
        published: z.number().int().min(1).max(65535),
        protocol: z.enum(['tcp', 'udp']).optional(),
        mode: z.enum(['host', 'ingress']).optional(),
      }),
    )
    .optional(),
  endpointMode: z.enum(['vip', 'dnsrr']).optional(),
  stopGraceSeconds: z.number().min(0).optional(),
  labels: labels.optional(),
});

const texts = z.record(z.string(), z.string());

const stack = z.strictObject({
  name: z.string(),
  files: z.array(z.string()).optional(),
  compose: z.array(z.string()).optional(),
  variables: texts.optional(),
  secretVariables: texts.optional(),
  configs: texts.optional(),
  secrets: texts.optional(),
  onFailure: z.enum(['keep', 'rollback']).optional(),
  checkPlacement: z.boolean().optional(),
  adopt: z.boolean().optional(),
  timeouts: z
    .strictObject({ converge: seconds.optional(), blocked: seconds.optional() })
    .optional(),
});

export const configurationSchema = z.strictObject({
  /** Machines of a lab on this computer; without it the nodes are existing hosts. */
  lab: z
    .strictObject({
      name: z.string().optional(),
      subnet: z.string(),
      prepareImages: z.boolean().optional(),
    })
    .optional(),
  /** How existing hosts are reached; each node may override parts of it. */
  connection: connection.optional(),
  os: z.string().optional(),
  engine: engine.optional(),
  managers: z.array(node),
  workers: z.array(node).optional(),
  vip: z
    .strictObject({
      addresses: z.array(z.string()),
      routerId: z.number(),
      interface: z
        .string()
        .regex(interfacePattern, 'is no name of an interface; give one such as "eth0"')
        .optional(),
      advertisementSeconds: z.number().optional(),
      vrrpVersion: z
        .union([z.literal(2), z.literal(3)], { error: 'is no version of VRRP; choose 2 or 3' })
        .optional(),
      password: z.string().optional(),
      unicast: z.boolean().optional(),
      trackNode: z.boolean().optional(),
      checks: z.array(check).optional(),
      notify: z.array(z.string()).optional(),
      balance: z
        .strictObject({
          ports: z.array(
            z.strictObject({
              listen: z.number(),
              target: z.number(),
              mode: z.enum(['tcp', 'http']).optional(),
              check: z
                .union([z.literal('tcp'), z.strictObject({ http: z.string() })], {
                  error: 'is no health check; give tcp, or a map with `http` and a path',
                })
                .optional(),
            }),
          ),
          drainSeconds: z.number().optional(),
        })
        .optional(),
      allowGap: z.boolean().optional(),
      preferred: z.string().optional(),
    })
    .optional(),
  maxUnavailable: z
    .union([z.number(), z.string()], {
      error: 'is no number of workers; give a whole number from 1, or a percentage such as "10%"',
    })
    .optional(),
  standIn: z
    .union([z.boolean(), z.string()], {
      error: 'is no worker; give true, or the name of the one that stands in',
    })
    .optional(),
  drain: drain.optional(),
  rebalance: z
    .union([z.boolean(), z.array(z.string().min(1, 'is no name of a service'))], {
      error: noWish,
    })
    .optional(),
  allowOutage: z.boolean().optional(),
  pauseAfter: z
    .enum(pausePoints, { error: `is no place to pause; choose ${pausePoints.join(' or ')}` })
    .optional(),
  hooks: hooks.optional(),
  allowDestroy: z.boolean().optional(),
  addressPools: z.array(z.string()).optional(),
  subnetSize: z.number().int().optional(),
  adopt: z.string().optional(),
  backup: z
    .strictObject({
      directory: z.string().min(1, 'is no directory; give the path of one'),
    })
    .optional(),
  autolock: z.boolean().optional(),
  unlockKey: z
    .string()
    .regex(/^SWMKEY-1-\S+$/, 'is no unlock key; give one such as SWMKEY-1-…')
    .optional(),
  recoverFrom: z.string().optional(),
  lost: z.array(z.string()).optional(),
  registries: z
    .array(
      z.strictObject({
        server: z.string().refine(isRegistryServer, {
          error: 'is no registry; give its host name, with a port where it has one',
        }),
        username: z.string().min(1, 'is no user name'),
        password: z.string().min(1, 'is no password'),
      }),
    )
    .optional(),
  timeouts: z
    .strictObject({
      gate: seconds.optional(),
      drain: seconds.optional(),
      demote: seconds.optional(),
      leave: seconds.optional(),
      join: seconds.optional(),
      ready: seconds.optional(),
      services: seconds.optional(),
    })
    .optional(),
  services: z.array(service).optional(),
  stacks: z.array(stack).optional(),
});

/** A whole, valid configuration of a stack. */
export type Configuration = z.infer<typeof configurationSchema>;
export type NodeConfiguration = z.infer<typeof node>;
export type StackConfiguration = z.infer<typeof stack>;
export type ConnectionConfiguration = z.infer<typeof connection>;

export type ConfigurationResult =
  { readonly configuration: Configuration } | { readonly failures: readonly InputFailure[] };

/** Checks a configuration as a whole; every fault at once, each with its path. Never throws. */
export function parseConfiguration(raw: unknown): ConfigurationResult {
  const parsed = configurationSchema.safeParse(raw, { reportInput: true });
  const faults = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, configurationSchema));
  // What the schema said of a property is not said twice.
  const told = new Set(faults.map(({ property }) => property));
  const failures = [
    ...faults,
    ...validateConfiguration(readableConfiguration.parse(raw)).filter(
      ({ property }) => !told.has(property),
    ),
  ];
  return parsed.success && failures.length === 0 ? { configuration: parsed.data } : { failures };
}
