import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { drainsTogether, mostDown } from '../../core/drainsTogether';
import type { DrainFacts } from '../../core/drainsTogether';
import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../core/facts';
import { withHold } from '../../core/held';
import { names, taskOn, workerNode } from './support/swarmFacts';

const service = (
  name: string,
  replicas?: number,
  more: Partial<ServiceFacts> = {},
): ServiceFacts => ({
  ...{ id: `id-${name}`, version: 1, name, replicas, image: 'web:1', labels: {}, constraints: [] },
  mode: replicas === undefined ? 'global' : 'replicated',
  ...more,
});

/** Tasks by the nodes that they run on; what is after a colon is their state, e.g. `w1:preparing`. */
const tasksOf = (name: string, ...places: readonly string[]): readonly TaskFacts[] =>
  places.map((place, index) => {
    const [node = '', state = 'running'] = place.split(':');
    const task = taskOn(workerNode(node), name);
    const id = `${task.id}-${String(index)}`;
    return { ...task, id, slot: String(index), state: state as TaskFacts['state'] };
  });

const ten = names('w', 10);

function world(
  drained: readonly string[],
  more: Partial<DrainFacts> & { readonly before?: Readonly<Record<string, number>> } = {},
): DrainFacts {
  const { before = {}, ...over } = more;
  return {
    nodes: ten.map((name) =>
      workerNode(name, { availability: drained.includes(name) ? 'drain' : 'active' }),
    ),
    services: [],
    tasks: [],
    baselines: Object.fromEntries(drained.map((name) => [name, before])),
    ...over,
  };
}

test('a quarter of the replicas may be down, rounded down, and one at least', () => {
  const most = [1, 2, 3, 4, 7, 8, 11, 12, 100].map(mostDown);
  assert.deepEqual(most, [1, 1, 1, 1, 1, 2, 2, 3, 25]);
});

const eight = service('web', 8);
const onEight = tasksOf('web', ...ten.slice(0, 8));

/** `undefined`: no drain is under way; `open`: it may go beside; or of which service it would cost too much. */
const table: readonly (readonly [string, DrainFacts, string | undefined])[] = [
  ['nobody is drained', world([], { services: [eight], tasks: onEight }), undefined],
  [
    'who is drained has nothing of a replicated service, and all are whole',
    world(['w9'], { services: [eight], tasks: onEight, before: { web: 8 } }),
    undefined,
  ],
  [
    'two of eight, one on each',
    world(['w1'], { services: [eight], tasks: onEight, before: { web: 8 } }),
    'open',
  ],
  [
    'three of eight',
    world(['w1', 'w3'], { services: [eight], tasks: onEight, before: { web: 8 } }),
    'web',
  ],
  [
    'the third of eight, when the first runs elsewhere again',
    world(['w1', 'w3'], {
      services: [eight],
      tasks: tasksOf('web', 'w9', ...ten.slice(1, 8)),
      before: { web: 8 },
    }),
    'open',
  ],
  [
    'the first is starting elsewhere, and runs nowhere yet',
    world(['w1', 'w3'], {
      services: [eight],
      tasks: tasksOf('web', 'w9:starting', ...ten.slice(1, 8)),
      before: { web: 8 },
    }),
    'web',
  ],
  [
    'the tasks of who is drained are gone already, and only the baseline tells of them',
    world(['w1', 'w3'], {
      services: [eight],
      tasks: tasksOf('web', 'w2', 'w4', 'w5', 'w6', 'w7', 'w8'),
      before: { web: 8 },
    }),
    'web',
  ],
  [
    'a node with several of one service',
    world(['w9'], {
      services: [eight],
      tasks: tasksOf('web', 'w2', 'w2', 'w9', 'w4', 'w5', 'w6', 'w7', 'w8'),
      before: { web: 8 },
    }),
    'web',
  ],
  [
    'the only replica, while another service is drained',
    world(['w9'], {
      services: [eight, service('db', 1)],
      tasks: [...tasksOf('web', 'w9', 'w1', 'w3', 'w4'), ...tasksOf('db', 'w2')],
      before: { web: 4, db: 1 },
    }),
    'db',
  ],
  [
    'while the only replica of another service is drained',
    world(['w9'], {
      services: [service('db', 1)],
      tasks: tasksOf('db', 'w9'),
      before: { db: 1 },
    }),
    'db',
  ],
  [
    'both replicas of two',
    world(['w1'], {
      services: [service('web', 2)],
      tasks: tasksOf('web', 'w1', 'w2'),
      before: { web: 2 },
    }),
    'web',
  ],
  [
    'replicas that somebody has taken away meanwhile are not missed',
    world(['w1'], {
      services: [service('web', 2)],
      tasks: tasksOf('web', 'w3', 'w4', 'w1:shutdown'),
      before: { web: 8 },
    }),
    undefined,
  ],
  [
    'replicas that have never run are not missed either',
    world(['w1'], {
      services: [service('web', 100)],
      tasks: onEight,
      before: { web: 8 },
    }),
    'open',
  ],
  [
    'global services and jobs do not count',
    world(['w1'], {
      services: [
        eight,
        service('everywhere'),
        service('once', 1, { job: { completions: 1, iteration: 1 } }),
      ],
      tasks: [
        ...onEight,
        ...tasksOf('everywhere', ...ten.slice(1)),
        ...tasksOf('once', 'w2', 'w1:complete'),
      ],
      before: { web: 8, everywhere: 10, once: 1 },
    }),
    'open',
  ],
  [
    'a global service that has less than before',
    world(['w1'], {
      services: [eight, service('everywhere')],
      tasks: [...onEight, ...tasksOf('everywhere', ...ten.slice(2))],
      before: { web: 8, everywhere: 10 },
    }),
    'everywhere',
  ],
  [
    'a node that is drained by its declaration is no drain under way',
    world(['w1'], { services: [eight], tasks: onEight, baselines: {} }),
    undefined,
  ],
];

