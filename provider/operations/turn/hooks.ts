import { SwarmError, errorMessage } from '../../../core/errors';
import { readHookNote, withHookNote, withoutHookNote } from '../../../core/hookNote';
import { defaultHookSeconds, hookEnvironment, hookFor, quoteHookOutput } from '../../../core/hooks';
import type { Hook, HookAction, HookMoment } from '../../../core/hooks';
import type { Labels } from '../../../core/labels';
import { steps } from '../../../core/steps';
import { ofProcess } from '../../server/ofProcess';
import { isList } from '../../server/propertyValues';
import type { Operation, PropertyMap } from '../../server/resource';
import type { NodeInputs } from '../ask/nodeSpec';
import { changeLeaseLabels, readLeaseLabels } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { registeredSwarm } from '../swarm/registeredSwarm';

/** A node as its hooks are told of it, under its declared name. */
export type HookedNode = Pick<NodeInputs, 'name' | 'role' | 'address' | 'clusterId' | 'managers'>;

/** Nodes whose `before` has passed in this run. */
const passedIn = ofProcess(() => new Set<string>());

function keyOf({ clusterId, name }: HookedNode): string {
  return `${clusterId} ${name}`;
}

/** Whether `before` has passed in this run, and `after` has not run since. */
export function isBehindBefore(operation: Operation, node: HookedNode): boolean {
  return passedIn(operation).has(keyOf(node));
}

/**
 * Runs the hook `before` of a node, once per run, and notes in the swarm before that `after` is due. Nothing
 * where the program declares no hook for it.
 *
 * @param isDeclared the swarm was told that there are hooks. @throws SwarmError `HookFailed`, `HooksUnknown`.
 */
export async function hookBefore(
  operation: Operation,
  node: HookedNode,
  action: HookAction,
  isDeclared: boolean,
  lease: Lease,
): Promise<void> {
  if (isBehindBefore(operation, node)) return;
  const { hooks, cluster } = declaredHooks(operation, node, isDeclared);
  const [before, after] = [hookFor(hooks, 'before', node.name), hookFor(hooks, 'after', node.name)];
  if (before === undefined && after === undefined) return;
  if (action !== 'remove') {
    await lease.changeLabels((labels) => withHookNote(labels, node.name, action));
  }
  if (before !== undefined) {
    await lease.step(sentenceOf(node, before), () =>
      run(operation, before, node, { action, cluster }),
    );
  }
  passedIn(operation).add(keyOf(node));
}

/**
 * Runs the hook `after` of a node that is back, if one is due, until it has succeeded once: a run that is killed
 * meanwhile leaves it due. @throws SwarmError `HookFailed`, `HooksUnknown`.
 */
export async function hookAfter(operation: Operation, node: HookedNode): Promise<void> {
  const action = readHookNote(await readLeaseLabels(operation, node), node.name);
  if (action === undefined) return;
  const { hooks, cluster } = declaredHooks(operation, node, true);
  const after = hookFor(hooks, 'after', node.name);
  if (after !== undefined) {
    await operation.step(sentenceOf(node, after), () =>
      run(operation, after, node, { action, cluster }),
    );
  }
  await changeLeaseLabels(operation, node, (labels) => withoutHookNote(labels, node.name));
  passedIn(operation).delete(keyOf(node));
}

/** Whether `after` of a node is due, by the labels kept beside the lease. */
export function isHookDue(leaseLabels: Labels, node: string): boolean {
  return readHookNote(leaseLabels, node) !== undefined;
}

/** A hook that has failed, or that this run does not know: the node itself is whole. */
export function isOfHooks(error: unknown): boolean {
  return error instanceof SwarmError && ['HookFailed', 'HooksUnknown'].includes(error.code);
}

/** The present program's: what is stored of a node is of the run before, and the swarm has no secrets of ours. */
function declaredHooks(
  operation: Operation,
  node: HookedNode,
  isDeclared: boolean,
): { readonly hooks: readonly Hook[]; readonly cluster: string } {
  const swarm = registeredSwarm(operation, node);
  if (swarm === undefined) {
    if (!isDeclared) return { hooks: [], cluster: '' };
    throw new SwarmError(
      'HooksUnknown',
      `${node.name}: hooks are declared, and this run has not registered the Swarm that has them; nothing more was done to ${node.name}; run \`pulumi up\` without \`--target\``,
      { source: 'user' },
    );
  }
  const { name } = swarm;
  return { hooks: hooksIn(swarm), cluster: typeof name === 'string' ? name : '' };
}

function hooksIn({ hooks }: PropertyMap): readonly Hook[] {
  return isList(hooks) ? (hooks as unknown as readonly Hook[]) : [];
}

function sentenceOf({ name }: HookedNode, { moment, command: [program = ''] }: Hook): string {
  return (moment === 'before' ? steps.hookBefore : steps.hookAfter)(name, program);
}

const consequences: Readonly<Record<HookMoment, (node: string) => string>> = {
  before: (node) => `nothing of ${node} was touched; mend it`,
  after: (node) => `${node} itself is back; the roll stops here; mend it`,
};

async function run(
  operation: Operation,
  hook: Hook,
  { name, role, address, clusterId }: HookedNode,
  { action, cluster }: { readonly action: HookAction; readonly cluster: string },
): Promise<void> {
  const { moment, command } = hook;
  const [program = ''] = command;
  const timeoutSeconds = hook.timeoutSeconds ?? defaultHookSeconds;
  const env = hookEnvironment(process.env, hook, {
    ...{ moment, action, cluster, clusterId, node: name, role, address },
  });
  const failed = (how: string, output: string, cause?: unknown): SwarmError => {
    const lines = quoteHookOutput(output, hook);
    return new SwarmError(
      'HookFailed',
      `${name}: hook ${moment} (${program}) ${how}; ${consequences[moment](name)}, and run \`pulumi up\` again, which runs it again` +
        (lines === '' ? '' : `. Last lines of its output:\n${lines}`),
      { source: 'user', cause },
    );
  };
  const result = await operation.effects.commands
    .run(command, { env, timeoutSeconds })
    .catch((error: unknown) => {
      throw failed(`did not run (${errorMessage(error)})`, '', error);
    });
  if (result.isTimedOut) {
    throw failed(`did not end within ${String(timeoutSeconds)} s and was stopped`, result.output);
  }
  if (result.ended !== 0) throw failed(`ended with ${String(result.ended)}`, result.output);
}
