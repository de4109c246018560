import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { ServiceFacts, TaskFacts, TaskState } from '../../core/facts';
import { placement } from '../../core/placement';
import {
  missingReplicas,
  runningTasks,
  tasksPresent,
  whyNotConverged,
  worseThanBaseline,
} from '../../core/services';
import { healthyNodes, managerNode, workerNode } from './support/swarmFacts';

function service(name: string, over: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    id: `id-${name}`,
    version: 1,
    name,
    mode: 'replicated',
    replicas: 3,
    image: 'web:1',
    labels: {},
    constraints: [],
    ...over,
  };
}

const everywhere: Partial<ServiceFacts> = { mode: 'global', replicas: undefined };

/** One task of `web`. */
function task(node: string, over: Partial<TaskFacts> = {}): TaskFacts {
  return {
    id: `task-${node}`,
    serviceId: 'id-web',
    nodeId: `id-${node}`,
    state: 'running',
    desiredState: 'running',
    error: '',
    ...over,
  };
}

describe('tasksPresent', () => {
  const rows = {
    new: false,
    allocated: false,
    pending: false,
    assigned: true,
    accepted: true,
    preparing: true,
    ready: true,
    starting: true,
    running: true,
    complete: false,
    shutdown: false,
    failed: false,
    rejected: false,
    remove: false,
    orphaned: false,
  } satisfies Record<TaskState, boolean>;
  for (const [state, isPresent] of Object.entries(rows) as [TaskState, boolean][]) {
    it(`a task that is ${state} ${isPresent ? 'occupies' : 'does not occupy'} its node, whatever is wished of it`, () => {
      const tasks = [task('w1', { state, desiredState: 'shutdown' }), task('w2')];
      assert.equal(tasksPresent(tasks, 'id-w1').length, isPresent ? 1 : 0);
    });
  }
});

describe('runningTasks', () => {
  it('counts what runs, and names services that run nothing too', () => {
    const tasks = [task('w1'), task('w2'), task('w3', { state: 'starting' })];
    assert.deepEqual(runningTasks([service('web'), service('db')], tasks), { web: 2, db: 0 });
  });
});

describe('worseThanBaseline', () => {
  const rows: readonly [string, Partial<ServiceFacts>, number, number, string[]][] = [
    ['as many as before', {}, 3, 3, []],
    ['more than before', {}, 2, 3, []],
    ['fewer than before', {}, 3, 2, ['service web runs 2 of 3 tasks']],
    ['scaled down meanwhile', { replicas: 2 }, 3, 2, []],
    ['scaled down, and still fewer', { replicas: 2 }, 3, 1, ['service web runs 1 of 2 tasks']],
    ['was ill before', {}, 0, 0, []],
    ['global, a node short', everywhere, 5, 4, ['service web runs 4 of 5 tasks']],
  ];
  for (const [rule, over, before, now, expected] of rows) {
    it(rule, () => {
      const tasks = Array.from({ length: now }, (_, index) => task(`w${String(index)}`));
      assert.deepEqual(worseThanBaseline({ web: before }, [service('web', over)], tasks), expected);
    });
  }

  it('quotes the error of a task', () => {
    const tasks = [task('w1', { state: 'rejected', error: 'No such image: web:1' })];
    assert.deepEqual(worseThanBaseline({ web: 1 }, [service('web')], tasks), [
      'service web runs 0 of 1 tasks (No such image: web:1)',
    ]);
  });

  it('misses nothing of a service that is gone, or that is new', () => {
    assert.deepEqual(worseThanBaseline({ web: 3 }, [], []), []);
    assert.deepEqual(worseThanBaseline({}, [service('new')], []), []);
  });

  it('is never true of a world against its own baseline', () => {
    const tasks = fc.array(
      fc.record({
        id: fc.string(),
        serviceId: fc.constantFrom('id-web', 'id-db', 'id-x'),
        nodeId: fc.string(),
        state: fc.constantFrom<TaskState>('running', 'failed', 'starting'),
        desiredState: fc.constantFrom<TaskState>('running', 'shutdown'),
        error: fc.string(),
      }),
    );
    fc.assert(
      fc.property(tasks, fc.nat(5), (list, replicas) => {
        const services = [service('web', { replicas }), service('db', everywhere)];
        const own = runningTasks(services, list).web ?? 0;
        if (own > replicas) return;
        assert.deepEqual(worseThanBaseline(runningTasks(services, list), services, list), []);
      }),
    );
  });
});

