import type { InputFailure } from './errors';
import { isRecord } from './isRecord';
import { quoted } from './quoted';
import { withoutSecrets } from './redaction';

/** When a hook runs: before anything of a node is touched, or when it is back. */
export const hookMoments = ['before', 'after'] as const;
export type HookMoment = (typeof hookMoments)[number];

/** What happens to the node that a hook runs for. */
export const hookActions = ['replace', 'inPlace', 'remove'] as const;
export type HookAction = (typeof hookActions)[number];

/** A command of the user's on the computer that runs Pulumi. */
export interface Hook {
  readonly moment: HookMoment;
  /** The one node that it is for; undefined: every node that has none of its own. */
  readonly node?: string;
  /** An argv. */
  readonly command: readonly string[];
  /** Secret: further variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

export const defaultHookSeconds = 300;

/** The hook of a moment for one node: its own, or else the cluster's. */
export function hookFor(
  hooks: readonly Hook[],
  moment: HookMoment,
  node: string,
): Hook | undefined {
  const fitting = hooks.filter((hook) => hook.moment === moment);
  return (
    fitting.find((hook) => hook.node === node) ?? fitting.find((hook) => hook.node === undefined)
  );
}

/** What a hook is told. */
export interface HookSubject {
  readonly moment: HookMoment;
  readonly action: HookAction;
  readonly cluster: string;
  readonly clusterId: string;
  readonly node: string;
  readonly role: 'manager' | 'worker';
  readonly address: string;
}

const ownPrefix = 'SWARM_';

/**
 * The variables that a hook gets: those of this process without Pulumi's own (the passphrase of the state
 * and an access token are none of its business), then its own, then what it is told.
 */
export function hookEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  { env = {} }: Hook,
  { moment, action, cluster, clusterId, node, role, address }: HookSubject,
): Readonly<Record<string, string>> {
  const kept = Object.entries(inherited).flatMap(([name, value]) =>
    value === undefined || name.startsWith('PULUMI_') ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(kept),
    ...env,
    SWARM_HOOK: moment,
    SWARM_ACTION: action,
    SWARM_CLUSTER: cluster,
    SWARM_CLUSTER_ID: clusterId,
    SWARM_NODE: node,
    SWARM_ROLE: role,
    SWARM_ADDRESS: address,
  };
}

const quotedLines = 20;

/** The last lines of a hook's output, without the values of its `env` and whatever else looks like a secret. */
export function quoteHookOutput(output: string, { env = {} }: Pick<Hook, 'env'>): string {
  // A tool may quote a value of several lines line by line. The longest first: one may be a part of another.
  const secrets = Object.values(env)
    .flatMap((value) => [value, ...value.split('\n')])
    .map((value) => value.trim())
    .filter((value) => value !== '')
    .sort((a, b) => b.length - a.length);
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), output);
  return withoutSecrets(shown).trimEnd().split('\n').slice(-quotedLines).join('\n');
}

/** The clause of a plan about the hooks of one node; undefined: it has none. Programs only: arguments are nobody's business. */
export function describeHooks(programs: Partial<Record<HookMoment, string>>): string | undefined {
  const each = hookMoments.flatMap((moment) => {
    const program = programs[moment];
    return program === undefined ? [] : [`${moment} ${program}`];
  });
  return each.length === 0 ? undefined : `hooks on this computer: ${each.join(', ')}`;
}

/** Faults of `hooks` as a user declares them. Values of `env` are never shown. @param path e.g. `workers[1].hooks`. */
export function hooksFaults(path: string, hooks: unknown): readonly InputFailure[] {
  if (!isRecord(hooks)) return [];
  return hookMoments.flatMap((moment) => {
    const hook = hooks[moment];
    if (Array.isArray(hook)) return hookFaults(`${path}.${moment}`, { command: hook }, '');
    return isRecord(hook) ? hookFaults(`${path}.${moment}`, hook, '.command') : [];
  });
}

/** Faults of one hook. @param commandPath where its argv stands in it. */
export function hookFaults(
  path: string,
  { command, env, timeoutSeconds }: Readonly<Record<string, unknown>>,
  commandPath = '.command',
): readonly InputFailure[] {
  return [
    ...commandFaults(`${path}${commandPath}`, command),
    ...(isRecord(env) ? Object.entries(env) : []).flatMap(([name, value]) =>
      variableFaults(`${path}.env`, name, value),
    ),
    ...(typeof timeoutSeconds === 'number' && !(timeoutSeconds > 0)
      ? [
          {
            property: `${path}.timeoutSeconds`,
            reason: `${String(timeoutSeconds)} is too small; give a number above 0`,
          },
        ]
      : []),
  ];
}

function commandFaults(property: string, command: unknown): readonly InputFailure[] {
  if (!Array.isArray(command)) return [];
  const [program] = command as readonly unknown[];
  if (program === undefined || program === '') {
    return [{ property, reason: 'is empty; give a program and its arguments' }];
  }
  return command.some((word) => typeof word === 'string' && word.includes('\0'))
    ? [{ property, reason: 'has a NUL character in it, which no program can be given' }]
    : [];
}

function variableFaults(path: string, name: string, value: unknown): readonly InputFailure[] {
  const property = `${path}[${quoted(name)}]`;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return [{ property, reason: 'is no name of an environment variable' }];
  }
  if (name.startsWith(ownPrefix)) {
    return [{ property, reason: `the name is reserved, since ${ownPrefix}* tells of the node` }];
  }
  return typeof value === 'string' && value.includes('\0')
    ? [{ property, reason: 'has a NUL character in it, which no program can be given' }]
    : [];
}
