import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../core/facts';
import {
  askedAnew,
  broughtUp,
  recentMilliseconds,
  recentTasksMilliseconds,
} from '../../core/recentLook';
import type { Anew, PresentFacts, RunningServices, SwarmLook } from '../../core/recentLook';

function entry(hostname: string, more: Partial<SwarmNodeFacts> = {}): SwarmNodeFacts {
  return {
    ...{ id: `id-${hostname}`, version: 1, hostname, address: '10.0.0.1', labels: {} },
    ...{ engineVersion: '26.1.5', role: 'worker', availability: 'active', state: 'ready' },
    managerStatus: undefined,
    ...more,
  };
}

function manager(hostname: string, isLeader: boolean): SwarmNodeFacts {
  const managerStatus = { isLeader, reachability: 'reachable', address: '10.0.0.1:2377' } as const;
  return entry(hostname, { role: 'manager', managerStatus });
}

const managers = [manager('m1', true), manager('m2', false), manager('m3', false)];
const workers = ['w1', 'w2', 'w3', 'w4'].map((name) => entry(name));
const nodes = [...managers, ...workers];
const recent: SwarmLook = { nodes, running: undefined, leader: 'id-m1', atMs: 10_000 };
const now: PresentFacts = { atMs: 11_000, managers, going: [], services: [], target: 'w2' };

const service: ServiceFacts = {
  ...{ id: 's1', version: 1, name: 'web', image: 'web:1', replicas: 3, constraints: [] },
  ...{ mode: 'replicated', labels: {} },
};
const task = (slot: number, node: string): TaskFacts => ({
  ...{ id: `t${String(slot)}-${node}`, serviceId: 's1', slot: String(slot), nodeId: `id-${node}` },
  ...{ state: 'running', desiredState: 'running', error: '' },
});
const running: RunningServices = {
  services: [service],
  tasks: [task(1, 'w1'), task(2, 'w2'), task(3, 'w3')],
};
/** Nothing was asked for anew. */
const nothing: Anew = { nodes: new Map(), services: [], tasks: [] };

test('the worker that is to go is asked for anew', () => {
  assert.deepEqual(askedAnew(recent, now), ['id-w2']);
});

test('a list serves for its time, and no longer', () => {
  assert.ok(askedAnew(recent, { ...now, atMs: 10_000 + recentMilliseconds }) !== undefined);
  assert.equal(askedAnew(recent, { ...now, atMs: 10_001 + recentMilliseconds }), undefined);
});

test('whoever goes is asked for anew until the list shows it as out', () => {
  assert.deepEqual(askedAnew(recent, { ...now, going: ['w1', 'w3'] }), ['id-w2', 'id-w1', 'id-w3']);
  const drained = entry('w1', { availability: 'drain' });
  const shown = broughtUp(recent, now, { ...nothing, nodes: new Map([['id-w1', drained]]) });
  assert.deepEqual(
    shown.nodes.find(({ hostname }) => hostname === 'w1'),
    drained,
  );
  assert.deepEqual(askedAnew(shown, { ...now, going: ['w1', 'w3'] }), ['id-w2', 'id-w3']);
});

test('one that is gone is in the list no more, and the list is of when it was', () => {
  const without = broughtUp(recent, now, { ...nothing, nodes: new Map([['id-w1', undefined]]) });
  assert.ok(!without.nodes.some(({ hostname }) => hostname === 'w1'));
  assert.equal(without.atMs, recent.atMs);
});

test('managers are as they are now, also one that the list has as a worker', () => {
  const present = [...managers.slice(0, 2), manager('w4', false)];
  const shown = broughtUp(recent, { ...now, managers: present }, nothing);
  assert.deepEqual(
    shown.nodes.filter(({ managerStatus }) => managerStatus !== undefined).map(({ id }) => id),
    ['id-m1', 'id-m2', 'id-w4', 'id-m3'],
  );
  assert.equal(shown.nodes.length, recent.nodes.length);
});

test('what runs serves for a shorter time', () => {
  const list = { ...recent, running };
  const at = (ms: number): PresentFacts => ({ ...now, services: [service], atMs: 10_000 + ms });
  assert.ok(askedAnew(list, at(recentTasksMilliseconds)) !== undefined);
  assert.equal(askedAnew(list, at(recentTasksMilliseconds + 1)), undefined);
});

test('of what runs on the node that is to go nothing of before counts', () => {
  const scaled = { ...service, replicas: 4 };
  const shown = broughtUp({ ...recent, running }, now, {
    ...{ nodes: new Map(), services: [scaled] },
    tasks: [task(4, 'w2')],
  });
  assert.deepEqual(shown.running, {
    services: [scaled],
    tasks: [task(1, 'w1'), task(3, 'w3'), task(4, 'w2')],
  });
});

const useless: Record<
  string,
  { readonly list?: Partial<SwarmLook>; readonly look?: Partial<PresentFacts> }
> = {
  'after a change of leader': { look: { managers: [manager('m1', false), manager('m2', true)] } },
  'without a leader now': { look: { managers: [manager('m1', false)] } },
  'that was seen without a leader': { list: { leader: undefined } },
  'without the worker that is to go': { look: { target: 'w9' } },
  'without tasks, where services run': { look: { services: [service] } },
  'without the tasks of a service that is new': {
    list: { running },
    look: { services: [service, { ...service, id: 's2' }] },
  },
  'of which many have changed': {
    list: { nodes: Array.from({ length: 20 }, (_, index) => entry(`w${String(index)}`)) },
    look: { going: Array.from({ length: 20 }, (_, index) => `w${String(index)}`) },
  },
};
for (const [what, { list, look }] of Object.entries(useless)) {
  test(`a list ${what} serves nobody`, () => {
    assert.equal(askedAnew({ ...recent, ...list }, { ...now, ...look }), undefined);
  });
}