describe('missingReplicas', () => {
  it('waits until what ran on the node runs elsewhere', () => {
    const tasks = [task('w1'), task('w2'), task('w3')];
    const missing = (list: readonly TaskFacts[]): readonly string[] =>
      missingReplicas([service('web')], list, 'id-w1', { web: 3 });
    assert.deepEqual(missing(tasks), ['service web runs 2 of 3 tasks elsewhere']);
    assert.deepEqual(missing([...tasks, task('w2', { id: 'more' })]), []);
  });

  it('waits for no more than was there before, and not for global services', () => {
    assert.deepEqual(missingReplicas([service('web')], [task('w2')], 'id-w1', { web: 1 }), []);
    assert.deepEqual(missingReplicas([service('web')], [], 'id-w1', {}), []);
    assert.deepEqual(
      missingReplicas([service('web', everywhere)], [task('w1')], 'id-w1', { web: 1 }),
      [],
    );
  });
});

describe('whyNotConverged', () => {
  const nodes = healthyNodes({ managers: 1, workers: 2 });
  const rows: readonly [string, Partial<ServiceFacts>, readonly string[], string | undefined][] = [
    ['all replicas run', { replicas: 2 }, ['w1', 'w2'], undefined],
    ['a replica is missing', { replicas: 2 }, ['w1'], 'web 1/2'],
    ['scaled to nothing', { replicas: 0 }, [], undefined],
    ['global, on every node', everywhere, ['m1', 'w1', 'w2'], undefined],
    ['global, a node short', everywhere, ['m1', 'w1'], 'web 2/3'],
    [
      'global, only where its constraints allow',
      { ...everywhere, constraints: ['node.role == worker'] },
      ['w1', 'w2'],
      undefined,
    ],
    [
      'global, by a constraint that is not judged here, without a task yet',
      { ...everywhere, constraints: ['node.platform.os == linux'] },
      [],
      'web 0/1',
    ],
    [
      'global, by a constraint that is not judged here, as the swarm’s own tasks tell',
      { ...everywhere, constraints: ['node.platform.os == linux'] },
      ['w1', 'w2'],
      undefined,
    ],
  ];
  for (const [rule, over, running, expected] of rows) {
    it(rule, () => {
      const tasks = running.map((name) => task(name));
      assert.equal(whyNotConverged(service('web', over), nodes, tasks), expected);
    });
  }

  it('expects nothing of nodes that are drained, paused or down', () => {
    const out = [
      workerNode('w1', { availability: 'drain' }),
      workerNode('w2', { availability: 'pause' }),
      workerNode('w3', { state: 'down' }),
    ];
    assert.equal(whyNotConverged(service('web', everywhere), out, []), undefined);
  });
});

describe('placement', () => {
  const node = managerNode('m1', {}, { labels: { zone: 'A', 'a.b': '' } });
  const rows: readonly [readonly string[], 'yes' | 'no' | 'unknown'][] = [
    [[], 'yes'],
    [['node.role == manager'], 'yes'],
    [['node.role==manager'], 'yes'],
    [['node.role != manager'], 'no'],
    [['node.role == worker'], 'no'],
    [['node.hostname == M1'], 'yes'],
    [['node.id != id-m1'], 'no'],
    [['node.labels.zone == a'], 'yes'],
    [['node.labels.zone == b'], 'no'],
    [['node.labels.disk == ssd'], 'no'],
    [['node.labels.disk != ssd'], 'yes'],
    [['node.labels.constructor != x'], 'yes'],
    [['node.platform.os == linux'], 'unknown'],
    [['engine.labels.x == y'], 'unknown'],
    [['nonsense'], 'unknown'],
    [['node.role == manager', 'node.labels.zone == b'], 'no'],
    [['node.platform.os == linux', 'node.role == worker'], 'no'],
    [['node.platform.os == linux', 'node.role == manager'], 'unknown'],
  ];
  for (const [constraints, expected] of rows) {
    it(`${constraints.length === 0 ? 'no constraint' : constraints.join(', ')}: ${expected}`, () => {
      assert.equal(placement(node, constraints), expected);
    });
  }
});
