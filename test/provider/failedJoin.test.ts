import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { steps } from '../../core/steps';
import type { NodeInputs } from '../../provider/operations/ask/nodeSpec';
import {
  forgetAbandonedJoins,
  joinLeftBehind,
} from '../../provider/operations/node/abandonedJoins';
import type { Operation } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { addNode } from '../support/fakeWorld/raft';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, Killed, ProviderProcess, sentences } from '../support/providerHarness';
import type { NodeEntry } from '../support/fakeWorld/state';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

/** m1 is killed in its join, whose attempt then fails for good, as an engine without a route to the managers does. */
async function failed(nodeId: string, clusterId: string): Promise<ReturnType<typeof copyOf>> {
  const declared = changed(origin.stack.declared, { os: 'debian:13' }, 'm1');
  const whole = copyOf(origin.world, origin.stack);
  whole.stack.declared = declared;
  const transcript = emptyTranscript();
  await whole.stack.up(new ProviderProcess(whole.world, { transcript }));
  const step = sentences(transcript).indexOf(steps.join('m1', 'manager'));
  assert.ok(step !== -1);

  const copy = copyOf(origin.world, origin.stack);
  copy.stack.declared = declared;
  const dying = new ProviderProcess(copy.world, { fault: { kind: 'kill', at: 'start', step } });
  await assert.rejects(copy.stack.up(dying), Killed);
  copy.world.editMachine('test/m1', ({ engine, address }) => {
    engine.membership = {
      ...{ clusterId, nodeId, address, localState: 'error', error: 'no route to host' },
      ...{ isControlAvailable: false, controlChangeDueMs: undefined, remoteManagers: [] },
      ...{ isCutOff: false, isBehind: false, lockKey: undefined, pendingJoin: undefined },
      hasNewCertificate: false,
    };
  });
  return copy;
}

/** An entry as a join leaves it that ended halfway. */
function leaveEntry(
  world: FakeWorld,
  left: Pick<NodeEntry, 'id' | 'hostname' | 'availability'> & { readonly isMember: boolean },
): void {
  world.edit((state) => {
    const [swarm] = Object.values(state.swarms);
    assert.ok(swarm !== undefined);
    const { isMember, ...entry } = left;
    const nobody = { engineVersion: '', role: 'manager' as const };
    const address = left.hostname === '' ? '' : machine(world, 'm1').address;
    addNode(swarm, { ...entry, ...nobody, address }, state.nowMs);
    if (!isMember) swarm.members = swarm.members.filter((id) => id !== left.id);
    const added = swarm.nodes.at(-1);
    assert.ok(added !== undefined);
    added.state = 'unknown';
  });
}

test('a join that failed before the managers admitted the node is forgotten, and the next run joins', async () => {
  const { world, stack } = await failed('', '');
  const { bootId } = machine(world, 'm1');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'm1').bootId, bootId, 'the machine is not built again');
});

test('an engine in an error that has been in another swarm is left alone', async () => {
  const { world, stack } = await failed('some-node', 'some-swarm');
  await assert.rejects(stack.up(new ProviderProcess(world)), { code: 'ForeignSwarm' });
  assert.equal(machine(world, 'm1').engine.membership?.nodeId, 'some-node');
});

for (const isMember of [false, true]) {
  test(`a join that failed ${isMember ? 'as a member of raft' : 'with a certificate'} is taken back, and the next run joins`, async () => {
    const { world, stack } = await failed('half', origin.stack.clusterId);
    leaveEntry(world, { id: 'half', hostname: 'm1', availability: 'drain', isMember });
    await stack.up(new ProviderProcess(world));
    assertAsDeclared(world, stack);
  });
}

test('an entry of a join that ended before its labels is removed by the one that succeeds', async () => {
  const { world, stack } = await failed('', '');
  leaveEntry(world, { id: 'half', hostname: 'm1', availability: 'drain', isMember: false });
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a node that serves, and whose engine has given up its membership, is left alone', async () => {
  const { world, stack } = await failed('serving', origin.stack.clusterId);
  leaveEntry(world, { id: 'serving', hostname: 'm1', availability: 'active', isMember: false });
  await assert.rejects(stack.up(new ProviderProcess(world)), { code: 'EngineUnknown' });
  assert.equal(machine(world, 'm1').engine.membership?.nodeId, 'serving');
});

test('what a join that was cut off has left in the list is removed by the one that succeeds', async () => {
  const { world, stack } = await failed('', '');
  leaveEntry(world, { id: 'abandoned', hostname: '', availability: 'drain', isMember: false });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.ok(sentences(transcript).includes(steps.forget('abandoned')));
  assertAsDeclared(world, stack);
});

test('an entry of a cut-off join is looked for once for all nodes that come back, and anew where this run has left one', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const process = new ProviderProcess(world);
  const comeBack = (then?: (operation: Operation, spec: NodeInputs) => void): Promise<void> =>
    process.call('create', stack.urnOf('Node', 'w1'), async (_, operation) => {
      const spec = stack.inputsOf('Node', 'w1') as unknown as NodeInputs;
      then?.(operation, spec);
      await forgetAbandonedJoins(operation, spec);
    });
  const left = (): number => world.swarm().nodes.filter(({ hostname }) => hostname === '').length;
  const leave = (): void => {
    leaveEntry(world, { id: 'abandoned', hostname: '', availability: 'drain', isMember: false });
  };
  await comeBack();
  leave();
  await comeBack();
  assert.equal(left(), 1, 'another node has looked a moment ago');
  await comeBack((operation, { clusterId }) => {
    joinLeftBehind(operation, clusterId);
  });
  assert.equal(left(), 0, 'a join of this run was cut off');
  leave();
  world.advance(10_000);
  await comeBack();
  assert.equal(left(), 0, 'that moment is over');
});

test('whose search fails fails alone: the next one looks for itself', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  leaveEntry(world, { id: 'abandoned', hostname: '', availability: 'drain', isMember: false });
  const fault = { kind: 'fail', at: 'start', step: 0 } as const;
  const process = new ProviderProcess(world, { fault });
  const comeBack = (): Promise<void> =>
    process.call('create', stack.urnOf('Node', 'w1'), (_, operation) =>
      forgetAbandonedJoins(operation, stack.inputsOf('Node', 'w1') as unknown as NodeInputs),
    );
  const [first, second] = await Promise.allSettled([comeBack(), comeBack()]);
  assert.equal(first.status, 'rejected');
  assert.equal(second.status, 'fulfilled');
  assert.ok(!world.swarm().nodes.some(({ hostname }) => hostname === ''));
});
