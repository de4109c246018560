import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { NodeState, ServiceFacts, TaskFacts, TaskState, UpdateState } from '../../core/facts';
import { placement } from '../../core/placement';
import {
  missingReplicas,
  runningTasks,
  runsNow,
  tasksPresent,
  whyNotConverged,
  whyUpdateHalted,
  worseThanBaseline,
} from '../../core/services';
import { healthyNodes, managerNode, withNode, workerNode } from './support/swarmFacts';

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

const nodes = healthyNodes({ managers: 1, workers: 5 });

describe('runsNow', () => {
  const rows: readonly [string, Partial<TaskFacts>, NodeState | 'gone', boolean][] = [
    ['runs on a node that is ready', {}, 'ready', true],
    ['runs on a node that is unknown, as after an election', {}, 'unknown', true],
    ['runs on a node that lost its session', {}, 'disconnected', true],
    ['was last seen running on a node that is down', {}, 'down', false],
    ['was last seen running on a node that is gone', {}, 'gone', false],
    ['is to stop', { desiredState: 'shutdown' }, 'ready', false],
    ['starts', { state: 'starting' }, 'ready', false],
  ];
  for (const [rule, over, node, expected] of rows) {
    it(`a task that ${rule}: ${String(expected)}`, () => {
      const list = node === 'gone' ? [] : [workerNode('w1', { state: node })];
      assert.equal(runsNow(task('w1', over), list), expected);
    });
  }
});

describe('runningTasks', () => {
  it('counts what runs, and names services that run nothing too', () => {
    const tasks = [task('w1'), task('w2'), task('w3', { state: 'starting' }), task('gone')];
    assert.deepEqual(runningTasks([service('web'), service('db')], tasks, nodes), {
      web: 2,
      db: 0,
    });
  });
});

describe('worseThanBaseline', () => {
  it('knows a service by its own name only, whatever every object has of that name', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const one = service(name, { replicas: 2 });
      const tasks = [task('w1', { serviceId: one.id })];
      assert.deepEqual(worseThanBaseline({}, [one], tasks, nodes), []);
      const before = runningTasks([one], [...tasks, task('w2', { serviceId: one.id })], nodes);
      assert.deepEqual(worseThanBaseline(before, [one], tasks, nodes), [
        `service ${name} runs 1 of 2 tasks`,
      ]);
      assert.equal(missingReplicas([one], [], nodes, 'id-w1', before).length, 1);
      assert.deepEqual(missingReplicas([one], [], nodes, 'id-w1', {}), []);
    }
  });

  const workers = { ...everywhere, constraints: ['node.role == worker'] };
  const onLinux = { ...everywhere, constraints: ['node.platform.os == linux'] };
  const rows: readonly [string, Partial<ServiceFacts>, number, number, string[]][] = [
    ['as many as before', {}, 3, 3, []],
    ['more than before', {}, 2, 3, []],
    ['fewer than before', {}, 3, 2, ['service web runs 2 of 3 tasks']],
    ['scaled down meanwhile', { replicas: 2 }, 3, 2, []],
    ['scaled down, and still fewer', { replicas: 2 }, 3, 1, ['service web runs 1 of 2 tasks']],
    ['was ill before', {}, 0, 0, []],
    ['global, a node short', workers, 5, 4, ['service web runs 4 of 5 tasks']],
    ['global, nodes were removed meanwhile', workers, 7, 5, []],
    ['global, removed, and still fewer', workers, 7, 4, ['service web runs 4 of 5 tasks']],
    [
      'global, its constraints were narrowed meanwhile',
      { ...everywhere, constraints: ['node.hostname == w1'] },
      5,
      1,
      [],
    ],
    ['global, by a constraint that is not judged here', onLinux, 5, 3, []],
    ['the same, without a task', onLinux, 5, 0, ['service web runs 0 of 1 tasks']],
  ];
  for (const [rule, over, before, now, expected] of rows) {
    it(rule, () => {
      const tasks = Array.from({ length: now }, (_, index) => task(`w${String(index + 1)}`));
      assert.deepEqual(
        worseThanBaseline({ web: before }, [service('web', over)], tasks, nodes),
        expected,
      );
    });
  }

  it('does not take the tasks of a dead node for running ones', () => {
    const list = withNode(nodes, 'w3', (node) => ({ ...node, state: 'down' }));
    const tasks = [task('w1'), task('w2'), task('w3')];
    assert.deepEqual(worseThanBaseline({ web: 3 }, [service('web')], tasks, list), [
      'service web runs 2 of 3 tasks',
    ]);
  });

  it('quotes the error of a task', () => {
    const tasks = [task('w1', { state: 'rejected', error: 'No such image: web:1' })];
    assert.deepEqual(worseThanBaseline({ web: 1 }, [service('web')], tasks, nodes), [
      'service web runs 0 of 1 tasks (No such image: web:1)',
    ]);
  });

  it('misses nothing of a service that is gone, or that is new', () => {
    assert.deepEqual(worseThanBaseline({ web: 3 }, [], [], nodes), []);
    assert.deepEqual(worseThanBaseline({}, [service('new')], [], nodes), []);
  });

  it('is never true of a world against its own baseline', () => {
    const tasks = fc.array(
      fc.record({
        id: fc.string(),
        serviceId: fc.constantFrom('id-web', 'id-db', 'id-x'),
        nodeId: fc.constantFrom('id-m1', 'id-w1', 'id-w2', 'id-gone'),
        state: fc.constantFrom<TaskState>('running', 'failed', 'starting'),
        desiredState: fc.constantFrom<TaskState>('running', 'shutdown'),
        error: fc.string(),
      }),
    );
    fc.assert(
      fc.property(tasks, fc.nat(5), (list, replicas) => {
        const services = [service('web', { replicas }), service('db', everywhere)];
        const own = runningTasks(services, list, nodes).web ?? 0;
        if (own > replicas) return;
        assert.deepEqual(
          worseThanBaseline(runningTasks(services, list, nodes), services, list, nodes),
          [],
        );
      }),
    );
  });
});

