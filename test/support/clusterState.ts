import assert from 'node:assert/strict';
import { parseRaisedFor } from '../../core/keepalived/raiseKeepalived';
import { leaseConfigName, readLease } from '../../core/lease';
import { keepalivedPath } from '../../core/keepalived/keepalivedUnit';
import { lab } from './declaredCluster';
import { FakeWorld } from './fakeWorld/fakeWorld';
import type { WorldState } from './fakeWorld/fakeWorld';
import { isLive, machineOfNode } from './fakeWorld/machines';
import type { Store } from './fakeWorld/store';
import { ProviderProcess } from './providerHarness';
import type { Transcript } from './providerHarness';
import type { Declared } from './declaredCluster';
import { Stack } from './providerStack';

/** A world with a founded cluster, and the stack that knows it. */
export async function founded(
  world: FakeWorld,
  declared: Declared,
  transcript?: Transcript,
): Promise<Stack> {
  const stack = new Stack(declared);
  await stack.found(new ProviderProcess(world, transcript === undefined ? {} : { transcript }));
  return stack;
}

/**
 * A world and its stack as they are now, twice: what happens to the copy does not happen to the first.
 * `watch` sees the copy's state after every operation on it.
 */
export function copyOf(
  world: FakeWorld,
  stack: Stack,
  watch: (state: WorldState) => void = () => undefined,
): { readonly world: FakeWorld; readonly stack: Stack } {
  const state = world.edit((whole) => whole);
  const copy = new Stack(stack.declared);
  for (const [key, saved] of stack.saved) copy.saved.set(key, saved);
  const store: Store = {
    transact: (body) => {
      try {
        return body(state);
      } finally {
        watch(state);
      }
    },
  };
  return { world: new FakeWorld(store), stack: copy };
}

/** What must hold at every moment of a roll, and when it did not. */
export function watchSafety(): {
  readonly watch: (state: WorldState) => void;
  readonly faults: ReadonlySet<string>;
} {
  const faults = new Set<string>();
  const watch = (state: WorldState): void => {
    for (const { members } of Object.values(state.swarms)) {
      const reachable = members.filter((id) => isLive(state, id) && !isBehind(state, id)).length;
      if (reachable * 2 <= members.length) {
        faults.add(`${String(reachable)} of ${String(members.length)} members were reachable`);
      }
    }
    for (const [address, { holder }] of Object.entries(state.vips)) {
      if (holder === undefined) faults.add(`nobody held ${address}`);
    }
  };
  return { watch, faults };
}

function isBehind(state: WorldState, nodeId: string): boolean {
  return machineOfNode(state, nodeId)?.engine.membership?.isBehind === true;
}

/** Everything that holds of a cluster that is as declared, with nothing left over of what led there. */
export function assertAsDeclared(
  world: FakeWorld,
  stack: Stack,
  options: {
    /** A process that was killed at its last step left its lease behind, which lapses by itself. Default: false. */
    readonly mayHaveDeadLease?: boolean;
  } = {},
): void {
  const { nodes, vip } = stack.declared;
  world.advance(1_000);
  const swarm = world.swarm();
  const { managers, entries } = view(world);
  assert.equal(swarm.clusterId, stack.clusterId, 'it is the same swarm');
  const wanted = nodes.map(({ name, role }) => `${name} ${role} ready active`);
  assert.deepEqual(entries, wanted.sort(), 'one entry per node, in its role');
  const declared = nodes.filter(({ role }) => role === 'manager').map(({ name }) => name);
  assert.deepEqual(
    managers,
    declared.sort(),
    'all managers are reachable members, and nobody else',
  );
  for (const { name, os } of nodes) assert.equal(machine(world, name).os, os, `OS of ${name}`);
  assert.equal(world.machines().length, nodes.length, 'one machine per node');
  assertVip(world, vip, declared);
  assert.equal(swarm.snapshotInterval, 10_000, 'snapshots are as they were');
  const lease = swarm.configs.find((config) => config.name === leaseConfigName)?.labels ?? {};
  if (options.mayHaveDeadLease !== true) {
    assert.equal(readLease(lease).holder, undefined, 'the lease is free');
  }
  assert.ok(!Object.keys(lease).some((label) => label.startsWith('baseline.')), 'no baseline left');
  for (const { id, desiredState, state } of swarm.tasks) {
    assert.ok(desiredState !== 'running' || state === 'running', `task ${id} is ${state}`);
  }
  for (const [key, saved] of stack.saved) {
    assert.ok(!saved.isPendingReplacement && saved.initErrors.length === 0, `${key} is settled`);
  }
}

/** Nodes as `name role state availability`, and the names of the reachable members, both sorted. */
export function view(world: FakeWorld): {
  readonly entries: readonly string[];
  readonly managers: readonly string[];
} {
  const swarm = world.swarm();
  const live = world
    .machines()
    .filter(({ isOn, engine }) => isOn && engine.membership?.isControlAvailable === true)
    .map(({ engine }) => engine.membership?.nodeId);
  return {
    entries: swarm.nodes
      .map(({ hostname, role, state, availability }) =>
        [hostname, role, state, availability].join(' '),
      )
      .sort(),
    managers: swarm.members
      .map((id) => {
        const name = swarm.nodes.find((node) => node.id === id)?.hostname ?? 'nobody';
        return live.includes(id) ? name : `${name} (silent)`;
      })
      .sort(),
  };
}

/**
 * Calls that changed something since `count` calls of the world, as `operation host`; taking and giving
 * back the lease is no change.
 */
export function changesSince(world: FakeWorld, count: number): readonly string[] {
  const ofLease = ['docker.createConfig', 'docker.updateConfigLabels'];
  return world
    .calls()
    .slice(count)
    .filter(({ operation }) => !ofLease.includes(operation))
    .map(({ operation, host }) => `${operation} ${host}`);
}

/** Name of the machine that holds the virtual address. */
export function vipHolder(world: FakeWorld): string | undefined {
  const holders = world.edit((state) => Object.values(state.vips).map(({ holder }) => holder));
  assert.ok(holders.length <= 1, 'one virtual address');
  return holders[0]?.replace(`${lab}/`, '');
}

export function machine(world: FakeWorld, name: string): ReturnType<FakeWorld['machine']> {
  return world.machine(`${lab}/${name}`);
}

export function leader(world: FakeWorld): string {
  const swarm = world.swarm();
  const name = swarm.nodes.find(({ id }) => id === swarm.leader)?.hostname;
  if (name === undefined) throw new Error('the swarm has no leader');
  return name;
}

function assertVip(world: FakeWorld, vip: string | undefined, managers: readonly string[]): void {
  if (vip === undefined) return;
  assert.ok(managers.includes(vipHolder(world) ?? ''), `${String(vipHolder(world))} holds the VIP`);
  for (const name of managers) {
    const { files, keepalivedConfiguration } = machine(world, name);
    const text = files[keepalivedPath]?.content;
    assert.ok(text !== undefined, `keepalived is configured on ${name}`);
    const lines = (configuration: string | undefined): readonly string[] | undefined =>
      configuration?.split('\n').filter((line) => !line.startsWith('#'));
    assert.deepEqual(
      lines(keepalivedConfiguration),
      lines(text),
      `keepalived on ${name} runs what is in its file`,
    );
    assert.equal(parseRaisedFor(text), undefined, `${name} has its ordinary priority`);
  }
}
