import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gate } from '../../../core/gate';
import type { GateReason } from '../../../core/gate';
import { steps } from '../../../core/steps';
import { Stopped } from './run';
import type { Run } from './run';
import { passGate } from './takeOut';
import { up } from './up';
import { createWorld, entryOn, oldOs, runningMachine } from './world';
import type { Seat, World } from './world';

type Code = GateReason['code'];

/** What goes wrong at the gate of the first manager, or of `target`, when nobody but one term can know. */
interface Case {
  readonly what: string;
  readonly target?: string;
  readonly managers?: number;
  readonly strike: (world: World) => void;
}

/** The manager before the gate is m1, the leader m2 (of three) or m3 (of five). */
function seat(value: Seat) {
  return (world: World): void => {
    const machine = world.machines['m3'];
    assert.ok(machine !== undefined);
    machine.seat = value;
  };
}

/** The truth is broken already, and the leader's view is as it was: the gate has only the term's own sight. */
const cases: Record<Code, Case> = {
  NoAnswer: { what: 'another manager hangs, and the leader believes in it', strike: seat('hung') },
  WrongCluster: { what: 'another manager was put into another swarm', strike: seat('foreign') },
  NotInControl: { what: 'the manager of another node stopped', strike: seat('stopped') },
  Locked: { what: 'another manager was restarted and is locked', strike: seat('locked') },
  ManagerError: { what: 'another manager has lost its leader', strike: seat('leaderless') },
  DifferentLeader: { what: 'another manager follows another leader', strike: seat('split') },
  DifferentMembers: {
    what: 'only one manager has heard of a further member, which is dead',
    strike: (world) => {
      world.entries.push({ ...entryOn('m9', 'id-m9', oldOs), hiddenFrom: ['m1', 'm2'] });
    },
  },
  ManagerOut: {
    what: 'another manager answers us, and nobody hears it in raft',
    managers: 5,
    strike: (world) => {
      const entry = world.entries.find(({ name }) => name === 'm4');
      const machine = world.machines['m4'];
      assert.ok(entry !== undefined && machine !== undefined);
      machine.seat = 'unheard';
      entry.reachability = 'unreachable';
    },
  },
  StaleMember: {
    what: 'a member is silent, and nobody declares it',
    strike: (world) => {
      const entry = entryOn('m9', 'id-m9', oldOs);
      world.entries.push({ ...entry, state: 'down', reachability: 'unreachable' });
    },
  },
  RootRotation: {
    what: 'the root CA rotates',
    strike: (world) => {
      world.isRotating = true;
    },
  },
  LeaderSettling: {
    what: 'a worker has not registered with the leader, and is dead',
    strike: (world) => {
      const [entry] = world.entries.filter(({ name }) => name === 'w1');
      assert.ok(entry !== undefined);
      entry.state = 'unknown';
      world.machines['w1']!.isOn = false;
    },
  },
  Quorum: {
    what: 'a manager that becomes a worker has an earlier life, which would stay behind as a member',
    managers: 1,
    target: 'm9',
    strike: (world) => {
      const entry = entryOn('m9', 'id-earlier', oldOs);
      world.entries.push({ ...entry, state: 'down', reachability: 'unreachable' });
    },
  },
  ServicesBelowBaseline: {
    what: 'services are short since another node went',
    strike: (world) => {
      world.poorSince = 'm3';
    },
  },
  WorkersOut: {
    what: 'another worker is down',
    target: 'w1',
    strike: (world) => {
      const [entry] = world.entries.filter(({ name }) => name === 'w2');
      assert.ok(entry !== undefined);
      entry.state = 'down';
      world.machines['w2']!.isOn = false;
    },
  },
};

/** The gate without one of its terms. */
function without(code: Code | undefined): typeof gate {
  return (facts, target) => {
    const verdict = gate(facts, target);
    const reasons = verdict.reasons.filter((reason) => reason.code !== code);
    return { ...verdict, reasons, isOpen: reasons.length === 0 };
  };
}

function createWorldOf({ managers = 3, target }: Case): World {
  const world = createWorld({ managers, workers: 2 });
  if (target === 'm9') {
    world.machines['m9'] = runningMachine('m9', 'id-m9');
    world.entries.push(entryOn('m9', 'id-m9', oldOs));
  }
  return world;
}

/** A run that meets the case at its gate; returns why the gate stayed shut when it looked first. */
function meet(one: Case, dropped: Code | undefined): ReadonlySet<Code> {
  const world = createWorldOf(one);
  const shut: ReadonlySet<Code>[] = [];
  const target = one.target ?? 'm1';
  let isStruck = false;
  const at: Run['at'] = (sentence, phase) => {
    if (isStruck || phase === 'after' || sentence !== steps.gate(target)) return;
    isStruck = true;
    one.strike(world);
  };
  const loose: typeof gate = (facts, going) => {
    const verdict = without(dropped)(facts, going);
    if (isStruck) shut.push(new Set(verdict.reasons.map(({ code }) => code)));
    return verdict;
  };
  const run = { world, gate: loose, at };
  if (target === 'm9') meetAlone({ ...run, holder: 'run' }, target);
  else up(world, run);
  assert.ok(shut[0] !== undefined, 'the run never came to this gate');
  return shut[0];
}

/** A change of role has a gate of its own. */
function meetAlone(run: Run, target: string): void {
  try {
    passGate(run, target);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

const codes = Object.keys(cases) as Code[];

describe('model of the rollout: a gate that lost one of its terms', () => {
  for (const code of codes) {
    const one = cases[code];
    it(`${code}: ${one.what}`, () => {
      // The whole gate gives up in time, or goes on when time has mended it.
      assert.deepEqual(meet(one, undefined), new Set([code]), 'other terms know of it too');
      assert.throws(
        () => meet(one, code),
        /the gate before \w+ opened/,
        'nobody noticed that the term is gone',
      );
    });
  }
});
