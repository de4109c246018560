import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { GateTarget } from '../../core/gate';
import { withBaseline } from '../../core/lease';
import { recentMilliseconds } from '../../core/recentNodes';
import type { Effects } from '../../effects/effects';
import { bound, withEngines } from '../../effects/withEngines';
import { passGate } from '../../provider/operations/gate/passGate';
import { changeLeaseLabels } from '../../provider/operations/hold/lease';
import { assertAsDeclared, copyOf, founded, leader } from '../support/clusterState';
import { changed, cluster, contactsOf } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

const most = 4;
const workers = Array.from({ length: 12 }, (_, index) => `w${String(index + 1)}`);
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const declared = cluster(3, workers.length, { node: { maxUnavailable: most } });
  origin = { world, stack: await founded(world, declared) };
});

/** Questions for the list of all nodes. */
interface Lists {
  asked: number;
  /** They have no answer. */
  fail: boolean;
}

interface Begun {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly lists: Lists;
  readonly process: ProviderProcess;
  /** Passes a worker's gate in the row of operations. */
  readonly pass: (name: string, options?: Passing) => Promise<void>;
}

interface Passing {
  readonly row?: object;
  readonly maxUnavailable?: number;
  readonly target?: Partial<GateTarget>;
}

function begin(watch?: (state: WorldState) => void): Begun {
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  const lists: Lists = { asked: 0, fail: false };
  const watched = (effects: Effects): Effects =>
    withEngines(
      effects,
      (docker) =>
        new Proxy(docker, {
          get: (of, key) =>
            key !== 'nodes'
              ? bound(of, key)
              : (filter?: Parameters<typeof docker.nodes>[0]) => {
                  if (filter === undefined) lists.asked += 1;
                  return filter === undefined && lists.fail
                    ? Promise.reject(new Error('deadline exceeded'))
                    : docker.nodes(filter);
                },
        }),
    );
  const process = new ProviderProcess({ effects: () => watched(world.effects()) });
  const ofAll = {};
  return {
    ...{ world, stack, lists, process },
    pass: async (name, { row = ofAll, maxUnavailable = 1, target } = {}) => {
      await process.call('delete', stack.urnOf('Node', name), (_, operation) =>
        passGate(
          operation,
          access(stack),
          { name, role: 'worker', mayGoBeside: true, ...target },
          { maxUnavailable, timeoutSeconds: 1, row },
        ),
      );
    },
  };
}

function access(stack: Stack): Parameters<typeof passGate>[1] {
  return { clusterId: stack.clusterId, managers: contactsOf(stack.declared) };
}

/** As behind its gate: its baseline is kept, and then it is drained. */
async function letGo({ stack, process }: Begun, name: string): Promise<void> {
  await process.call('delete', stack.urnOf('Node', name), async (_, operation) => {
    await changeLeaseLabels(operation, access(stack), (labels) => withBaseline(labels, name, {}));
    const { docker } = await operation.effects.hosts.connect({ lab: 'test', machine: 'm1' });
    const found = await docker.nodes({ name });
    const entry = found.find(({ hostname }) => hostname === name);
    assert.ok(entry !== undefined);
    await docker.updateNode(entry.id, { availability: 'drain' });
  });
}

test('the gates of a batch read the list once, and count whom this run has taken out at once', async () => {
  const run = begin();
  await run.pass('w1', { maxUnavailable: 3 });
  assert.equal(run.lists.asked, 1);
  // From here on an answer would be an error.
  run.lists.fail = true;
  await letGo(run, 'w1');
  await run.pass('w2', { maxUnavailable: 3 });
  await letGo(run, 'w2');
  await run.pass('w3', { maxUnavailable: 3 });
  await letGo(run, 'w3');
  const asked: readonly number[] = [run.lists.asked];
  assert.deepEqual(asked, [1]);
  run.lists.fail = false;
  await assert.rejects(run.pass('w4', { maxUnavailable: 3 }), /worker w1 is drained to go/);
  assert.ok(Math.max(...asked) < run.lists.asked, 'a gate that is shut is looked at afresh');
});

test('a worker that goes down is seen by the next gate as soon as the list is as old as it may be', async () => {
  const run = begin();
  const isDown = (): boolean =>
    run.world.swarm().nodes.some(({ hostname, state }) => hostname === 'w9' && state === 'down');
  run.world.powerOff('test/w9');
  while (!isDown()) {
    await run.pass('w1');
    run.world.advance(500);
  }
  // The last look was some 0.5 s before, or it was the one of up to 3 s before that.
  run.world.advance(recentMilliseconds);
  await assert.rejects(run.pass('w2'), /worker w9 is down, and 1 may be out at once/);
});

