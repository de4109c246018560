import assert from 'node:assert/strict';
import { describeReasons } from '../../../core/gate';
import {
  decideLease,
  freeLabels,
  readBaseline,
  readLease,
  takenLabels,
  withBaseline,
  withoutBaseline,
} from '../../../core/lease';
import { removal } from '../../../core/quorum';
import { steps } from '../../../core/steps';
import { whatIsUnsafe } from './oracle';
import { Stopped, act, requireAnswer, waitFor } from './run';
import type { Run } from './run';
import { askForNodes, gateFacts } from './sight';
import { answers, isAlive, isManager, membersOf, votersOf } from './world';
import type { Entry, World } from './world';

const secondsPerTick = 10;

/** The deletes of a node's chain, the last link first; each is told to Pulumi's state when it is done. */
export function takeChainDown(run: Run, name: string): void {
  const { world } = run;
  const record = world.records[name];
  assert.ok(record !== undefined);
  // A condemned chain's deletes come again on a resume, also those that were done.
  if (isManager(name)) {
    takeVipDown(run, name);
    record.isCondemned = true;
  }
  takeNodeOut(run, name, record.nodeId);
  record.isCondemned = true;
  record.hasNode = false;
  stopEngine(run, name);
  record.hasEngine = false;
  if (!record.hasMachine) return;
  act(run, steps.powerOff(name), () => {
    const machine = world.machines[name];
    assert.ok(machine !== undefined);
    assert.ok(
      !membersOf(world).some(({ id }) => id === machine.memory),
      `${name} is powered off while it is a member of raft`,
    );
    Object.assign(machine, { os: '', isOn: false, hasEngine: false, memory: '', seat: 'fine' });
  });
  record.hasMachine = false;
}

/** Passes the gate, and is judged by the truth for it: this is where a node is begun to be taken out. */
export function passGate(run: Run, name: string): void {
  const target = { name, role: isManager(name) ? 'manager' : 'worker' } as const;
  act(run, steps.gate(name), () => {
    waitFor(run, `the gate before ${name}`, () => {
      const verdict = run.gate(gateFacts(run.world, target.name), target);
      return verdict.isOpen ? true : `shut: ${describeReasons(verdict.reasons)}`;
    });
    const unsafe = whatIsUnsafe(run.world, name);
    assert.equal(unsafe, undefined, `the gate before ${name} opened`);
  });
}

function takeVipDown(run: Run, name: string): void {
  const { world } = run;
  if (world.records[name]?.hasVip !== true) return;
  const machine = world.machines[name];
  withLease(run, name, () => {
    requireAnswer(run);
    passGate(run, name);
    if (world.vip === name && machine !== undefined && answers(machine)) {
      const peer = Object.keys(world.records).find((other) => {
        const host = world.machines[other];
        const hasVip = world.records[other]?.hasVip === true;
        return other !== name && hasVip && host !== undefined && answers(host);
      });
      if (peer === undefined) throw new Stopped(`${name}: no other manager can take the address`);
      act(run, steps.handOverVip(name, peer), () => {
        world.vip = peer;
      });
    }
    act(run, steps.stopVip(name), () => {
      // The peer may have died since: then the address moves by itself.
      world.records[name]!.hasVip = false;
    });
  });
}

