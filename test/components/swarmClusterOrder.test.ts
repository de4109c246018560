import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Service, SwarmCluster, labMachines } from '../../components';
import { allNames, chainOf, foreign, recordCluster as record } from './support/clusterRecording';
import { clusterArgs, image, labArgs, managers, order } from './support/declarations';
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

  test('with `rebalance` services are spread anew behind everything, by the IDs of all nodes; without it there is none', async () => {
    const recording = await record({ rebalance: ['web'] });
    const { inputs, waitsFor } = recording.get('Rebalance', 'demo-rebalance');
    assert.deepEqual(
      waitsFor.filter((title) => title.startsWith('Barrier')),
      ['Barrier demo-batch-2'],
    );
    assert.deepEqual(inputs['services'], ['web']);
    assert.deepEqual(inputs['order'], ['m2', 'm3', 'm1', 'w1', 'w2', 'w3']);
    assert.deepEqual(Object.keys(inputs['nodes'] as object).sort(), [...allNames].sort());
    assert.equal(inputs['engines'], undefined);
    for (const rebalance of [undefined, false]) {
      const without = await record(rebalance === undefined ? {} : { rebalance });
      assert.deepEqual(without.names('Rebalance'), []);
    }
  });

  test('a live swarm, or one that nobody knows of, waits for no engine', async () => {
    for (const swarm of ['live', 'unknown'] as const) {
      const recording = await record({}, { swarm });
      assert.deepEqual(recording.get('Swarm', 'demo').waitsFor, [image], swarm);
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
      assert.deepEqual(recording.get('LabMachine', name).waitsFor, [image, `HostIdentity ${name}`]);
      assert.deepEqual(recording.get('Engine', name).waitsFor, [image, `LabMachine ${name}`]);
    }
    const joins = (name: string): readonly string[] =>
      recording
        .get('Node', name)
        .waitsFor.filter((title) => ![image, `Engine ${name}`, 'Swarm demo'].includes(title));
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

  test('one image for all nodes, before every link of every one of them; in a live swarm by its head', async () => {
    const recording = await record({}, { swarm: 'none' });
    assert.deepEqual((await record()).get('Swarm', 'demo').waitsFor, [image]);
    assert.deepEqual(recording.names('NodeImage'), [image]);
    assert.deepEqual(
      recording.registrations.find(({ type }) => type === 'NodeImage')?.waitsFor,
      [],
    );
    for (const name of allNames) {
      const { nodeImage } = recording.get('LabMachine', name).inputs;
      assert.equal(image, `NodeImage demo-${String(nodeImage)}`);
      for (const { type, waitsFor } of chainOf(recording, name)) {
        if (type !== 'HostIdentity') assert.ok(waitsFor.includes(image), `${type} ${name}`);
      }
    }
  });

  test('another OS or engine of one node is another image; what is exchanged in place, or is there already, is in none', async () => {
    const [first, second, third] = managers;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const recording = await record({
      managers: [
        { ...first, engine: { version: '28.5.2', upgrade: 'inPlace' } },
        { ...second, os: 'debian:13' },
        { ...third, engine: { source: { kind: 'preinstalled' } } },
      ],
    });
    const images = ['m1', 'm2', 'm3', 'w1'].map(
      (name) => recording.get('LabMachine', name).inputs['nodeImage'],
    );
    assert.match(String(images[1]), /^debian-13-engine-/);
    assert.deepEqual([images[0], images[2]], [undefined, undefined]);
    assert.match(String(images[3]), /^debian-12-engine-/);
    assert.equal(recording.names('NodeImage').length, 2);
    const without = await record({ machine: labMachines({ ...labArgs, prepareImages: false }) });
    assert.deepEqual(without.names('NodeImage'), []);
    assert.equal(without.get('LabMachine', 'm1').inputs['nodeImage'], undefined);
  });

  test('`dependsOn: [cluster]` waits for everything in it; the passwords of a service are secret', async () => {
    const recording = await recordProgram(() => {
      const cluster = new SwarmCluster('demo', clusterArgs());
      new Service(
        'web',
        {
          name: 'web',
          image: 'web:1',
          clusterId: cluster.clusterId,
          managers: [...cluster.contacts],
          registries: [{ server: 'reg.example', username: 'ci', password: 'hunter2' }],
        },
        { dependsOn: [cluster] },
      );
    }, order);
    const [registry] = recording.get('Service', 'web').inputs['registries'] as object[];
    assert.deepEqual(registry, {
      ...{ server: 'reg.example', username: 'ci' },
      password: { secret: 'hunter2' },
    });
    const waitsFor = new Set(recording.get('Service', 'web').waitsFor);
    const missing = recording.registrations
      .filter(({ isCustom, type }) => isCustom && type !== 'Service')
      .map(({ type, name }) => `${type} ${name}`)
      .filter((title) => !waitsFor.has(title));
    assert.deepEqual(missing, []);
  });
});
