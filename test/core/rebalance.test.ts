import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MobilityFacts, ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../core/facts';
import { declaredAvailability, givenBack, pausedForMove, rebalancingLabel } from '../../core/held';
import { managedLabel } from '../../core/labels';
import type { MoveFacts } from '../../core/moves';
import {
  describeRebalance,
  lastOf,
  nextMove,
  spreadOf,
  stayingNodes,
  unevenness,
  wishFaults,
} from '../../core/rebalance';

const node = (id: string, more: Partial<SwarmNodeFacts> = {}): SwarmNodeFacts => ({
  ...{ id, version: 1, hostname: id, address: '', role: 'worker', availability: 'active' },
  ...{ state: 'ready', labels: {}, engineVersion: '26.1.5', managerStatus: undefined },
  ...more,
});

const mobility: MobilityFacts = {
  ...{ hasVolumes: false, maxPerNode: 0, hasPreferences: false },
  ...{ restartDelaySeconds: undefined, updateConfig: undefined },
};

const service = (more: Partial<ServiceFacts> = {}): ServiceFacts => ({
  ...{ id: 'web', version: 7, name: 'web', mode: 'replicated', replicas: 4, image: 'i' },
  ...{ labels: {}, constraints: [], mobility },
  ...more,
});

/** So many running tasks of a service on each node. */
function tasksOf(counts: Readonly<Record<string, number>>, serviceId = 'web'): TaskFacts[] {
  let slot = 0;
  return Object.entries(counts).flatMap(([nodeId, count]) =>
    Array.from({ length: count }, (): TaskFacts => {
      slot += 1;
      return {
        ...{ id: `${serviceId}${String(slot)}`, serviceId, nodeId, slot: String(slot), image: 'i' },
        ...{ state: 'running', desiredState: 'running', error: '' },
      };
    }),
  );
}

const uneven = { a: 3, b: 1, c: 0 };

function facts(more: Partial<MoveFacts> & { readonly of?: ServiceFacts } = {}): MoveFacts {
  const { of = service(), ...rest } = more;
  return {
    ...{ services: [of], nodes: [node('a'), node('b'), node('c')], tasks: tasksOf(uneven) },
    ...rest,
  };
}

function next(of: ServiceFacts, more: Partial<MoveFacts> = {}): string {
  const step = nextMove(of, facts({ of, ...more }));
  return step.kind === 'move' ? `one of ${String(step.tasks)} off ${step.from.id}` : step.kind;
}

function why(of: ServiceFacts, more: Partial<MoveFacts> = {}): string {
  const step = nextMove(of, facts({ of, ...more }));
  assert.ok(step.kind === 'left', step.kind);
  return step.why;
}

