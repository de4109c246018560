import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../../core/facts';
import {
  groupedErrors,
  isAsPlanned,
  monitorSeconds,
  stackProgress,
} from '../../../core/stack/stackProgress';
import { planned } from '../../support/compose/planned';

const node = (id: string): SwarmNodeFacts => ({
  id,
  version: 1,
  hostname: `host-${id}`,
  address: '10.0.0.1',
  role: 'worker',
  availability: 'active',
  state: 'ready',
  labels: {},
  engineVersion: '26.1.5',
  managerStatus: undefined,
});
const nodes = [node('n1'), node('n2')];
const { services: wanted } = planned(
  'services: { web: { image: "web:2", deploy: { replicas: 2 } } }',
);
const [web] = wanted;
assert.ok(web !== undefined);

const service = (more: Partial<ServiceFacts> = {}): ServiceFacts => ({
  id: 's',
  version: 1,
  name: 'demo_web',
  mode: 'replicated',
  replicas: 2,
  image: 'web:2',
  template: 'new',
  labels: web.body.Labels,
  constraints: [],
  ...more,
});

let serial = 0;
const task = (more: Partial<TaskFacts> = {}): TaskFacts => {
  serial += 1;
  return {
    id: `t${String(serial)}`,
    serviceId: 's',
    nodeId: 'n1',
    state: 'running',
    desiredState: 'running',
    error: '',
    image: 'web:2',
    template: 'new',
    ...more,
  };
};

const progress = (found: readonly ServiceFacts[], tasks: readonly TaskFacts[]) => {
  const [first] = stackProgress(wanted, { services: found, tasks, nodes });
  assert.ok(first !== undefined);
  return first;
};

test('converged, half-way, and not there', () => {
  assert.equal(progress([service()], [task(), task()]).lacks, undefined);
  assert.match(progress([service()], [task()]).lacks ?? '', /^demo_web 1\/2/);
  assert.equal(progress([], []).lacks, 'web is not listed yet');
  const old = task({ template: 'old' });
  assert.match(progress([service()], [old, old]).lacks ?? '', /^demo_web 0\/2/);
});

test('blocked: no image, no node; but not a container that ends', () => {
  const rejected = {
    state: 'rejected',
    desiredState: 'shutdown',
    error: 'No such image: web:2',
  } as const;
  const pending = {
    state: 'pending',
    nodeId: '',
    error: 'no suitable node (host-mode port already in use on 2 nodes)',
  } as const;
  const ended = {
    state: 'failed',
    desiredState: 'shutdown',
    error: 'task: non-zero exit (1)',
  } as const;
  const seen = progress(
    [service()],
    [
      task(rejected),
      task({ ...rejected, nodeId: 'n2' }),
      task({ ...rejected, nodeId: 'n2' }),
      task(pending),
      task(ended),
    ],
  );
  assert.deepEqual(seen.blocked, [
    'No such image: web:2 on host-n1 and host-n2 (3 tasks)',
    'no suitable node (host-mode port already in use on 2 nodes)',
  ]);
  assert.deepEqual(seen.errors, [...seen.blocked, 'task: non-zero exit (1) on host-n1']);
  // Those of a spec that is no more are nobody's trouble.
  assert.deepEqual(progress([service()], [task({ ...rejected, template: 'old' })]).blocked, []);
});

test('a task that was refused blocks no more when its place runs, is tried again, or it is past', () => {
  const refused = task({
    slot: '1',
    state: 'rejected',
    desiredState: 'shutdown',
    error: 'No such image: web:2',
  });
  const seen = (tasks: readonly TaskFacts[], past: readonly string[] = []) => {
    const sight = { services: [service()], tasks, nodes, past: new Set(past) };
    const [first] = stackProgress(wanted, sight);
    return [first?.blocked.length, first?.isTrying];
  };
  assert.deepEqual(seen([refused]), [1, false]);
  assert.deepEqual(seen([refused, task({ slot: '2' })]), [1, false]);
  assert.deepEqual(seen([refused, task({ slot: '1' })]), [0, true]);
  assert.deepEqual(seen([refused, task({ slot: '1', state: 'preparing' })]), [1, true]);
  assert.deepEqual(seen([refused], [refused.id]), [0, true]);
});

test('how long a service that was changed is watched', () => {
  const seconds = (deploy: string): number | undefined => {
    const [each] = planned(`services: { web: { image: a, deploy: ${deploy} } }`).services;
    return each === undefined ? undefined : monitorSeconds(each);
  };
  assert.equal(seconds('{}'), 5);
  assert.equal(seconds('{ update_config: { monitor: 0s } }'), 5);
  assert.equal(seconds('{ update_config: { monitor: 1m } }'), 60);
  assert.equal(seconds('{ mode: replicated-job }'), 0);
});

test('an update that the swarm gave up on', () => {
  const failed = task({ state: 'failed', error: 'task: non-zero exit (1)', template: 'new' });
  const paused = progress(
    [service({ updateStatus: { state: 'paused', message: 'update paused due to failure' } })],
    [failed],
  );
  assert.match(paused.halted ?? '', /its update is paused: update paused due to failure$/);
  const back = service({
    template: 'old',
    updateStatus: { state: 'rollback_completed', message: 'rollback completed' },
  });
  const rolled = progress([back], [failed, task({ template: 'old' })]);
  assert.match(rolled.halted ?? '', /taken back \(rollback_completed\)/);
  assert.deepEqual(rolled.errors, ['task: non-zero exit (1) on host-n1']);
});

test('an update that is being taken back is not at its end', () => {
  const going = service({
    template: 'old',
    updateStatus: { state: 'rollback_started', message: 'update rolled back' },
  });
  const seen = progress([going], [task({ template: 'old' }), task({ template: 'old' })]);
  assert.equal(seen.halted, undefined);
  assert.match(seen.lacks ?? '', /taken back \(rollback_started\)/);
});

test('errors are grouped, with the nodes that still have a name', () => {
  assert.deepEqual(groupedErrors([], nodes), []);
  assert.deepEqual(groupedErrors([task({ error: 'x', nodeId: 'gone' }), task()], nodes), [
    'x on gone',
  ]);
});

test('as planned: the image, the scale and the digest', () => {
  assert.equal(isAsPlanned(web, service()), true);
  assert.equal(isAsPlanned(web, service({ image: 'web:2@sha256:abc' })), true);
  assert.equal(isAsPlanned(web, service({ image: 'web:3' })), false);
  assert.equal(isAsPlanned(web, service({ replicas: 5 })), false);
  assert.equal(isAsPlanned(web, service({ labels: {} })), false);
});