/** As the provider's own: by the ID of the node that Pulumi's state holds. */
export function takeNodeOut(run: Run, name: string, nodeId: string): void {
  const { world } = run;
  requireAnswer(run);
  const machine = world.machines[name];
  assert.ok(machine !== undefined);
  const forget = (): void => {
    world.lease = withoutBaseline(world.lease, name);
  };
  const entry = world.entries.find(({ id }) => id === nodeId);
  if (entry === undefined) {
    if (answers(machine) && machine.hasEngine && machine.memory === nodeId && nodeId !== '') {
      act(run, steps.leave(name), () => {
        machine.memory = '';
      });
    }
    forget();
    return;
  }
  let isOwn = false;
  waitFor(run, `${name} answers, or is seen down`, () => {
    isOwn = answers(machine) && machine.hasEngine && ['', nodeId].includes(machine.memory);
    return isOwn || entry.state === 'down' || `the swarm sees it ${entry.state}`;
  });
  withLease(run, name, () => {
    passGate(run, name);
    if (readBaseline(world.lease, name) === undefined) {
      world.lease = withBaseline(world.lease, name, { web: world.size.workers });
    }
    act(run, steps.drain(name), () => {
      requireAnswer(run);
      entry.availability = 'drain';
    });
    if (entry.isMember || entry.role === 'manager') demote(run, entry);
    if (isOwn) {
      act(run, steps.leave(name), () => {
        if (!answers(machine)) throw new Stopped(`${name} does not answer`);
        if (machine.memory === '') return;
        assert.ok(!entry.isMember, `${name} leaves as a member of raft`);
        machine.memory = '';
      });
    }
    remove(run, entry, isOwn);
  });
  forget();
}

/** The leader refuses without a word what would cost it the quorum; then the node is as it was. */
export function demote(run: Run, entry: Entry): void {
  const { world } = run;
  const { name } = entry;
  act(run, steps.demote(name), () => {
    requireAnswer(run);
    const voters = votersOf(world).filter(({ id }) => id !== entry.id).length;
    if (entry.isMember && !removal(membersOf(world).length, voters).isAllowed) {
      entry.availability = 'active';
      world.lease = withoutBaseline(world.lease, name);
      throw new Stopped(`${name}: the leader refuses its demotion`);
    }
    if (entry.isMember && isDeclared(world, name) && isAlive(world, entry)) {
      world.takenOut.push(name);
    }
    entry.isMember = false;
    entry.role = 'worker';
    // The demoted leader hands over first; everybody registers with the new one.
    if (world.leader === entry.id) {
      world.leader = votersOf(world)[0]?.id ?? '';
      for (const other of world.entries) {
        if (other.state !== 'down') other.state = 'unknown';
      }
    }
  });
}

export function remove(run: Run, entry: Entry, hasLeft: boolean): void {
  act(run, steps.remove(entry.name), () => {
    requireAnswer(run);
    assert.ok(!entry.isMember, `the entry of ${entry.name} is removed as a member of raft`);
    waitFor(run, `the entry of ${entry.name} is removed`, () =>
      hasLeft || entry.state === 'down' ? true : `it is ${entry.state}`,
    );
    run.world.entries = run.world.entries.filter((other) => other !== entry);
  });
}

function stopEngine(run: Run, name: string): void {
  act(run, steps.stopEngine(name), () => {
    const machine = run.world.machines[name];
    if (machine !== undefined && answers(machine)) machine.hasEngine = false;
  });
}

/** The lease by its own decisions: a dead holder's stands still, and is taken over. */
function withLease(run: Run, name: string, action: () => void): void {
  const { world, holder } = run;
  let seen = world.leaseVersion;
  let unmovedSeconds = 0;
  waitFor(run, 'the lease', () => {
    requireAnswer(run);
    if (world.leaseVersion !== seen) unmovedSeconds = 0;
    seen = world.leaseVersion;
    const decision = decideLease(readLease(world.lease), holder, unmovedSeconds * 1000);
    unmovedSeconds += secondsPerTick;
    return decision.next === 'take' ? true : decision.why;
  });
  world.leaseVersion += 1;
  const lease = { holder, operation: `take ${name} out`, since: 'then' };
  world.lease = takenLabels(world.lease, lease, world.leaseVersion);
  try {
    action();
  } catch (error) {
    if (error instanceof Stopped && askForNodes(world) !== undefined) free(world);
    throw error;
  }
  free(world);
}

function free(world: World): void {
  world.lease = freeLabels(world.lease);
  world.leaseVersion += 1;
}

function isDeclared(world: World, name: string): boolean {
  return world.records[name] !== undefined;
}
