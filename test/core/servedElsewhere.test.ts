import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portOfServer } from '../../core/balancer/drainedServers';
import { portsServedElsewhere } from '../../core/balancer/servedElsewhere';
import type { ServiceFacts, TaskFacts } from '../../core/facts';

const service = (id: string, ...hostPorts: readonly number[]): ServiceFacts => ({
  ...{ id, version: 1, name: id, mode: 'replicated', replicas: 2, image: 'web:1' },
  ...{ labels: {}, constraints: [], hostPorts },
});
const task = (
  serviceId: string,
  nodeId: string,
  desiredState: TaskFacts['desiredState'] = 'running',
): TaskFacts => ({ id: 't', serviceId, nodeId, state: 'preparing', desiredState, error: '' });

test('ports whose services have tasks on other nodes only', () => {
  const services = [service('web', 8080), service('db', 5432), service('mesh')];
  const table: readonly (readonly [string, readonly TaskFacts[], readonly number[]])[] = [
    ['no task here', [task('web', 'w2')], [8080, 5432]],
    ['one that is to run here', [task('web', 'w1')], [5432]],
    ['one that is to end here', [task('web', 'w1', 'shutdown')], [8080, 5432]],
    ['of a service without such a port', [task('mesh', 'w1')], [8080, 5432]],
  ];
  for (const [what, tasks, ports] of table) {
    assert.deepEqual([...portsServedElsewhere(services, tasks, 'w1')], ports, what);
  }
  const two = [service('old', 8080), service('new', 8080)];
  assert.deepEqual([...portsServedElsewhere(two, [task('new', 'w1')], 'w1')], []);
});

test('the node’s port of a server, by the file', () => {
  const text = [
    'listen port-80',
    '    server m1 10.0.0.1:8080 check',
    '    server m2 [fd00::2]:8081 check disabled',
  ].join('\n');
  assert.equal(portOfServer(text, 'port-80/m1'), 8080);
  assert.equal(portOfServer(text, 'port-80/m2'), 8081);
  assert.equal(portOfServer(text, 'port-81/m1'), undefined);
});
