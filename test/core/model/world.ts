import { managedLabel, osLabel } from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { addressOfNode, names } from '../support/swarmFacts';
import type { SwarmSize } from '../support/swarmFacts';

/**
 * A swarm as small as the rollout's decisions allow. It knows the truth about every machine beside
 * what the leader believes, and both only meet when time passes (`tick`).
 */
export interface World {
  readonly size: SwarmSize;
  readonly wantedOs: string;
  readonly machines: Record<string, Machine>;
  /** Entries of the swarm's list. */
  entries: Entry[];
  /** Entry ID; empty without a leader. */
  leader: string;
  isRotating: boolean;
  /** The node since whose departure a service runs fewer tasks than before; empty: none does. */
  poorSince: string;
  /** Labels of the lease's config object, and how often it moved. */
  lease: Labels;
  leaseVersion: number;
  /** Who holds the virtual IP; empty: nobody. */
  vip: string;
  /** What Pulumi's state says of each node's chain. */
  readonly records: Record<string, ChainRecord>;
  /** Managers that our own steps took out of raft and did not bring back yet. */
  takenOut: string[];
  nextId: number;
}

/**
 * What keeps a manager from voting although its machine runs: the host hangs, its manager stopped or is locked,
 * it has lost its leader, it serves another swarm, it stands on the other side of a split, or nobody hears
 * it in raft.
 */
export type Seat =
  'fine' | 'hung' | 'stopped' | 'locked' | 'leaderless' | 'foreign' | 'split' | 'unheard';

export interface Machine {
  readonly name: string;
  /** Empty: there is no machine. */
  os: string;
  isOn: boolean;
  isLinked: boolean;
  hasEngine: boolean;
  /** Node ID that its engine remembers; empty outside a swarm. */
  memory: string;
  seat: Seat;
}

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  role: 'manager' | 'worker';
  availability: 'active' | 'drain';
  isMember: boolean;
  labels: Labels;
  /** The leader's view, as old as the last tick. */
  state: 'ready' | 'down' | 'unknown';
  reachability: 'reachable' | 'unreachable';
  /** Managers that have not heard of it yet. */
  hiddenFrom: string[];
}

/** `condemned`: a delete of the chain is done, and the creates are not. */
export interface ChainRecord {
  os: string;
  nodeId: string;
  isCondemned: boolean;
  hasMachine: boolean;
  hasEngine: boolean;
  hasNode: boolean;
  hasVip: boolean;
}

export const oldOs = 'debian:12';
export const newOs = 'debian:13';

export function isManager(name: string): boolean {
  return name.startsWith('m');
}

/** Everything healthy on the old OS, the leader in the middle of the declaration. */
export function createWorld(size: SwarmSize, wantedOs = newOs): World {
  const all = [...names('m', size.managers), ...names('w', size.workers)];
  return {
    size,
    wantedOs,
    machines: Object.fromEntries(all.map((name) => [name, runningMachine(name, `id-${name}`)])),
    entries: all.map((name) => entryOn(name, `id-${name}`, oldOs)),
    leader: `id-m${String(Math.ceil(size.managers / 2))}`,
    isRotating: false,
    poorSince: '',
    lease: {},
    leaseVersion: 1,
    vip: 'm1',
    records: Object.fromEntries(all.map((name) => [name, record(name)])),
    takenOut: [],
    nextId: 1,
  };
}

export function runningMachine(name: string, memory: string, os = oldOs): Machine {
  return { name, os, isOn: true, isLinked: true, hasEngine: true, memory, seat: 'fine' };
}

export function entryOn(name: string, id: string, os: string): Entry {
  return {
    id,
    name,
    address: addressOfNode(name),
    role: isManager(name) ? 'manager' : 'worker',
    availability: 'active',
    isMember: isManager(name),
    labels: { [managedLabel]: 'true', [osLabel]: os },
    state: 'ready',
    reachability: 'reachable',
    hiddenFrom: [],
  };
}

function record(name: string): ChainRecord {
  return {
    os: oldOs,
    nodeId: `id-${name}`,
    isCondemned: false,
    hasMachine: true,
    hasEngine: true,
    hasNode: true,
    hasVip: isManager(name),
  };
}

/** Answers on the network: to us, and to the other nodes. */
export function answers({ isOn, isLinked, os, seat }: Machine): boolean {
  return isOn && isLinked && os !== '' && seat !== 'hung';
}

/** In truth, now: this entry's own machine takes part in the swarm. */
export function isAlive(world: World, entry: Entry): boolean {
  const machine = world.machines[entry.name];
  return (
    machine !== undefined &&
    answers(machine) &&
    machine.hasEngine &&
    machine.seat === 'fine' &&
    machine.memory === entry.id
  );
}

export function membersOf(world: World): readonly Entry[] {
  return world.entries.filter(({ isMember }) => isMember);
}

export function votersOf(world: World): readonly Entry[] {
  return membersOf(world).filter((entry) => isAlive(world, entry));
}

/** In truth: more than half of the members vote. Written without core's own arithmetic on purpose. */
export function hasMajority(world: World): boolean {
  return 2 * votersOf(world).length > membersOf(world).length;
}

/** Time passes: an election where one is due, and the leader's view comes up to the truth. */
export function tick(world: World): void {
  for (const entry of world.entries) entry.hiddenFrom = [];
  const voters = votersOf(world);
  if (!hasMajority(world)) {
    world.leader = '';
    return;
  }
  if (!voters.some(({ id }) => id === world.leader)) {
    world.leader = voters[0]?.id ?? '';
    for (const entry of world.entries) {
      // After every change of leader, everybody that is not down has to register again.
      if (entry.state !== 'down') entry.state = 'unknown';
    }
    return;
  }
  for (const entry of world.entries) {
    entry.state = isAlive(world, entry) ? 'ready' : 'down';
    entry.reachability = isAlive(world, entry) ? 'reachable' : 'unreachable';
  }
  const holder = world.machines[world.vip];
  if (holder === undefined || !answers(holder) || world.records[world.vip]?.hasVip !== true) {
    world.vip =
      Object.keys(world.records).find((name) => {
        const machine = world.machines[name];
        return world.records[name]?.hasVip === true && machine !== undefined && answers(machine);
      }) ?? '';
  }
}
