import { z } from 'zod';
import { canonical } from './canonical';
import { fnv1a } from './fnv1a';

const texts = z.array(z.string());
const atLeastOne = z.number().int().min(1);

/**
 * Options of the daemon by their names in `daemon.json`, and what a change of each asks of an engine that runs.
 * `reload`: a SIGHUP; `whenGone` is what has to stand in the file when the option goes, where a reload leaves
 * one that is missing as it was (moby `daemon/reload.go`, `IsValueSet`). `restart`: read at the start alone.
 */
const table = {
  debug: { schema: z.boolean(), change: 'reload', whenGone: false },
  labels: { schema: texts, change: 'reload', whenGone: [] },
  'insecure-registries': { schema: texts, change: 'reload', whenGone: [] },
  'registry-mirrors': { schema: texts, change: 'reload', whenGone: [] },
  'shutdown-timeout': { schema: z.number().int().min(0), change: 'reload', whenGone: 15 },
  'max-concurrent-downloads': { schema: atLeastOne, change: 'reload' },
  'max-concurrent-uploads': { schema: atLeastOne, change: 'reload' },
  'max-download-attempts': { schema: atLeastOne, change: 'reload' },
  'default-address-pools': {
    schema: z.array(z.strictObject({ base: z.string(), size: z.number().int() })),
    change: 'restart',
  },
  dns: { schema: texts, change: 'restart' },
  'dns-opts': { schema: texts, change: 'restart' },
  'dns-search': { schema: texts, change: 'restart' },
  'exec-opts': { schema: texts, change: 'restart' },
  features: { schema: z.record(z.string(), z.boolean()), change: 'restart' },
  'log-driver': { schema: z.string(), change: 'restart' },
  'log-level': { schema: z.enum(['debug', 'info', 'warn', 'error', 'fatal']), change: 'restart' },
  'log-opts': { schema: z.record(z.string(), z.string()), change: 'restart' },
  'metrics-addr': { schema: z.string(), change: 'restart' },
  'min-api-version': { schema: z.string(), change: 'restart' },
  mtu: { schema: z.number().int().min(68), change: 'restart' },
  'userland-proxy': { schema: z.boolean(), change: 'restart' },
} as const satisfies Record<
  string,
  { schema: z.ZodType; change: 'reload' | 'restart'; whenGone?: unknown }
>;

type DaemonOption = keyof typeof table;

/** Docker refuses to start in swarm mode with these (dockerd: "… is incompatible with swarm mode"). */
const forbidden: Readonly<Record<string, string>> = {
  'live-restore': 'a swarm’s engine does not start with it',
  'firewall-backend':
    'a swarm’s engine does not start with nftables before 29.6, and iptables is the default',
};

/** Options of the daemon, by their names in `daemon.json`. */
export type DaemonOptions = {
  readonly [Name in DaemonOption]?: z.infer<(typeof table)[Name]['schema']>;
};

/** Declared options. What a swarm forbids is told by its reason instead of as an unknown name. */
export const daemonSchema = z.strictObject({
  ...Object.fromEntries(
    Object.entries(table).map(([name, { schema }]) => [name, schema.optional()]),
  ),
  ...Object.fromEntries(
    Object.entries(forbidden).map(([name, why]) => [
      name,
      z
        .unknown()
        .refine((value) => value === undefined, `is not possible: ${why}; leave it out`)
        .optional(),
    ]),
  ),
});

type Json = Readonly<Record<string, unknown>>;

/** What of two sets of options differs, by name. */
export function changedOptions(old: Json, wanted: Json): readonly string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(wanted)])]
    .filter((name) => canonical(old[name]) !== canonical(wanted[name]))
    .sort();
}

/** `replace`: some of what differs is read at the daemon's start alone. */
export function daemonChange(old: Json, wanted: Json): 'replace' | 'update' {
  return changedOptions(old, wanted).every(isReloaded) ? 'update' : 'replace';
}

function isReloaded(name: string): boolean {
  return Object.hasOwn(table, name) && table[name as DaemonOption].change === 'reload';
}

/** The same for the same options that a restart is needed for, whatever their order; empty without any. */
export function restartDigest(options: Json): string {
  const named = Object.entries(options).filter(([name]) => !isReloaded(name));
  return named.length === 0 ? '' : fnv1a(canonical(Object.fromEntries(named)));
}

/** The whole file with the declared options, and the names in it that are ours; or why it cannot be made. */
export function mergeDaemonOptions(
  present: string | undefined,
  ours: readonly string[],
  wanted: Json,
): { readonly text: string | undefined; readonly keys: readonly string[] } | string {
  const there = present === undefined || present.trim() === '' ? {} : parseObject(present);
  if (there === undefined) return 'it is no JSON object';
  const strange = Object.keys(forbidden).filter(
    (name) => there[name] === true || there[name] === 'nftables',
  );
  if (strange.length > 0)
    return `it has ${strange.join(', ')}, which a swarm’s engine does not start with`;
  const gone = ours.filter((name) => !Object.hasOwn(wanted, name) && Object.hasOwn(there, name));
  const neutral = gone.flatMap((name) => {
    const option = Object.hasOwn(table, name) ? table[name as DaemonOption] : undefined;
    return option !== undefined && 'whenGone' in option ? [[name, option.whenGone] as const] : [];
  });
  const kept = Object.entries(there).filter(([name]) => !gone.includes(name));
  const merged = Object.fromEntries([...kept, ...neutral, ...Object.entries(wanted)]);
  return {
    text:
      Object.keys(merged).length === 0 && present === undefined
        ? undefined
        : canonical(merged) === canonical(there)
          ? present
          : `${JSON.stringify(merged, undefined, 2)}\n`,
    keys: [...new Set([...Object.keys(wanted), ...neutral.map(([name]) => name)])].sort(),
  };
}

/** On the host: which names of its `daemon.json` are ours, and the digest that its label will have. */
export interface DaemonNote {
  readonly keys: readonly string[];
  readonly digest: string;
}

export const daemonNotePath = '/etc/pulumi-swarm/daemon.json';
export const daemonFilePath = '/etc/docker/daemon.json';

const noteSchema = z.object({ keys: z.array(z.string()), digest: z.string() });

/** Undefined: there is none, or it cannot be read as one; then nothing in the file is ours. */
export function parseDaemonNote(text: string | undefined): DaemonNote | undefined {
  return text === undefined ? undefined : noteSchema.safeParse(parseObject(text)).data;
}

export function renderDaemonNote({ keys, digest }: DaemonNote): string {
  return `${JSON.stringify({ keys, digest })}\n`;
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : undefined;
  } catch {
    return undefined;
  }
}