describe('what comes next for a service', () => {
  test('a task goes off the fullest node where another has at least two fewer', () => {
    const rows: readonly (readonly [Readonly<Record<string, number>>, string])[] = [
      [{ a: 3, b: 1, c: 0 }, 'one of 3 off a'],
      [{ a: 2, b: 2, c: 0 }, 'one of 2 off a'],
      [{ a: 0, b: 2, c: 2 }, 'one of 2 off b'],
      [{ a: 2, b: 1, c: 1 }, 'even'],
      [{ a: 1, b: 0, c: 0 }, 'even'],
      [{ a: 2, b: 2, c: 2 }, 'even'],
    ];
    for (const [counts, wanted] of rows) {
      const replicas = Object.values(counts).reduce((sum, each) => sum + each, 0);
      assert.equal(next(service({ replicas }), { tasks: tasksOf(counts) }), wanted);
    }
  });

  test('only nodes that may take its tasks count', () => {
    const without = (c: Partial<SwarmNodeFacts>): Partial<MoveFacts> => ({
      ...{ nodes: [node('a'), node('b'), node('c', c)], tasks: tasksOf({ a: 2, b: 2 }) },
    });
    const of = service();
    assert.equal(next(of, without({})), 'one of 2 off a');
    assert.equal(next(of, without({ availability: 'drain' })), 'even');
    assert.equal(next(of, without({ availability: 'pause' })), 'even');
    assert.equal(next(of, without({ state: 'down' })), 'even');
    assert.equal(next({ ...of, constraints: ['node.hostname!=c'] }, without({})), 'even');
    const arm = { platform: { os: 'linux', architecture: 'aarch64' } };
    const forArm = { ...mobility, platforms: [{ os: 'linux', architecture: 'arm64' }] };
    const forAmd = { ...mobility, platforms: [{ os: 'linux', architecture: 'amd64' }] };
    assert.equal(next({ ...of, mobility: forAmd }, without(arm)), 'even');
    assert.equal(next({ ...of, mobility: forArm }, without(arm)), 'one of 2 off a');
    assert.equal(
      next(
        { ...of, constraints: ['node.platform.arch!=aarch64'] },
        {
          ...{
            nodes: [node('a', pc), node('b', pc), node('c', arm)],
            tasks: tasksOf({ a: 2, b: 2 }),
          },
        },
      ),
      'even',
    );
    const logged = { ...mobility, logDriver: 'journald' };
    assert.equal(next({ ...of, mobility: logged }, without({ logDrivers: ['local'] })), 'even');
    assert.equal(
      next({ ...of, mobility: logged }, without({ logDrivers: ['journald'] })),
      'one of 2 off a',
    );
  });

  test('what is left alone, and why', () => {
    const moves = (more: Partial<MobilityFacts>): Partial<ServiceFacts> => ({
      mobility: { ...mobility, ...more },
    });
    const rows: readonly (readonly [Partial<ServiceFacts>, RegExp])[] = [
      [{ mode: 'global', replicas: undefined }, /a task on every node/],
      [{ job: { completions: 1, iteration: 0 }, replicas: 0 }, /a job/],
      [moves({ hasVolumes: true }), /its volumes are of the node/],
      [moves({ hasPreferences: true }), /preferences of its own/],
      [moves({ restartDelaySeconds: 0 }), /restarted without a delay/],
      [{ hostPorts: [80] }, /a port of its nodes/],
      [{ replicas: 1, ...moves({ updateConfig: { Order: 'stop-first' } }) }, /stop-first/],
      [{ constraints: ['engine.labels.x==y'] }, /does not tell/],
      [{ updateStatus: { state: 'paused', message: 'm' } }, /it has not converged: .*paused/],
      [{ updateStatus: { state: 'updating', message: '' } }, /update is under way/],
      [{ updateStatus: { state: 'rollback_started', message: '' } }, /taken back/],
      [{ replicas: 5 }, /it has not converged: web 4\/5/],
    ];
    for (const [more, pattern] of rows) assert.match(why(service(more)), pattern);
  });

  test('no node is paused that somebody waits for', () => {
    const nodes = [node('a', { labels: { disk: 'ssd' } }), node('b'), node('c')];
    const db = service({
      ...{ id: 'db', name: 'db', replicas: 1, constraints: ['node.labels.disk==ssd'] },
    });
    const waits = { nodes, services: [service(), db] };
    assert.match(why(service(), waits), /a would have to be paused, and db waits for a task on it/);
    const tasks = [...tasksOf(uneven), ...tasksOf({ a: 1 }, 'db')];
    assert.equal(next(service(), { ...waits, tasks }), 'one of 3 off a');
    const agent = service({ id: 'agent', name: 'agent', mode: 'global', replicas: undefined });
    assert.match(why(service(), { services: [service(), agent] }), /agent waits/);
  });
});

const pc = { platform: { os: 'linux', architecture: 'x86_64' } };