test('the list is read again when it is too old, after a shut gate, and in another row', async () => {
  const run = begin();
  const asked = async (passing: Promise<void>): Promise<number> => {
    const before = run.lists.asked;
    await passing.catch(() => undefined);
    return run.lists.asked - before;
  };
  assert.equal(await asked(run.pass('w1')), 1);
  assert.equal(await asked(run.pass('w2')), 0);
  run.world.advance(recentMilliseconds);
  assert.equal(await asked(run.pass('w2')), 1, 'too old');
  assert.equal(await asked(run.pass('w2', { row: {} })), 1, 'another row');
  assert.equal(await asked(run.pass('w2')), 0);
  await letGo(run, 'w1');
  assert.ok((await asked(run.pass('w2'))) >= 1, 'shut');
  assert.equal(await asked(run.pass('w2', { maxUnavailable: 2 })), 1, 'behind a shut one');
});

test('a failed look opens no gate, and what was seen before it serves no more', async () => {
  const run = begin();
  await run.pass('w1');
  run.world.advance(recentMilliseconds + 1);
  run.lists.fail = true;
  await assert.rejects(run.pass('w2'), /no other manager lists all nodes/);
  run.lists.fail = false;
  const before = run.lists.asked;
  await run.pass('w2');
  assert.equal(run.lists.asked, before + 1);
});

test('a manager’s gate looks itself, and so does that of a worker that goes alone', async () => {
  const run = begin();
  await run.pass('w1');
  const follower = ['m1', 'm2', 'm3'].find((name) => name !== leader(run.world)) ?? '';
  await run.pass(follower, { target: { role: 'manager' } });
  assert.equal(run.lists.asked, 2);
  await run.pass('w2', { target: { mayGoBeside: false } });
  assert.equal(run.lists.asked, 3);
});

test('where services may lack something the list is read at each gate', async () => {
  const run = begin();
  await run.pass('w1', { maxUnavailable: 3 });
  await letGo(run, 'w1');
  await run.process.call('create', run.stack.urnOf('Node', 'w1'), async (_, { effects }) => {
    const { docker } = await effects.hosts.connect({ lab: 'test', machine: 'm1' });
    await docker.createService({
      ...{ name: 'web', image: 'web:1', command: [], environment: {}, mode: { replicas: 1 } },
      ...{ constraints: [], ports: [], endpointMode: 'vip', stopGraceSeconds: 1, labels: {} },
    });
  });
  run.world.advance(recentMilliseconds);
  await run.pass('w2', { maxUnavailable: 3 });
  const before = run.lists.asked;
  await run.pass('w2', { maxUnavailable: 3 });
  assert.equal(run.lists.asked, before + 1);
});

/** Most workers that were not there to serve at any moment. */
function watchOut(): { readonly watch: (state: WorldState) => void; readonly most: () => number } {
  let mostOut = 0;
  const watch = ({ swarms }: WorldState): void => {
    const serving = Object.values(swarms).flatMap(({ nodes }) =>
      nodes
        .filter(({ state, availability }) => state === 'ready' && availability === 'active')
        .map(({ hostname }) => hostname),
    );
    mostOut = Math.max(mostOut, workers.filter((name) => !serving.includes(name)).length);
  };
  return { watch, most: () => mostOut };
}

/** Replaces these workers side by side. */
async function replace(run: Begun, names: readonly string[]): Promise<void> {
  run.stack.declared = changed(run.stack.declared, { os: 'debian:13' }, ...names);
  run.stack.registerSwarm(run.process);
  await Promise.all(names.map((name) => run.stack.applyNode(run.process, name)));
}

test('a batch reads the list a bounded number of times, however many workers are in it', async () => {
  const reads: number[] = [];
  for (const size of [1, 4]) {
    const run = begin();
    await replace(run, workers.slice(0, size));
    assertAsDeclared(run.world, run.stack);
    reads.push(run.lists.asked);
  }
  const [one = 0, four = 0] = reads;
  assert.ok(four <= one + 2, `${String(one)} for one worker, ${String(four)} for four`);
});

test('of all workers at once no more are ever out than may be', async () => {
  const { watch, most: mostOut } = watchOut();
  const run = begin(watch);
  await replace(run, workers);
  assertAsDeclared(run.world, run.stack);
  assert.equal(mostOut(), most);
});
