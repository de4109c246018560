import * as pulumi from '@pulumi/pulumi';
import { hookMoments } from '../core/hooks';
import type { HookMoment } from '../core/hooks';
import type { NodeHookArgs } from '../provider/types';

/** A command on the computer that runs Pulumi, in the project's directory, without a shell. */
export interface HookArgs {
  /** An argv. Its words are plain: what is secret belongs into `env`. */
  readonly command: readonly string[];
  /** Further environment variables. Secret: never in a log, an error or a plan, and encrypted in the state. Default: none. */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Seconds until it is stopped and counts as failed. Default: 300. */
  readonly timeoutSeconds?: number;
}

/**
 * Commands around each node that is replaced or upgraded in place; `before` also around one that is removed.
 * Each gets `SWARM_NODE`, `SWARM_ROLE`, `SWARM_ADDRESS`, `SWARM_ACTION`, `SWARM_CLUSTER`, `SWARM_CLUSTER_ID`
 * and `SWARM_HOOK` in its environment; see docs/hooks.md.
 */
export interface HooksArgs {
  /**
   * Before anything of the node is touched, the virtual IP included. A failure stops the roll there. Must be
   * safe to repeat. Default: none.
   */
  readonly before?: readonly string[] | HookArgs;
  /** When the node is back, active and checked, until it has succeeded once. A failure stops the roll there. Default: none. */
  readonly after?: readonly string[] | HookArgs;
}

interface Hooked {
  readonly name: string;
  readonly hooks?: HooksArgs;
}

/** As `Swarm` takes them: the cluster's, and those that a node has in their place. */
export function declaredHooks(
  cluster: HooksArgs | undefined,
  nodes: readonly Hooked[],
): { hooks?: NodeHookArgs[] } {
  const hooks = [
    ...hooksOf(cluster),
    ...nodes.flatMap(({ name, hooks: own }) =>
      hooksOf(own).map((hook) => ({ ...hook, node: name })),
    ),
  ];
  return hooks.length === 0 ? {} : { hooks };
}

function hooksOf(hooks: HooksArgs | undefined): NodeHookArgs[] {
  return hookMoments.flatMap((moment) => {
    const hook = hooks?.[moment];
    if (hook === undefined) return [];
    const { command, env, timeoutSeconds } = wholeHook(hook);
    return [
      {
        moment,
        command,
        ...(env === undefined ? {} : { env: pulumi.secret(env) }),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      },
    ];
  });
}

/** Programs of the hooks of one node, for its plan. */
export function hookPrograms(
  cluster: HooksArgs | undefined,
  { hooks }: Hooked,
): { hooks?: Partial<Record<HookMoment, string>> } {
  const merged = { ...cluster, ...hooks };
  const programs = hookMoments.flatMap((moment) => {
    const hook = merged[moment];
    return hook === undefined ? [] : [[moment, wholeHook(hook).command[0] ?? ''] as const];
  });
  return programs.length === 0 ? {} : { hooks: Object.fromEntries(programs) };
}

/** Program that runs before a node that nobody declares any more goes, for the plan. */
export function removalHook(cluster: HooksArgs | undefined): { hookBefore?: string } {
  const program = hookPrograms(cluster, { name: '' }).hooks?.before;
  return program === undefined ? {} : { hookBefore: program };
}

function wholeHook(hook: readonly string[] | HookArgs): HookArgs {
  return 'command' in hook ? hook : { command: hook };
}