for (const [what, facts, expected] of table) {
  test(`beside others w2 ${expected === 'open' ? 'goes' : 'waits or goes alone'}: ${what}`, () => {
    const found = drainsTogether(facts, 'w2');
    if (expected === undefined || expected === 'open') {
      assert.deepEqual(found, expected === undefined ? undefined : []);
      return;
    }
    assert.ok(found !== undefined && found.length > 0);
    for (const { sentence } of found) assert.match(sentence, new RegExp(`service ${expected} `));
  });
}

test('the reason has the numbers, and who is drained', () => {
  const facts = world(['w1', 'w3'], { services: [eight], tasks: onEight, before: { web: 8 } });
  assert.deepEqual(drainsTogether(facts, 'w2'), [
    { node: 'w1, w3', sentence: 'of service web 5 of 8 tasks would stay, and 6 are to' },
  ]);
});

test('a node that is held after an upgrade in place, or is down, is not being drained', () => {
  const facts = world(['w1'], { services: [eight], tasks: onEight, before: { web: 8 } });
  const changed = (change: (node: SwarmNodeFacts) => SwarmNodeFacts): DrainFacts => ({
    ...facts,
    nodes: facts.nodes.map((node) => (node.hostname === 'w1' ? change(node) : node)),
  });
  const held = changed((node) => ({ ...node, labels: withHold(node.labels, 'active') }));
  const down = changed((node) => ({ ...node, state: 'down' }));
  assert.equal(drainsTogether(held, 'w2'), undefined);
  assert.equal(drainsTogether(down, 'w2'), undefined);
});

test('for a node that has come back what it runs stays, and its own baseline counts', () => {
  const facts = world(['w1', 'w3'], {
    services: [eight, service('everywhere')],
    tasks: [...onEight, ...tasksOf('everywhere', ...ten)],
    before: { web: 8 },
  });
  assert.deepEqual(drainsTogether(facts, 'w2', false), []);
  const missed = {
    ...facts,
    tasks: onEight,
    baselines: { ...facts.baselines, w2: { everywhere: 9 } },
  };
  assert.deepEqual(
    drainsTogether(missed, 'w2', false)?.map(({ sentence }) => sentence),
    ['service everywhere runs 0 of 8 tasks'],
  );
});

test('whoever is admitted one after another, of no service more is down than may be', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 12 }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.shuffledSubarray([...ten], { minLength: 10 }),
      (places, order) => {
        const services = places.map((each, index) => service(`s${String(index)}`, each.length));
        const tasks = places.flatMap((each, index) =>
          tasksOf(`s${String(index)}`, ...each.map((at) => ten[at] ?? '')),
        );
        const before = Object.fromEntries(
          places.map((each, at) => [`s${String(at)}`, each.length]),
        );
        // The first goes alone, as ever.
        const drained = order.slice(0, 1);
        for (const name of order.slice(1)) {
          const reasons = drainsTogether(world(drained, { services, tasks, before }), name);
          if (reasons?.length === 0) drained.push(name);
        }
        if (drained.length === 1) return;
        for (const each of places) {
          const left = each.filter((at) => !drained.includes(ten[at] ?? '')).length;
          assert.ok(left >= 1 && each.length - left <= mostDown(each.length));
        }
      },
    ),
  );
});
