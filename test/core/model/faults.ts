import { Killed } from './run';
import { entryOn, hasMajority, isManager, membersOf, oldOs, tick } from './world';
import type { Entry, World } from './world';

/** One fault, and what mends it later. `turn` is the node whose chain is under way. */
export interface Fault {
  readonly name: string;
  /** It is the process that dies, and with it what it knew. */
  readonly isOfProcess?: true;
  /** Throws `Killed` when it is the process that dies. */
  readonly strike: (world: World, turn: string) => void;
  readonly repair: (world: World, turn: string) => void;
}

/** Somebody else than the node in turn: the first one that is not it. */
function another(world: World, turn: string, isWanted: (name: string) => boolean): string {
  return Object.keys(world.records).find((name) => name !== turn && isWanted(name)) ?? '';
}

function powerOf(
  name: string,
  choose: (world: World, turn: string) => string,
  key: 'isOn' | 'isLinked',
): Fault {
  const set = (value: boolean) => (world: World, turn: string) => {
    const machine = world.machines[choose(world, turn)];
    // A machine that is not there is none that could lose its power.
    if (machine !== undefined && machine.os !== '') machine[key] = value;
    tick(world);
  };
  const chosen = new WeakMap<World, string>();
  return {
    name,
    strike: (world, turn) => {
      chosen.set(world, choose(world, turn));
      set(false)(world, turn);
    },
    repair: (world) => {
      const machine = world.machines[chosen.get(world) ?? ''];
      if (machine !== undefined) {
        if (machine.os !== '') machine[key] = true;
        machine.isLinked = true;
      }
      for (let time = 0; time < 3; time += 1) tick(world);
    },
  };
}

function leaderOf(world: World): string {
  return world.entries.find(({ id }) => id === world.leader)?.name ?? '';
}

/** A member that votes for nobody, and that no machine is behind. */
function addMember(world: World, entry: Entry): void {
  world.entries.push({ ...entry, state: 'down', reachability: 'unreachable' });
  tick(world);
}

const settle = (world: World): void => {
  for (let time = 0; time < 3; time += 1) tick(world);
};

export const faults: readonly Fault[] = [
  {
    name: 'the process is killed',
    isOfProcess: true,
    strike: () => {
      throw new Killed();
    },
    repair: settle,
  },
  powerOf('another manager dies', (world, turn) => another(world, turn, isManager), 'isOn'),
  powerOf(
    'the link of the last manager is cut',
    (world, turn) =>
      Object.keys(world.records)
        .reverse()
        .find((name) => isManager(name) && name !== turn) ?? '',
    'isLinked',
  ),
  powerOf('the node in turn dies', (_, turn) => turn, 'isOn'),
  powerOf('the link of the node in turn is cut', (_, turn) => turn, 'isLinked'),
  powerOf('the leader dies', leaderOf, 'isOn'),
  powerOf(
    'another worker dies',
    (world, turn) => another(world, turn, (name) => !isManager(name)),
    'isOn',
  ),
  {
    name: 'an undeclared member falls silent',
    strike: (world) => {
      addMember(world, entryOn('m9', 'id-m9', oldOs));
    },
    // The head of the next run evicts it, unless its vote was the one that is missing.
    repair: (world) => {
      if (!hasMajority(world)) world.entries = world.entries.filter(({ id }) => id !== 'id-m9');
      settle(world);
    },
  },
  {
    name: 'an earlier life of another manager appears as a member',
    strike: (world, turn) => {
      const name = another(world, turn, isManager);
      if (name !== '') addMember(world, entryOn(name, 'id-earlier', oldOs));
    },
    repair: (world) => {
      world.entries = world.entries.filter(({ id }) => id !== 'id-earlier');
      settle(world);
    },
  },
];

/** Why a world is not what was declared; undefined: it is. */
export function whyNotReached(world: World, wanted: (name: string) => string): string | undefined {
  for (const [name, record] of Object.entries(world.records)) {
    const entries = world.entries.filter((entry) => entry.name === name);
    const [entry] = entries;
    const machine = world.machines[name];
    if (entries.length !== 1 || entry === undefined) {
      return `${name} has ${String(entries.length)} entries`;
    }
    if (machine?.os !== wanted(name)) return `${name} runs ${machine?.os ?? 'nothing'}`;
    if (machine.memory !== entry.id || record.nodeId !== entry.id) return `${name} is another node`;
    if (entry.state !== 'ready' || entry.availability !== 'active') return `${name} is not back`;
    if (entry.isMember !== isManager(name)) return `${name} has the wrong role`;
  }
  const stale = world.entries.filter(({ name }) => world.records[name] === undefined);
  if (stale.length > 0) return `${stale.map(({ name }) => name).join()} is still there`;
  return membersOf(world).length === world.size.managers ? undefined : 'a manager is missing';
}
