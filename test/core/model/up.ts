import assert from 'node:assert/strict';
import { isEvictable } from '../../../core/evictable';
import { gate } from '../../../core/gate';
import { planRollout } from '../../../core/rollout';
import { steps } from '../../../core/steps';
import { buildChainUp } from './putIn';
import { Killed, Stopped, requireAnswer } from './run';
import type { Run } from './run';
import { askForNodes, declarationOf, rolloutFacts, wantedOsOf } from './sight';
import { demote, remove, takeChainDown, takeNodeOut } from './takeOut';
import type { World } from './world';

export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'killed' }
  | { readonly is: 'stopped'; readonly why: string };

let runs = 0;

/** One `pulumi up`: the plan with its verdict, the head of the run, and every node in the plan's order. */
export function up(
  world: World,
  options: { readonly at?: Run['at']; readonly gate?: typeof gate } = {},
): Outcome {
  runs += 1;
  const run: Run = {
    world,
    gate: options.gate ?? gate,
    holder: `run-${String(runs)}`,
    at: options.at ?? (() => undefined),
  };
  try {
    const plan = planRollout(declarationOf(world), rolloutFacts(world));
    assert.notEqual(plan.swarm, 'none', 'a second swarm would be founded');
    if (plan.reasons.length > 0) throw new Stopped(`preview: ${plan.reasons.join('; ')}`);
    evict(run);
    for (const name of [...plan.managers, ...plan.batches.flat()]) roll(run, name);
    return { is: 'done' };
  } catch (error) {
    if (error instanceof Killed) return { is: 'killed' };
    if (error instanceof Stopped) return { is: 'stopped', why: error.message };
    throw error;
  }
}

function roll(run: Run, name: string): void {
  const record = run.world.records[name];
  assert.ok(record !== undefined);
  const os = wantedOsOf(run.world, name);
  // The engine repeats the deletes of a chain whose creates are not all done.
  if (record.os !== os || !record.hasMachine) takeChainDown(run, name);
  else if (record.isCondemned && !record.hasNode) takeNodeOut(run, name, record.nodeId);
  buildChainUp(run, name, os);
}

/** The head of the run, as `evictUndeclared`. */
function evict(run: Run): void {
  const { world } = run;
  const declared = Object.keys(world.records);
  const silent = (askForNodes(world) ?? []).filter((node) => isEvictable(node, declared));
  for (const { id } of silent) {
    const entry = world.entries.find((other) => other.id === id);
    if (entry === undefined) continue;
    run.at(steps.evict(entry.name), 'before');
    requireAnswer(run);
    if (entry.isMember) demote(run, entry);
    remove(run, entry, false);
  }
}
