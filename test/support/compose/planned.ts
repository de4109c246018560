import assert from 'node:assert/strict';
import { faultText } from '../../../core/compose/composeFault';
import { loadCompose, type Compose } from '../../../core/compose/loadCompose';
import type { Variables } from '../../../core/compose/interpolate';
import { planStack, type StackContents, type StackPlan } from '../../../core/stack/stackPlan';
import { inwardDigests } from '../../../provider/operations/stack/digests';

interface Given {
  readonly variables?: Variables;
  readonly envFiles?: Readonly<Record<string, string>>;
  readonly configs?: StackContents['configs'];
  readonly secrets?: StackContents['secrets'];
}

/** Files by name, in order, as one; a text alone is `stack.yml`. */
export function load(
  files: string | Readonly<Record<string, string>>,
  given: Given = {},
): ReturnType<typeof loadCompose> {
  const named = typeof files === 'string' ? { 'stack.yml': files } : files;
  return loadCompose({
    files: Object.entries(named).map(([name, text]) => ({ name, text })),
    variables: given.variables ?? {},
    envFiles: given.envFiles ?? {},
  });
}

export function loaded(...args: Parameters<typeof load>): Compose {
  const result = load(...args);
  assert.ok('compose' in result, 'faults' in result ? result.faults.map(faultText).join('\n') : '');
  return result.compose;
}

/** Every fault of reading and planning, as a user sees it. */
export function faultsOf(...[files, given = {}]: Parameters<typeof load>): readonly string[] {
  const result = load(files, given);
  if ('faults' in result) return result.faults.map(faultText);
  const planned = plan(result.compose, given);
  return 'faults' in planned ? planned.faults.map(faultText) : [];
}

export function planned(...[files, given = {}]: Parameters<typeof load>): StackPlan {
  const result = plan(loaded(files, given), given);
  assert.ok('plan' in result, 'faults' in result ? result.faults.map(faultText).join('\n') : '');
  return result.plan;
}

function plan(compose: Compose, given: Given): ReturnType<typeof planStack> {
  const { variables = {}, configs = {}, secrets = {} } = given;
  const contents = { variables, configs, secrets };
  return planStack({ name: 'demo', compose, contents, digests: inwardDigests });
}
