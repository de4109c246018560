import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainRoom } from '../../core/drainRoom';
import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from '../../core/facts';

const node = (id: string, more: Partial<SwarmNodeFacts> = {}): SwarmNodeFacts => ({
  ...{ id, version: 1, hostname: id, address: '10.0.0.1', role: 'worker', labels: {} },
  ...{ availability: 'active', state: 'ready', engineVersion: '26.1.5', managerStatus: undefined },
  resources: { nanoCpus: 2e9, memoryBytes: 2 ** 30 },
  ...more,
});
const service = (replicas: number, more: Partial<ServiceFacts> = {}): ServiceFacts => ({
  ...{ id: 's', version: 1, name: 'db', mode: 'replicated', replicas, image: 'db:1' },
  ...{ labels: {}, constraints: [] },
  ...more,
});
const on = (...nodeIds: readonly string[]): readonly TaskFacts[] =>
  nodeIds.map((nodeId, at) => ({
    ...{ id: `t${String(at)}`, serviceId: 's', nodeId, error: '' },
    ...{ state: 'running', desiredState: 'running' },
  }));
const nodes = [node('w1'), node('w2'), node('w3')];
const found = (
  wanted: ServiceFacts,
  tasks: readonly TaskFacts[],
  all: readonly SwarmNodeFacts[] = nodes,
): readonly string[] =>
  drainRoom({
    services: [wanted],
    tasks,
    nodes: all,
    turns: [['w1'], ['w2']],
  });

test('a constraint that only the node satisfies that goes', () => {
  const pinned = service(1, { constraints: ['node.hostname == w1'] });
  assert.deepEqual(found(pinned, on('w1')), [
    'while w1 is out, db would find no node for 1 replica: no other satisfies node.hostname == w1: its drain would wait in vain; make room for it, or take replicas away for the roll (`docker service scale db=N`)',
  ]);
  assert.deepEqual(found(service(1, { constraints: ['node.platform.os == linux'] }), on('w1')), []);
  assert.deepEqual(found({ ...pinned, replicas: 0 }, []), []);
  assert.deepEqual(found(pinned, []), [], 'what does not run is not missed');
  const labelled = [node('w1', { labels: { disk: 'ssd' } }), node('w2'), node('w3')];
  const onDisk = service(1, { constraints: ['node.labels.disk == ssd'] });
  assert.equal(found(onDisk, on('w1'), labelled).length, 1);
});

test('replicas that do not fit on what remains: by number, by a port, by what they reserve', () => {
  const mobility = { hasVolumes: false, maxPerNode: 1, hasPreferences: false };
  const full: readonly (readonly [Partial<ServiceFacts>, number])[] = [
    [{ mobility: { ...mobility, restartDelaySeconds: undefined, updateConfig: undefined } }, 3],
    [{ hostPorts: [8080] }, 3],
    [{ reservations: { nanoCpus: 1.5e9, memoryBytes: 0 } }, 3],
    [{ reservations: { nanoCpus: 0, memoryBytes: 400 * 2 ** 20 } }, 5],
  ];
  for (const [more, replicas] of full) {
    const places = Array.from({ length: replicas }, (_, at) => `w${String((at % 3) + 1)}`);
    assert.match(
      found(service(replicas, more), on(...places)).join(),
      /^while w1 is out, db would find room for \d of \d replicas on w2 or w3: .*while w2 is out/,
    );
    const fewer = replicas === 5 ? 4 : 2;
    assert.deepEqual(found(service(fewer, more), on(...places.slice(0, fewer))), []);
  }
});

test('only what is certain: a node that is down may be back, a paused one keeps what it has', () => {
  const three = service(3, { hostPorts: [8080] });
  const withW4 = (more: Partial<SwarmNodeFacts>): readonly SwarmNodeFacts[] => [
    ...nodes,
    node('w4', more),
  ];
  const tasks = on('w1', 'w2', 'w3');
  assert.deepEqual(found(three, tasks, withW4({ state: 'down' })), []);
  assert.equal(found(three, tasks, withW4({ availability: 'drain' })).length, 2);
  assert.deepEqual(found(three, on('w1', 'w2', 'w4'), withW4({ availability: 'pause' })), []);
  assert.deepEqual(found({ ...three, job: { completions: 3, iteration: 0 } }, tasks), []);
});