describe('missingReplicas', () => {
  it('waits until what ran on the node runs elsewhere', () => {
    const tasks = [task('w1'), task('w2'), task('w3')];
    const missing = (list: readonly TaskFacts[]): readonly string[] =>
      missingReplicas([service('web')], list, nodes, 'id-w1', { web: 3 });
    assert.deepEqual(missing(tasks), ['service web runs 2 of 3 tasks elsewhere']);
    assert.deepEqual(missing([...tasks, task('w2', { id: 'more' })]), []);
    const stopping = task('w4', { desiredState: 'shutdown' });
    for (const lost of [task('gone'), stopping]) {
      assert.deepEqual(missing([...tasks, lost]), ['service web runs 2 of 3 tasks elsewhere']);
    }
  });

  it('waits for no more than was there before, and not for global services', () => {
    assert.deepEqual(
      missingReplicas([service('web')], [task('w2')], nodes, 'id-w1', { web: 1 }),
      [],
    );
    assert.deepEqual(missingReplicas([service('web')], [], nodes, 'id-w1', {}), []);
    assert.deepEqual(
      missingReplicas([service('web', everywhere)], [task('w1')], nodes, 'id-w1', { web: 1 }),
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

describe('whyNotConverged, of an update', () => {
  const digest = (letter: string): string => `@sha256:${letter.repeat(64)}`;
  const images: readonly [string, string | undefined, boolean][] = [
    ['web:2', 'web:2', true],
    ['web:2', 'web:1', false],
    [`web:2${digest('a')}`, 'web:2', true],
    ['web:2', `web:2${digest('a')}`, true],
    [`web:2${digest('a')}`, `web:1${digest('b')}`, false],
    [`web:2${digest('a')}`, `web:2${digest('b')}`, false],
    ['web:2', undefined, true],
  ];
  for (const [wanted, image, isOwn] of images) {
    it(`${wanted}: a task of ${image ?? 'an image that is not told'} ${isOwn ? 'counts' : 'does not count'}`, () => {
      const tasks = [task('w1', image === undefined ? {} : { image })];
      const web = service('web', { replicas: 1, image: wanted });
      assert.equal(whyNotConverged(web, nodes, tasks), isOwn ? undefined : 'web 0/1');
    });
  }

  const templates: readonly [string | undefined, string | undefined, boolean][] = [
    ['A=2', 'A=2', true],
    ['A=2', 'A=1', false],
    ['A=2', undefined, true],
    [undefined, 'A=1', true],
  ];
  for (const [wanted, template, isOwn] of templates) {
    it(`made of ${String(wanted)}: a task of ${String(template)} ${isOwn ? 'counts' : 'does not count'}`, () => {
      const tasks = [task('w1', template === undefined ? {} : { template })];
      const web = service('web', {
        replicas: 1,
        ...(wanted === undefined ? {} : { template: wanted }),
      });
      assert.equal(whyNotConverged(web, nodes, tasks), isOwn ? undefined : 'web 0/1');
    });
  }

  it('does not count the tasks of dead nodes', () => {
    const web = service('web', { replicas: 2 });
    assert.equal(whyNotConverged(web, nodes, [task('w1'), task('gone')]), 'web 1/2');
  });

  const over = {
    updating: false,
    completed: false,
    unknown: false,
    paused: true,
    rollback_started: true,
    rollback_paused: true,
    rollback_completed: true,
  } satisfies Record<UpdateState, boolean>;
  const web = (state: UpdateState): ServiceFacts =>
    service('web', { replicas: 1, updateStatus: { state, message: 'as the swarm says' } });
  for (const [state, isHalted] of Object.entries(over) as [UpdateState, boolean][]) {
    it(`${state}: ${isHalted ? 'the swarm gave up' : 'goes on'}`, () => {
      const why = whyUpdateHalted(web(state), []);
      assert.equal(why !== undefined, isHalted);
      if (why !== undefined) assert.match(why, /^service web: .*as the swarm says/);
      const expected = state === 'updating' ? 'web 1/1, its update is under way' : why;
      assert.equal(whyNotConverged(web(state), nodes, [task('w1')]), expected);
    });
  }

  it('quotes the last error of the tasks that failed', () => {
    const failed = (image: string, error: string, sinceMs: number): TaskFacts =>
      task('w1', { state: 'rejected', image, error, sinceMs });
    const present = service('web').image;
    const tasks = [
      failed(present, 'present, first', 1),
      failed(present, 'present, last', 2),
      failed('web:9', 'other, first', 3),
      failed('web:9', 'other, last', 4),
    ];
    assert.match(whyUpdateHalted(web('paused'), tasks) ?? '', /\(present, last\)/);
    assert.match(whyUpdateHalted(web('rollback_completed'), tasks) ?? '', /\(other, last\)/);
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
