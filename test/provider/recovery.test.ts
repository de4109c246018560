import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { hostLockPath } from '../../core/hostLock';
import { markerDirectory } from '../../core/marker';
import { renderRecoveryRecord } from '../../core/recoveryRecord';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, changesSince, copyOf, founded, view } from '../support/clusterState';
import { cluster, contactsOf, plain } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

interface Origin {
  readonly world: FakeWorld;
  readonly stack: Stack;
}

let three: Origin;
let five: Origin;

before(async () => {
  const make = async (managers: number): Promise<Origin> => {
    const world = new FakeWorld();
    const declared = cluster(managers, 1, { ...(await webService()), vip: undefined });
    return { world, stack: await founded(world, declared) };
  };
  three = await make(3);
  five = await make(5);
});

/** The machines of these nodes are destroyed, and nobody leads any more. */
async function lose({ world, stack }: Origin, ...names: readonly string[]): Promise<Origin> {
  const copy = copyOf(world, stack);
  const { lab } = copy.world.effects();
  for (const name of names) {
    const id = copy.stack.get('LabMachine', name).id;
    await lab.remove('test', name, id);
  }
  copy.world.advance(60_000);
  return copy;
}

interface Plan {
  readonly turns: readonly string[];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

async function plan({ world, stack }: Origin, more: PropertyMap = {}): Promise<Plan> {
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const managers = plain(contactsOf(stack.declared)) as PropertyMap[];
  const answer = await new ProviderProcess(world).call('call', urn, (_, operation) =>
    planRollout.call({ maxUnavailable: 1, workers: [], managers, ...more }, operation),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return answer.result as unknown as Plan;
}

/** `NAME@TOKEN` as the plan names it. */
async function wayOut(origin: Origin, name = 'm1'): Promise<string> {
  const { reasons } = await plan(origin);
  const found = new RegExp(`recoverFrom (${name}@[0-9a-f]{16})`).exec(reasons.join('\n'));
  assert.ok(found?.[1] !== undefined, reasons.join('\n'));
  return found[1];
}

function declareRecovery(stack: Stack, recoverFrom: string, lost: readonly string[] = []): void {
  stack.declared = { ...stack.declared, swarm: { recoverFrom, lost } };
}

/** As `pulumi up --refresh` does: what the lab and the swarm do not know is dropped, and built again. */
async function refreshAll(stack: Stack, process: ProviderProcess): Promise<void> {
  for (const { name } of stack.declared.nodes) {
    for (const kind of ['LabMachine', 'Node']) await stack.refresh(process, kind, name);
  }
}

test('a lost quorum stops the plan with its numbers and the way out', async () => {
  const origin = await lose(three, 'm2', 'm3');
  const { reasons, turns } = await plan(origin);
  assert.match(
    reasons[0] ?? '',
    /^the quorum of the managers is lost: 1 of 3 managers .*\(m1\) .*majority is 2$/,
  );
  assert.match(
    reasons[2] ?? '',
    /^m1 can carry the swarm on alone, .*recoverFrom m1@[0-9a-f]{16}`/,
  );
  assert.deepEqual(turns, []);
  const allowed = await plan(origin, { recoverFrom: await wayOut(origin) });
  assert.deepEqual(allowed.reasons, []);
  assert.match(allowed.turns[0] ?? '', /^recover swarm .* from m1, .*m2 .*is seen off, m3/);
});

test('an election is waited for, and the plan is made from the world behind it', async () => {
  const { world, stack } = copyOf(three.world, three.stack);
  world.powerOff('test/m1');
  const { reasons, warnings: told } = await plan({ world, stack });
  assert.deepEqual(reasons, []);
  assert.ok(!told.some((warning) => /no leader|no manager lists/.test(warning)), told.join('\n'));
});

test('nothing is recovered with another token, or while a majority could answer', async () => {
  const origin = await lose(three, 'm2', 'm3');
  const { world, stack } = origin;
  const calls = world.calls().length;
  const lock = ['files.exchange test/m1', 'files.exchange test/m1'];
  declareRecovery(stack, 'm1@0123456789abcdef');
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    code: 'RecoveryRefused',
    message: /not that of m1 in swarm .*nothing was touched/,
  });
  assert.deepEqual(new Set(changesSince(world, calls)), new Set(lock));

  const stopped = copyOf(three.world, three.stack);
  stopped.world.powerOff('test/m3');
  const { systemd } = await stopped.world.effects().hosts.connect({ lab: 'test', machine: 'm2' });
  for (const unit of ['docker.socket', 'docker.service']) await systemd.stop(unit);
  stopped.world.advance(60_000);
  assert.match((await plan(stopped)).warnings.join('\n'), /no leader at present: 2 of 3/);
  declareRecovery(stopped.stack, await wayOut(origin));
  await assert.rejects(stopped.stack.applySwarm(new ProviderProcess(stopped.world)), {
    code: 'RecoveryRefused',
    message: /m1, m2 are 2 of 3 managers and could form a majority/,
  });
  assert.equal(stopped.world.swarm().members.length, 3);
});

test('the survivor carries the swarm on, the entries of the others go, and they join anew in the same run', async () => {
  const origin = await lose(three, 'm2', 'm3');
  const { world, stack } = origin;
  const { clusterId } = stack;
  const services = world.swarm().services.map(({ id }) => id);
  const survivor = world.machine('test/m1').engine.membership?.nodeId;
  declareRecovery(stack, await wayOut(origin));
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  await refreshAll(stack, new ProviderProcess(world));
  await stack.up(process);
  assert.deepEqual(sentences(transcript).slice(0, 4), [
    'restart the engine of m1',
    'make m1 the only manager of the swarm',
    'remove the entry of m2',
    'remove the entry of m3',
  ]);
  assertAsDeclared(world, stack);
  assert.equal(world.swarm().clusterId, clusterId);
  assert.equal(world.machine('test/m1').engine.membership?.nodeId, survivor);
  assert.deepEqual(
    world.swarm().services.map(({ id }) => id),
    services,
  );
  assert.deepEqual(leftovers(world, 'm1'), []);

  // It stays in the configuration, and does nothing any more; not even when everything is registered anew.
  assert.match(
    (await plan(origin, { recoverFrom: 'm1@0123456789abcdef' })).warnings[0] ?? '',
    /does nothing/,
  );
  stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, allowDestroy: true } };
  const again = emptyTranscript();
  await stack.applySwarm(new ProviderProcess(world, { transcript: again }));
  assert.match(warnings(again)[0] ?? '', /recoverFrom does nothing, since m1 sees a leader/);
  assert.equal(world.swarm().members.length, 3);
});

test('another manager that answers leaves by force, and a silent one must be listed as lost', async () => {
  const origin = await lose(five, 'm3', 'm4');
  const { world, stack } = origin;
  world.setLink('test/m5', 'cut');
  world.advance(60_000);
  const from = await wayOut(origin, 'm2');
  assert.match((await plan(origin)).reasons.join('\n'), /'lost\[0\]' m5/);
  declareRecovery(stack, from);
  await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
    message: /m5 is a member, and nothing shows that it is gone .*list it in `lost`/,
  });
  declareRecovery(stack, from, ['m5']);
  const transcript = emptyTranscript();
  await stack.applySwarm(new ProviderProcess(world, { transcript }));
  assert.deepEqual(sentences(transcript).slice(0, 3), [
    'm1 leaves the swarm that has lost its quorum, by force',
    'restart the engine of m2',
    'make m2 the only manager of the swarm',
  ]);
  assert.deepEqual(view(world).managers, ['m2']);
  assert.equal(world.swarm().nodes.length, 2);

  // The lost one comes back, with its old disk: its Node is gone from the state, and it joins anew.
  world.setLink('test/m5', 'up');
  world.advance(60_000);
  await refreshAll(stack, new ProviderProcess(world));
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a lost manager whose engine starts anew leaves what it remembers, and joins', async () => {
  const { world, stack } = await lose(three, 'm2');
  world.powerOff('test/m3');
  world.advance(60_000);
  declareRecovery(stack, await wayOut({ world, stack }));
  await stack.applySwarm(new ProviderProcess(world));
  world.powerOn('test/m3');
  world.advance(60_000);
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm3' });
  assert.equal((await docker.info()).localNodeState, 'pending');
  await refreshAll(stack, new ProviderProcess(world));
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.equal(world.swarms().length, 1);
});

test('a recovery that was given up takes no worker away that was a manager then', async () => {
  const { world, stack } = copyOf(three.world, three.stack);
  const { clusterId, nodes } = world.swarm();
  const worker = nodes.find(({ hostname }) => hostname === 'w1');
  assert.ok(worker !== undefined);
  const record = renderRecoveryRecord({ clusterId, otherIds: [worker.id] });
  const path = `${markerDirectory}/recovery.json`;
  world.editMachine('test/m1', ({ files }) => {
    files[path] = { content: record, mode: 0o600 };
  });
  declareRecovery(stack, 'm1@0123456789abcdef');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
  assert.ok(world.swarm().nodes.some(({ id }) => id === worker.id));
  assert.equal(world.machine('test/m1').files[path], undefined, 'the record is used up');
});

test('of two runs at once one recovers, and the other one sees that there is nothing left to do', async () => {
  const origin = await lose(three, 'm2', 'm3');
  const { world, stack } = origin;
  declareRecovery(stack, await wayOut(origin));
  const other = new Stack(stack.declared);
  for (const [key, saved] of stack.saved) other.saved.set(key, saved);
  await Promise.all([
    stack.applySwarm(new ProviderProcess(world)),
    other.applySwarm(new ProviderProcess(world)),
  ]);
  const forced = world.calls().filter(({ operation }) => operation === 'docker.forceNewCluster');
  assert.equal(forced.length, 1);
  assert.deepEqual(view(world).managers, ['m1']);
});

test('killed after every call that changes something, the next run finishes it', async () => {
  const lost = await lose(five, 'm3', 'm4', 'm5');
  const from = await wayOut(lost);
  const whole = copyOf(lost.world, lost.stack);
  declareRecovery(whole.stack, from);
  const first = lost.world.calls().length;
  await whole.stack.applySwarm(new ProviderProcess(whole.world));
  const count = whole.world.calls().length - first;
  assert.ok(count > 8, String(count));
  for (let at = 1; at <= count; at += 1) {
    const dying: { process?: ProviderProcess } = {};
    const { world, stack } = copyOf(lost.world, lost.stack, (state) => {
      if (state.calls.length >= first + at) dying.process?.kill();
    });
    declareRecovery(stack, from);
    dying.process = new ProviderProcess(world);
    await assert.rejects(stack.applySwarm(dying.process), { name: 'Killed' });
    const { operation = '', host = '' } = world.calls().at(-1) ?? {};
    await stack.applySwarm(new ProviderProcess(world));
    const what = `after ${operation} on ${host}`;
    assert.deepEqual(view(world).managers, ['m1'], what);
    assert.deepEqual(
      world.swarm().nodes.map(({ hostname }) => hostname),
      ['m1', 'w1'],
      what,
    );
    assert.equal(world.swarms().length, 1, what);
    // The lock of the killed one lapses by itself.
    const left = leftovers(world, 'm1').filter((path) => path !== hostLockPath);
    assert.deepEqual(left, [], what);
  }
});

/** Files of a recovery that should be gone after it. */
function leftovers(world: FakeWorld, name: string): readonly string[] {
  const files = Object.keys(world.machine(`test/${name}`).files);
  return files.filter((path) => path === hostLockPath || path.endsWith('/recovery.json'));
}
