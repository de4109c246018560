import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { faults, whyNotReached } from './faults';
import type { Fault } from './faults';
import type { Phase } from './run';
import { wantedOsOf } from './sight';
import { createWorld } from './world';
import type { World } from './world';
import { up } from './up';
import type { Outcome } from './up';

/** One end of one step of a roll that nothing disturbs, and the world as it was when its node's turn came. */
interface Point {
  readonly sentence: string;
  readonly phase: Phase;
  readonly turn: string;
  readonly before: World;
  /** Ends of steps since the turn came. */
  readonly index: number;
}

function pointsOf(world: World): readonly Point[] {
  const points: Point[] = [];
  let [turn, before, first] = ['', world, 0];
  const outcome = up(world, {
    at: (sentence, phase) => {
      const name = turnOf(world, sentence);
      if (name !== turn) [turn, before, first] = [name, structuredClone(world), points.length];
      points.push({ sentence, phase, turn, before, index: points.length - first });
    },
  });
  assert.deepEqual(outcome, { is: 'done' });
  assert.equal(goal(world), undefined);
  return points;
}

/** The first node that a step's sentence names. */
function turnOf(world: World, sentence: string): string {
  return sentence.split(/[ ,]/).find((word) => world.records[word] !== undefined) ?? '';
}

function goal(world: World): string | undefined {
  return whyNotReached(world, (name) => wantedOsOf(world, name));
}

function strikeAt(world: World, point: Point, fault: Fault): Outcome {
  let index = 0;
  const outcome = up(world, {
    at: () => {
      const isHere = index === point.index;
      index += 1;
      if (isHere) fault.strike(world, point.turn);
    },
  });
  assert.ok(index > point.index, 'the run never came to this point');
  return outcome;
}

/** A fault in the middle, a run while it lasts, its repair, and runs until the goal. Returns how the first run ended. */
function story(point: Point, fault: Fault): Outcome['is'] {
  const world = structuredClone(point.before);
  const first = strikeAt(world, point, fault);
  const whys = [first];
  if (first.is === 'stopped') whys.push(up(world));
  fault.repair(world, point.turn);
  for (let run = 0; run < 3 && goal(world) !== undefined; run += 1) whys.push(up(world));
  assert.equal(goal(world), undefined, JSON.stringify(whys));
  return first.is;
}

function tell(point: Point, fault: Fault): Outcome['is'] {
  try {
    return story(point, fault);
  } catch (error) {
    assert.fail(`${fault.name}, ${point.phase} "${point.sentence}": ${String(error)}`);
  }
}

/** What strikes at the end of a step strikes before the next one, unless it loses what the step brought. */
function isOfInterest({ phase }: Point, { isOfProcess }: Fault): boolean {
  return phase === 'before' || isOfProcess === true;
}

describe('model of the rollout: one fault at any step', () => {
  for (const managers of [1, 2, 3, 4, 5]) {
    const points = pointsOf(createWorld({ managers, workers: 2 }));
    for (const fault of faults) {
      const own = points.filter((point) => isOfInterest(point, fault));
      it(`${String(managers)} managers: ${fault.name}, at each of ${String(own.length)} points`, () => {
        const ends = own.map((point) => tell(point, fault));
        // Otherwise nothing was struck that anybody would have noticed.
        if (managers >= 3) assert.ok(ends.some((end) => end !== 'done'));
      });
    }
  }

  for (const managers of [6, 7]) {
    it(`${String(managers)} managers: any fault at any point`, () => {
      const points = pointsOf(createWorld({ managers, workers: 3 }));
      fc.assert(
        fc.property(fc.constantFrom(...points), fc.constantFrom(...faults), (point, fault) => {
          tell(point, fault);
        }),
        {
          numRuns: 150,
        },
      );
    });
  }
});