test('law: it ends, with a spread of one at most, always off a fullest node, and no task is lost', () => {
  const counts = fc.array(fc.nat(6), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(counts, fc.nat(), (each, seed) => {
      const names = each.map((_, index) => `n${String(index)}`);
      const nodes = names.map((name) => node(name));
      const start = Object.fromEntries(names.map((name, index) => [name, each[index] ?? 0]));
      const replicas = each.reduce((sum, count) => sum + count, 0);
      const of = service({ replicas });
      let tasks = tasksOf(start);
      let before = Infinity;
      for (let moves = 0; ; moves += 1) {
        assert.ok(moves <= replicas, 'more moves than tasks');
        const world = { services: [of], nodes, tasks };
        const spread = spreadOf(of, world);
        const all = spread.map((one) => one.tasks);
        const step = nextMove(of, world);
        if (step.kind !== 'move') {
          assert.equal(step.kind, 'even');
          assert.ok(Math.max(...all) - Math.min(...all) <= 1);
          assert.equal(tasks.length, replicas);
          return;
        }
        assert.ok(unevenness(spread) < before, 'each move makes it more even');
        before = unevenness(spread);
        assert.equal(step.tasks, Math.max(...all));
        // The scheduler: one of the emptiest, whichever.
        const least = spread.filter((one) => one.tasks === Math.min(...all));
        const to = least[seed % least.length]?.node.id ?? '';
        const moved = tasks.find(({ nodeId }) => nodeId === step.from.id);
        tasks = tasks.map((task) => (task === moved ? { ...task, nodeId: to } : task));
      }
    }),
  );
});

test('nodes that go at the end of the run count for nothing', () => {
  const labels = { [managedLabel]: 'true' };
  const nodes = [node('a', { labels }), node('b', { labels }), node('theirs')];
  assert.deepEqual(
    stayingNodes(nodes, ({ id }) => id === 'a').map(({ id }) => id),
    ['a', 'theirs'],
  );
});

test('a paused node is given back what it was, and not over what somebody has made of it', () => {
  const labels = { disk: 'ssd' };
  const before = node('a', { labels });
  const paused = { ...before, ...pausedForMove(before) };
  assert.deepEqual([paused.availability, paused.labels[rebalancingLabel]], ['pause', 'active']);
  assert.equal(declaredAvailability(paused), 'active');
  assert.deepEqual(givenBack(paused), { availability: 'active', labels });
  const drained = { ...paused, availability: 'drain' as const };
  assert.equal(declaredAvailability(drained), 'drain');
  assert.deepEqual(givenBack(drained), { availability: 'drain', labels });
  assert.equal(givenBack(before), undefined);
});

describe('what preview says', () => {
  test('before a roll: the services that are looked at when the last node comes back empty', () => {
    const db = service({ id: 'db', name: 'db', mobility: { ...mobility, hasVolumes: true } });
    const one = service({ id: 'one', name: 'one', replicas: 1 });
    const world = facts({ services: [service({ replicas: 6 }), db, one] });
    assert.equal(
      describeRebalance(world, true, 'c'),
      'tasks are moved start-first, one at a time, until the nodes of a service differ by no more than one: web: 6 tasks on 3 nodes, the last rebuilt one (c) is empty; left alone: db (its volumes are of the node)',
    );
    assert.equal(describeRebalance(world, ['one'], 'c'), undefined);
    assert.equal(lastOf(world.nodes, ['a', 'b', 'c'], ['c', 'b']), 'c');
    assert.equal(lastOf(world.nodes, ['a', 'b', 'c'], []), undefined);
    const drained = [node('a'), node('c', { availability: 'drain' })];
    assert.equal(lastOf(drained, ['a', 'c'], ['a', 'c']), undefined);
  });

  test('in another run: those that lie worse than by one task now', () => {
    assert.match(describeRebalance(facts(), true, undefined) ?? '', /web: 3 on a, 1 on b, 0 on c$/);
    const even = facts({ tasks: tasksOf({ a: 2, b: 1, c: 1 }) });
    assert.equal(describeRebalance(even, true, undefined), undefined);
  });
});

test('a wish is true, false or a list of names', () => {
  for (const wish of [true, false, [], ['web']]) assert.deepEqual(wishFaults('r', wish), []);
  for (const wish of ['web', [''], [1], {}, 1]) assert.equal(wishFaults('r', wish).length, 1);
});
