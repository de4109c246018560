import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MobilityFacts, ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../core/facts';
import {
  describeMoves,
  moveLabel,
  moveProgress,
  movedOff,
  movingOff,
  planMoves,
  takenBack,
  whyNotYet,
} from '../../core/moves';
import type { Placement } from '../../core/moves';

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
  ...{ id: 'web', version: 7, name: 'web', mode: 'replicated', replicas: 1, image: 'i' },
  ...{ labels: {}, constraints: [], mobility },
  ...more,
});

const task = (id: string, nodeId: string, more: Partial<TaskFacts> = {}): TaskFacts => ({
  ...{ id, nodeId, serviceId: 'web', state: 'running', desiredState: 'running', error: '' },
  ...{ slot: '1', image: 'i' },
  ...more,
});

const nodes = [node('a'), node('b')];
const tasks = [task('t1', 'a')];

function placed(found: ServiceFacts, { updateConfig, ...rest }: Placement): ServiceFacts {
  return { ...found, ...rest, mobility: { ...mobility, ...found.mobility, updateConfig } };
}

/** Why a service is not moved off `a`; undefined: it is. */
function why(
  of: ServiceFacts,
  facts: { nodes?: SwarmNodeFacts[]; tasks?: TaskFacts[]; others?: ServiceFacts[] } = {},
): string | undefined {
  const plan = planMoves(
    {
      services: [of, ...(facts.others ?? [])],
      tasks: facts.tasks ?? tasks,
      nodes: facts.nodes ?? nodes,
    },
    'a',
  );
  assert.equal(plan.moved.length + plan.left.length, 1);
  return plan.left[0]?.why;
}

test('what is moved, and what is left to the plain drain, and why', () => {
  const of = (more: Partial<MobilityFacts>): ServiceFacts =>
    service({ mobility: { ...mobility, ...more } });
  assert.equal(why(service()), undefined);
  assert.equal(why(of({ updateConfig: { Order: 'start-first' } })), undefined);
  assert.match(why(service({ job: { completions: 1, iteration: 0 } })) ?? '', /a job/);
  assert.match(why(of({ hasVolumes: true })) ?? '', /volumes/);
  assert.match(why(of({ updateConfig: { Order: 'stop-first' } })) ?? '', /stop-first/);
  const two = { replicas: 2, mobility: { ...mobility, updateConfig: { Order: 'stop-first' } } };
  const both = [task('t1', 'a'), task('t2', 'b', { slot: '2' })];
  assert.equal(why(service(two), { tasks: both }), undefined);
  assert.match(why(of({ restartDelaySeconds: 0 })) ?? '', /without a delay/);
  assert.equal(why(of({ restartDelaySeconds: 1 })), undefined);
  assert.match(why(service({ replicas: 2 })) ?? '', /not converged: web 1\/2/);
  assert.match(
    why(service({ updateStatus: { state: 'paused', message: 'm' } })) ?? '',
    /not converged: .*paused/,
  );
  assert.match(why(service({ constraints: ['node.id==a'] })) ?? '', /no other node/);
  assert.match(
    why(service(), { nodes: [node('a'), node('b', { availability: 'drain' })] }) ?? '',
    /no other node/,
  );
  assert.match(why(service({ mode: 'global', replicas: undefined })) ?? '', /a task on every node/);
});

test('a port of the nodes, and a limit for each node, need room elsewhere', () => {
  const ported = service({ hostPorts: [80] });
  assert.equal(why(ported), undefined);
  const other = service({ id: 'other', name: 'other', hostPorts: [80] });
  const taken = [...tasks, task('t2', 'b', { serviceId: 'other' })];
  const plan = planMoves({ services: [ported, other], tasks: taken, nodes }, 'a');
  assert.match(plan.left[0]?.why ?? '', /port 80 .* is taken/);
  const limited = service({ replicas: 2, mobility: { ...mobility, maxPerNode: 1 } });
  const spread = [task('t1', 'a'), task('t2', 'b', { slot: '2' })];
  assert.match(why(limited, { tasks: spread }) ?? '', /its 1 tasks of it/);
  assert.equal(why(limited, { tasks: spread, nodes: [...nodes, node('c')] }), undefined);
});

