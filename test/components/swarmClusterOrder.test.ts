import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Service, SwarmCluster } from '../../components';
import { allNames, chainOf, foreign, recordCluster as record } from './support/clusterRecording';
import { clusterArgs, order } from './support/declarations';
import { recordProgram } from './support/recordedProgram';

describe('SwarmCluster: order', () => {
  test('managers in the order of the plan, each after the last link of the one before', async () => {
    const recording = await record();
    assert.deepEqual(foreign(recording, 'm2'), ['Swarm demo']);
    assert.deepEqual(foreign(recording, 'm3'), ['VipMember m2', 'Swarm demo']);
    assert.deepEqual(foreign(recording, 'm1'), ['VipMember m3', 'Swarm demo']);
    for (const name of ['m3', 'm1']) {
      for (const { type, waitsFor } of chainOf(recording, name)) {
        assert.ok(
          waitsFor.some((title) => title.startsWith('VipMember')),
          `${type} ${name} itself waits, so that its delete is ordered too`,
        );
      }
    }
  });

  test('workers after the managers: the first alone, then batches, each behind one barrier', async () => {
    const recording = await record();
    assert.deepEqual(foreign(recording, 'w1'), ['VipMember m1', 'Swarm demo']);
    assert.deepEqual(recording.get('Barrier', 'demo-batch-1').waitsFor, ['Node w1']);
    for (const name of ['w2', 'w3']) {
      assert.deepEqual(foreign(recording, name), ['Barrier demo-batch-1', 'Swarm demo']);
      assert.equal(recording.get('Node', name).inputs['maxUnavailable'], 2);
    }
    assert.deepEqual(recording.get('Barrier', 'demo-batch-2').waitsFor, ['Node w2', 'Node w3']);
  });

  test('a live swarm, or one that nobody knows of, waits for no engine', async () => {
    for (const swarm of ['live', 'unknown'] as const) {
      const recording = await record({}, { swarm });
      assert.deepEqual(recording.get('Swarm', 'demo').waitsFor, [], swarm);
      assert.deepEqual(foreign(recording, 'm3'), ['VipMember m2', 'Swarm demo'], swarm);
      // What the swarm says of the declaration, a refusal too, comes before the first machine.
      assert.deepEqual(recording.get('LabMachine', 'm2').waitsFor, [
        'Swarm demo',
        'HostIdentity m2',
      ]);
    }
  });

  test('in a live swarm every link of the first manager waits for the head of the run', async () => {
    const recording = await record({}, { swarm: 'live' });
    for (const { type, waitsFor } of chainOf(recording, 'm2')) {
      assert.ok(waitsFor.includes('Swarm demo'), type);
    }
  });

  test('a founding waits for the engine of the first manager; machines and engines are made side by side, joins in order', async () => {
    const recording = await record({}, { swarm: 'none' });
    assert.deepEqual(recording.get('Swarm', 'demo').waitsFor, ['Engine m2']);
    for (const name of allNames) {
      assert.deepEqual(recording.get('LabMachine', name).waitsFor, [`HostIdentity ${name}`]);
      assert.deepEqual(recording.get('Engine', name).waitsFor, [`LabMachine ${name}`]);
    }
    const joins = (name: string): readonly string[] =>
      recording
        .get('Node', name)
        .waitsFor.filter((title) => title !== `Engine ${name}` && title !== 'Swarm demo');
    assert.deepEqual(
      ['m2', 'm3', 'm1', 'w1', 'w2', 'w3'].map((name) => joins(name)),
      [
        [],
        ['VipMember m2'],
        ['VipMember m3'],
        ['VipMember m1'],
        ['Barrier demo-batch-1'],
        ['Barrier demo-batch-1'],
      ],
    );
  });

  test('`dependsOn: [cluster]` waits for everything in it', async () => {
    const recording = await recordProgram(() => {
      const cluster = new SwarmCluster('demo', clusterArgs());
      new Service(
        'web',
        {
          name: 'web',
          image: 'web:1',
          clusterId: cluster.clusterId,
          managers: [...cluster.contacts],
        },
        { dependsOn: [cluster] },
      );
    }, order);
    const waitsFor = new Set(recording.get('Service', 'web').waitsFor);
    const missing = recording.registrations
      .filter(({ isCustom, type }) => isCustom && type !== 'Service')
      .map(({ type, name }) => `${type} ${name}`)
      .filter((title) => !waitsFor.has(title));
    assert.deepEqual(missing, []);
  });
});
