import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { GateTarget } from '../../core/gate';
import { readBaseline, withBaseline } from '../../core/lease';
import type { ServiceBaseline } from '../../core/lease';
import { recentMilliseconds, recentTasksMilliseconds } from '../../core/recentLook';
import type { ServiceSpec } from '../../core/service';
import type { DockerApi } from '../../effects/docker';
import type { Effects } from '../../effects/effects';
import { bound, withEngines } from '../../effects/withEngines';
import type { NodeInputs } from '../../provider/operations/ask/nodeSpec';
import { keepBaseline } from '../../provider/operations/gate/keepBaseline';
import { passGate } from '../../provider/operations/gate/passGate';
import { changeLeaseLabels, withLease } from '../../provider/operations/hold/lease';
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

/** Questions for the lists of all nodes and of all tasks. */
interface Lists {
  asked: number;
  askedTasks: number;
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
  const lists: Lists = { asked: 0, askedTasks: 0, fail: false };
  const unlessFailing = <T>(answer: () => Promise<T>): Promise<T> =>
    lists.fail ? Promise.reject(new Error('deadline exceeded')) : answer();
  const watchedEngine = (docker: DockerApi): DockerApi => {
    const of: Partial<DockerApi> = {
      nodes: (filter) => {
        if (filter !== undefined) return docker.nodes(filter);
        lists.asked += 1;
        return unlessFailing(() => docker.nodes());
      },
      tasks: (filter) => {
        if (filter !== undefined) return docker.tasks(filter);
        lists.askedTasks += 1;
        return unlessFailing(() => docker.tasks());
      },
    };
    return new Proxy(docker, {
      get: (target, key) => (of as Record<string | symbol, unknown>)[key] ?? bound(target, key),
    });
  };
  const watched = (effects: Effects): Effects => withEngines(effects, watchedEngine);
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
async function letGo(
  { stack, process }: Begun,
  name: string,
  baseline: ServiceBaseline = {},
): Promise<void> {
  await process.call('delete', stack.urnOf('Node', name), async (_, operation) => {
    await changeLeaseLabels(operation, access(stack), (labels) =>
      withBaseline(labels, name, baseline),
    );
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

describe('where services run', () => {
  const service = (name: string, replicas: number): ServiceSpec => ({
    ...{ name, image: 'web:1', command: [], environment: {}, mode: { replicas } },
    ...{ constraints: ['node.role == worker'], ports: [], endpointMode: 'vip' as const },
    ...{ stopGraceSeconds: 1, labels: {} },
  });
  const deploy = async ({ world, stack, process }: Begun, spec: ServiceSpec): Promise<void> => {
    await process.call('create', stack.urnOf('Node', 'w1'), async (_, { effects }) => {
      const { docker } = await effects.hosts.connect({ lab: 'test', machine: 'm1' });
      await docker.createService(spec);
    });
    world.advance(10_000);
  };
  const deployed = async (replicas: number): Promise<Begun> => {
    const run = begin();
    for (const name of ['m1', ...workers]) {
      run.world.editMachine(`test/${name}`, ({ engine }) => engine.images.push('web:1'));
    }
    await deploy(run, service('web', replicas));
    return run;
  };
  /** Workers by whether they run a task. */
  const having = ({ world }: Begun, isBusy: boolean): readonly string[] => {
    const { nodes, tasks } = world.swarm();
    const busy = tasks.filter(({ state }) => state === 'running').map(({ nodeId }) => nodeId);
    return nodes
      .filter(({ hostname, id }) => hostname.startsWith('w') && busy.includes(id) === isBusy)
      .map(({ hostname }) => hostname);
  };

  test('both lists are read once, and serve the next gates', async () => {
    const run = await deployed(8);
    const [first = '', second = ''] = having(run, true);
    await run.pass(first, { maxUnavailable: 3 });
    assert.deepEqual(run.lists, { asked: 1, askedTasks: 1, fail: false });
    run.lists.fail = true;
    await letGo(run, first, { web: 8 });
    await run.pass(second, { maxUnavailable: 3 });
    assert.deepEqual(run.lists, { asked: 1, askedTasks: 1, fail: true });
  });

  test('what nodes of this run have taken with them counts at once', async () => {
    const run = await deployed(4);
    const [first = '', second = ''] = having(run, true);
    await run.pass(first, { maxUnavailable: 3 });
    await letGo(run, first, { web: 4 });
    const refused = /of service web 2 of 4 tasks would stay, and 3 are to/;
    await assert.rejects(run.pass(second, { maxUnavailable: 3 }), refused);
    assert.ok(run.lists.askedTasks > 1, 'a gate that is shut is looked at afresh');
  });

  test('a task that ends by itself is seen as soon as the look is as old as it may be', async () => {
    const run = await deployed(4);
    const [first = '', second = ''] = having(run, true);
    const [idle = ''] = having(run, false);
    await letGo(run, idle, { web: 4 });
    await run.pass(first, { maxUnavailable: 3 });
    run.world.edit((state) => {
      state.failingImages['web:1'] = 'it ended at once';
      for (const { nodes, tasks } of Object.values(state.swarms)) {
        const node = nodes.find(({ hostname }) => hostname === second);
        const ended = { state: 'failed' as const, desiredState: 'shutdown' as const };
        Object.assign(tasks.find(({ nodeId }) => nodeId === node?.id) ?? {}, ended);
      }
    });
    run.world.advance(recentTasksMilliseconds);
    const refused = /of service web 2 of 4 tasks would stay, and 3 are to|web runs 3 of 4 tasks/;
    await assert.rejects(run.pass(first, { maxUnavailable: 3 }), refused);
  });

  test('the baseline of a worker is taken from what its gate has seen, as long as that may serve', async () => {
    for (const [seconds, asked] of [
      [0.5, 0],
      [1.5, 1],
    ] as const) {
      const run = await deployed(4);
      const { stack, process, lists } = run;
      await process.call('delete', stack.urnOf('Node', 'w1'), (_, operation) =>
        withLease(operation, access(stack), 'take worker w1 out', 60, async (lease) => {
          const target = { name: 'w1', role: 'worker', mayGoBeside: true } as const;
          const options = { maxUnavailable: 1, timeoutSeconds: 1, row: lease.row };
          const look = await passGate(operation, access(stack), target, options);
          const before = lists.askedTasks;
          run.world.advance(seconds * 1000);
          const spec = stack.inputsOf('Node', 'w1') as unknown as NodeInputs;
          await keepBaseline({ operation, lease, look, spec: { ...spec, ...access(stack) } });
          assert.equal(lists.askedTasks - before, asked);
          assert.deepEqual(readBaseline(await lease.readLabels(), 'w1'), { web: 4 });
        }),
      );
    }
  });

  test('a baseline that lacks what was just being started is taken anew', async () => {
    const run = await deployed(4);
    const { stack, process, lists } = run;
    const restart = (state: 'starting' | 'running'): void => {
      run.world.edit(({ swarms }) => {
        for (const { tasks } of Object.values(swarms)) Object.assign(tasks[0] ?? {}, { state });
      });
    };
    await process.call('delete', stack.urnOf('Node', 'w1'), (_, operation) =>
      withLease(operation, access(stack), 'take worker w1 out', 60, async (lease) => {
        const target = { name: 'w1', role: 'worker', mayGoBeside: true } as const;
        const options = { maxUnavailable: 1, timeoutSeconds: 1, row: lease.row };
        run.world.edit(({ swarms }) => {
          for (const { tasks } of Object.values(swarms)) {
            Object.assign(tasks[0] ?? {}, { sinceMs: Number.MAX_SAFE_INTEGER });
          }
        });
        restart('starting');
        const look = await passGate(operation, access(stack), target, options);
        assert.equal(look?.running?.tasks.filter(({ state }) => state === 'running').length, 3);
        restart('running');
        const before = lists.askedTasks;
        const spec = stack.inputsOf('Node', 'w1') as unknown as NodeInputs;
        await keepBaseline({ operation, lease, look, spec: { ...spec, ...access(stack) } });
        assert.equal(lists.askedTasks - before, 1);
        assert.deepEqual(readBaseline(await lease.readLabels(), 'w1'), { web: 4 });
      }),
    );
  });

  test('a service that is new since then makes the gate look itself', async () => {
    const run = await deployed(4);
    const [first = '', second = ''] = having(run, false);
    await run.pass(first, { maxUnavailable: 3 });
    await letGo(run, first, { web: 4 });
    await run.process.call('create', run.stack.urnOf('Node', 'w1'), async (_, { effects }) => {
      const { docker } = await effects.hosts.connect({ lab: 'test', machine: 'm1' });
      await docker.createService(service('api', 1));
    });
    await run.pass(second, { maxUnavailable: 3 });
    assert.equal(run.lists.askedTasks, 2);
  });
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
