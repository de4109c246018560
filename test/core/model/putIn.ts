import assert from 'node:assert/strict';
import { managedLabel, osLabel } from '../../../core/labels';
import { withoutBaseline } from '../../../core/lease';
import { steps } from '../../../core/steps';
import { Stopped, act, requireAnswer, waitFor } from './run';
import type { Run } from './run';
import { demote, remove } from './takeOut';
import { answers, entryOn, isAlive, isManager } from './world';
import type { Entry, Machine } from './world';

/** The creates of a node's chain; each is told to Pulumi's state when it is done. */
export function buildChainUp(run: Run, name: string, os: string): void {
  const { world } = run;
  const record = world.records[name];
  const machine = world.machines[name];
  assert.ok(record !== undefined && machine !== undefined);
  if (!record.hasMachine) {
    act(run, steps.powerOn(name, os), () => {
      // A Create that comes again finds its own machine and takes it as it is.
      if (machine.os === os) machine.isOn = true;
      else Object.assign(machine, { os, isOn: true, hasEngine: false, memory: '' });
    });
    Object.assign(record, { hasMachine: true, os });
  }
  if (!record.hasEngine) {
    for (const step of [steps.installEngine, steps.startEngine, steps.checkEngine]) {
      act(run, step(name), () => {
        requireHost(machine);
        if (step === steps.startEngine) machine.hasEngine = true;
      });
    }
    record.hasEngine = true;
  }
  if (!record.hasNode) {
    record.nodeId = putNodeIn(run, machine, os);
    record.hasNode = true;
  }
  if (isManager(name) && !record.hasVip) {
    for (const step of [steps.installVip, steps.startVip]) {
      act(run, step(name), () => {
        requireHost(machine);
      });
    }
    record.hasVip = true;
  }
  record.isCondemned = false;
}

function putNodeIn(run: Run, machine: Machine, os: string): string {
  const { world } = run;
  const { name } = machine;
  requireAnswer(run);
  requireHost(machine);
  const present = world.entries.find(({ id }) => id === machine.memory);
  if (present === undefined && machine.memory !== '') {
    act(run, steps.leave(name), () => {
      machine.memory = '';
    });
  }
  if (present === undefined) {
    for (const stale of world.entries.filter((entry) => entry.name === name)) {
      if (stale.isMember) demote(run, stale);
      remove(run, stale, true);
    }
    act(run, steps.checkPeers(name), () => {
      requireHost(machine);
    });
    act(run, steps.join(name, isManager(name) ? 'manager' : 'worker'), () => {
      requireAnswer(run);
      requireHost(machine);
      if (world.isRotating) throw new Stopped(`${name}: its token is of another root CA`);
      join(run, machine, os);
    });
  }
  const entry = world.entries.find(({ id }) => id === machine.memory);
  assert.ok(entry !== undefined);
  act(run, steps.label(name), () => {
    requireAnswer(run);
    entry.labels = { [managedLabel]: 'true', [osLabel]: os };
  });
  act(run, steps.ready(name), () => {
    waitFor(run, `${name} is ready`, () => {
      requireAnswer(run);
      const isBack = isAlive(world, entry) && entry.reachability === 'reachable';
      return (isBack && entry.state === 'ready') || `it is ${entry.state}`;
    });
  });
  act(run, steps.activate(name, 'active'), () => {
    requireAnswer(run);
    entry.availability = 'active';
  });
  world.lease = withoutBaseline(world.lease, name);
  return entry.id;
}

/** A joining manager counts for the quorum at once: raft adds no learner. */
function join(run: Run, machine: Machine, os: string): void {
  const { world } = run;
  const id = `id-${machine.name}-${String(world.nextId)}`;
  world.nextId += 1;
  const entry: Entry = {
    ...entryOn(machine.name, id, os),
    availability: 'drain',
    labels: {},
    state: 'unknown',
  };
  machine.memory = id;
  world.entries.push(entry);
}

function requireHost(machine: Machine): void {
  if (!answers(machine)) throw new Stopped(`${machine.name} does not answer`);
}