test('what a move changes is taken back as it was, whatever it was', () => {
  const texts = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z.]{1,8}$/), texts, { noNullPrototype: true }),
      fc.array(texts),
      fc.option(
        fc.record(
          {
            Parallelism: fc.nat(9),
            Order: fc.constantFrom('stop-first', 'start-first'),
            Monitor: fc.nat(),
          },
          { noNullPrototype: true },
        ),
        { nil: undefined },
      ),
      (labels, constraints, updateConfig) => {
        const was = service({ labels, constraints, mobility: { ...mobility, updateConfig } });
        const moving = placed(was, movingOff(was, 'nodeid'));
        assert.equal(movedOff(moving), 'nodeid');
        assert.deepEqual(takenBack(moving), { labels, constraints, updateConfig });
        assert.equal(takenBack(was), undefined);
      },
    ),
  );
});

test('what somebody has changed meanwhile stays when a move is taken back', () => {
  const was = service({ mobility: { ...mobility, updateConfig: { Parallelism: 3 } } });
  const moving = placed(was, movingOff(was, 'a'));
  const touched: ServiceFacts = {
    ...moving,
    labels: { ...moving.labels, team: 'x' },
    constraints: [...moving.constraints, 'node.role==worker'],
    mobility: { ...mobility, updateConfig: { ...moving.mobility?.updateConfig, Parallelism: 2 } },
  };
  const back = takenBack(touched);
  assert.deepEqual(back?.labels, { team: 'x' });
  assert.deepEqual(back.constraints, ['node.role==worker']);
  assert.equal(back.updateConfig?.['Parallelism'], 2);
  const unreadable = service({ labels: { [moveLabel]: '{' } });
  assert.deepEqual(takenBack(unreadable)?.labels, {});
});

test('how far a move has come', () => {
  const was = service();
  const moving = placed(was, movingOff(was, 'a'));
  const kind = (of: ServiceFacts | undefined, all: TaskFacts[]): string =>
    moveProgress('web', { services: of === undefined ? [] : [of], tasks: all, nodes }, 'a').kind;
  const updating = { ...moving, updateStatus: { state: 'updating' as const, message: '' } };
  assert.equal(kind(moving, tasks), 'moving');
  assert.equal(kind(updating, [task('t2', 'b')]), 'moving', 'its new tasks are watched');
  assert.equal(kind(moving, [task('t2', 'b')]), 'moved');
  assert.equal(kind(was, tasks), 'changed', 'no mark any more');
  assert.equal(kind(undefined, []), 'changed');
  const paused = { ...moving, updateStatus: { state: 'paused' as const, message: 'm' } };
  const broken = task('t2', 'b', { state: 'failed', error: 'unhealthy' });
  const failed = moveProgress('web', { services: [paused], tasks: [...tasks, broken], nodes }, 'a');
  assert.match('why' in failed ? failed.why : '', /paused: m \(unhealthy on b\)/);
  const homeless = task('t2', '', { state: 'pending', error: 'no suitable node (…)' });
  assert.equal(kind(moving, [...tasks, homeless]), 'noRoom');
});

test('an update is sent only when it cannot cost the old task its place', () => {
  const at = (next: Partial<TaskFacts>, isFresh = true): string | undefined =>
    whyNotYet(service(), { tasks: [...tasks, task('t2', 'b', next)] }, () => isFresh);
  assert.equal(
    whyNotYet(service(), { tasks }, () => false),
    undefined,
  );
  assert.equal(at({}), undefined, 'both run');
  assert.match(at({ state: 'starting' }) ?? '', /starting beside/);
  assert.match(at({ state: 'assigned' }) ?? '', /assigned beside/);
  assert.equal(at({ state: 'failed', desiredState: 'shutdown' }), undefined);
  assert.equal(at({ state: 'pending', desiredState: 'ready' }), undefined);
  assert.match(at({ state: 'pending', desiredState: 'ready' }, false) ?? '', /pending beside/);
  assert.match(at({ state: 'pending', nodeId: '' }) ?? '', /pending/);
  assert.equal(at({ state: 'pending', nodeId: '', error: 'no suitable node (x)' }), undefined);
  assert.equal(at({ state: 'starting', slot: '2' }), undefined, 'another slot');
});

test('preview says which services are moved, and which are not, and why', () => {
  const everywhere = service({ id: 'e', name: 'everywhere', mode: 'global', replicas: undefined });
  const facts = { services: [service(), everywhere], tasks, nodes };
  assert.equal(
    describeMoves(facts, nodes),
    'before a, b are drained, the tasks of web are moved to other nodes, start-first; by the plain drain, stop first: everywhere (it has a task on every node)',
  );
  assert.equal(describeMoves({ ...facts, services: [] }, nodes), undefined);
  assert.equal(describeMoves(facts, []), undefined);
});
