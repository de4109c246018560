import assert from 'node:assert/strict';
import type { gate } from '../../../core/gate';
import { askForNodes } from './sight';
import { hasMajority, membersOf, tick } from './world';
import type { World } from './world';

/** The run gave up, with its reason, as an operation does at its timeout or a preview by its reasons. */
export class Stopped extends Error {}

/** The process was killed: nothing that was only in its memory is known any more. */
export class Killed extends Error {}

export type Phase = 'before' | 'after';

/** One `pulumi up`. */
export interface Run {
  readonly world: World;
  readonly gate: typeof gate;
  /** Unique per run: the lease's holder. */
  readonly holder: string;
  /** Called at both ends of every step; may change the world, or throw `Killed`. */
  readonly at: (sentence: string, phase: Phase) => void;
}

/** One step: its effect may cost nobody the majority that was there before it. */
export function act(run: Run, sentence: string, effect: () => void): void {
  run.at(sentence, 'before');
  const had = hasMajority(run.world);
  effect();
  noteTakenOut(run.world);
  assert.ok(!had || hasMajority(run.world), `"${sentence}" cost the majority`);
  assert.ok(
    run.world.takenOut.length <= 1,
    `"${sentence}": out by our doing are ${run.world.takenOut.join(' and ')}`,
  );
  run.at(sentence, 'after');
}

/** Time passes until a condition holds; it says why it does not yet. */
export function waitFor(run: Run, what: string, condition: () => true | string): void {
  let why: true | string = true;
  for (let time = 0; time < 6; time += 1) {
    why = condition();
    if (why === true) return;
    tick(run.world);
    noteTakenOut(run.world);
  }
  throw new Stopped(`${what}: ${String(why)}`);
}

/** A request to the swarm, which any manager answers that has a leader. */
export function requireAnswer(run: Run): void {
  waitFor(run, 'asking the swarm', () =>
    askForNodes(run.world) === undefined ? 'no manager answers' : true,
  );
}

/** A manager is back as soon as it is a member again, or when nobody wants it to be one. */
function noteTakenOut(world: World): void {
  world.takenOut = world.takenOut.filter(
    (name) => !membersOf(world).some((entry) => entry.name === name),
  );
}
