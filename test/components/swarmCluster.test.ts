import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SwarmClusterArgs } from '../../components';
import { SwarmCluster } from '../../components';
import { allNames, chainOf, foreign, recordCluster as record } from './support/clusterRecording';
import { clusterArgs, hosts, managers, order, workers } from './support/declarations';
import { recordProgram } from './support/recordedProgram';

describe('SwarmCluster: what it registers', () => {
  test('one Swarm, one VIP, one component per node, one barrier per batch', async () => {
    const recording = await record();
    assert.deepEqual(recording.names('Swarm'), ['Swarm demo']);
    assert.deepEqual(recording.names('KeepalivedVip'), ['KeepalivedVip demo-vip']);
    assert.deepEqual(recording.names('SwarmManager'), [
      'SwarmManager m2',
      'SwarmManager m3',
      'SwarmManager m1',
    ]);
    assert.deepEqual(recording.names('SwarmWorker'), [
      'SwarmWorker w1',
      'SwarmWorker w2',
      'SwarmWorker w3',
    ]);
    assert.deepEqual(recording.names('Barrier'), ['Barrier demo-batch-1', 'Barrier demo-batch-2']);
    assert.deepEqual(recording.names('VipMember').length, 3);
    for (const each of recording.registrations.filter(({ type }) =>
      ['Swarm', 'KeepalivedVip', 'SwarmManager', 'SwarmWorker', 'Barrier'].includes(type),
    )) {
      assert.equal(each.parent, 'SwarmCluster demo', each.type);
    }
  });

  test('barriers of two clusters have different names', async () => {
    const recording = await recordProgram(
      () => {
        new SwarmCluster('demo', clusterArgs());
        new SwarmCluster('west', clusterArgs());
      },
      { managers: [], batches: [[], []] },
    );
    for (const name of ['demo', 'west']) {
      for (const batch of ['batch-1', 'batch-2']) {
        const { parent, inputs } = recording.get('Barrier', `${name}-${batch}`);
        assert.equal(parent, `SwarmCluster ${name}`);
        assert.deepEqual(inputs, { name: `${name}-${batch}`, nodes: [] });
      }
    }
    assert.equal(new Set(recording.names()).size, recording.names().length);
  });

  test('deleteBeforeReplace is an option of every link of every chain', async () => {
    const recording = await record();
    for (const name of allNames) {
      const chain = chainOf(recording, name);
      assert.equal(chain.length, name.startsWith('m') ? 4 : 3);
      for (const { type, deleteBeforeReplace } of chain) {
        assert.equal(deleteBeforeReplace, true, `${type} ${name}`);
      }
    }
  });

  test('no output of one node is an input of another: a replacement never carries across nodes', async () => {
    const recording = await record();
    for (const { type, name, behind } of recording.registrations) {
      for (const [property, sources] of Object.entries(behind)) {
        const others = sources.filter(
          (source) => !source.endsWith(` ${name}`) && source !== 'Swarm demo',
        );
        assert.deepEqual(others, [], `${type} ${name}.${property}`);
      }
    }
    for (const name of allNames) {
      assert.deepEqual(recording.get('Node', name).behind, {
        engineId: [`Engine ${name}`],
        clusterId: ['Swarm demo'],
      });
    }
  });

  test('the swarm knows every declared name, the consent and the pools', async () => {
    const recording = await record({
      allowDestroy: true,
      addressPools: ['10.20.0.0/16'],
      subnetSize: 26,
      adopt: 'abc',
      recoverFrom: 'm1@0123456789abcdef',
      lost: ['m2'],
      standIn: 'w1',
      timeouts: { drain: 60 },
    });
    assert.deepEqual(recording.get('Swarm', 'demo').inputs, {
      name: 'demo',
      managers: managers.map(({ name, address }) => ({
        name,
        address,
        connection: { lab: 'test', machine: name },
      })),
      declared: {
        managers: ['m1', 'm2', 'm3'],
        workers: ['w1', 'w2', 'w3'],
        vips: ['demo-vip'],
      },
      roll: { maxUnavailable: 2, timeouts: { drain: 60 }, standIn: 'w1' },
      allowDestroy: true,
      addressPools: ['10.20.0.0/16'],
      subnetSize: 26,
      adopt: 'abc',
      recoverFrom: 'm1@0123456789abcdef',
      lost: ['m2'],
    });
    assert.equal((await record()).get('Swarm', 'demo').inputs['allowDestroy'], false);
  });

  test('the swarm knows who was renamed, since the old name is in it until that node has its turn', async () => {
    const recording = await record({
      workers: [workers[0]!, { ...workers[1]!, previousName: 'old' }, workers[2]!],
    });
    const { declared } = recording.get('Swarm', 'demo').inputs;
    assert.deepEqual((declared as { renamed?: unknown }).renamed, { w2: 'old' });
    const planned = recording.calls[0]?.inputs['workers'] as { previousName?: string }[];
    assert.deepEqual(
      planned.map(({ previousName }) => previousName),
      [undefined, 'old', undefined],
      'the plan knows it too',
    );
  });

  test('contacts and VIP priorities follow the declaration, whatever the order of the run', async () => {
    const recording = await record();
    for (const name of allNames) {
      const contacts = recording.get('Node', name).inputs['managers'] as { name: string }[];
      assert.deepEqual(
        contacts.map((contact) => contact.name),
        ['m1', 'm2', 'm3'],
      );
    }
    assert.deepEqual(
      ['m1', 'm2', 'm3'].map((name) => recording.get('VipMember', name).inputs['priority']),
      [200, 190, 180],
    );
  });

  test('a node takes from the cluster what it leaves out', async () => {
    const recording = await record({
      engine: { version: '20.10' },
      managers: [
        managers[0]!,
        { ...managers[1]!, os: 'debian:13', engine: { version: '26.1' } },
        managers[2]!,
      ],
    });
    assert.deepEqual(
      ['m1', 'm2'].map((name) => [
        recording.get('LabMachine', name).inputs['os'],
        recording.get('Engine', name).inputs['version'],
      ]),
      [
        ['debian:12', '20.10'],
        ['debian:13', '26.1'],
      ],
    );
  });

  test('without a VIP there is no VIP member; the node is the last link', async () => {
    const { vip, ...without } = clusterArgs();
    assert.ok(vip !== undefined);
    const recording = await recordProgram(() => {
      new SwarmCluster('demo', without);
    }, order);
    assert.deepEqual([...recording.names('VipMember'), ...recording.names('KeepalivedVip')], []);
    assert.deepEqual(foreign(recording, 'm3'), ['Node m2', 'Swarm demo']);
  });

  test('its own inputs are empty, and nothing of a connection is plain anywhere', async () => {
    const recording = await record({ machine: hosts });
    assert.deepEqual(recording.get('SwarmCluster', 'demo').inputs, {});
    for (const { type, name, inputs } of recording.registrations) {
      const plain = JSON.stringify(inputs, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && 'secret' in value ? undefined : value,
      );
      assert.doesNotMatch(plain, /(key|passphrase|password) of /, `${type} ${name}`);
    }
    const [call] = recording.calls;
    assert.match(
      JSON.stringify(call),
      /password of m1/,
      'the plan looks with the same connections',
    );
  });
});

describe('SwarmCluster: what it asks the plan', () => {
  test('of hosts: the source that their engines will come from, declared or not', async () => {
    const two = { managers: ['m2', 'm1'], batches: [] };
    const more: Partial<SwarmClusterArgs> = {
      machine: hosts,
      managers: [managers[0]!, { ...managers[1]!, engine: { source: { kind: 'distribution' } } }],
      workers: [],
    };
    const recording = await record(more, two);
    const { inputs } = recording.calls[0]!;
    const asked = (inputs['managers'] as { engineSource: unknown }[]).map(
      (each) => each.engineSource,
    );
    assert.deepEqual(asked, [{ kind: 'docker' }, { kind: 'distribution' }]);
    for (const [index, name] of ['m1', 'm2'].entries()) {
      assert.deepEqual(recording.get('Engine', name).inputs['source'], asked[index], name);
    }
    const roll = recording.get('Swarm', 'demo').inputs['roll'] as { engines: unknown };
    assert.deepEqual(
      roll.engines,
      ['m1', 'm2'].map((name, index) => ({ nodes: [name], os: 'debian:12', source: asked[index] })),
      'brought near while a node that is replaced still serves',
    );
  });

  test('of a lab: engines that are declared; those of images, and of machines with another name, are not brought near', async () => {
    const two = { managers: ['m2', 'm1'], batches: [['w1']] };
    const distribution = { kind: 'distribution' };
    const docker = { kind: 'docker' } as const;
    const due = async (more: Partial<SwarmClusterArgs>): Promise<unknown> => {
      const recording = await record({ managers: managers.slice(0, 2), ...more }, two);
      return (recording.get('Swarm', 'demo').inputs['roll'] as { engines?: unknown }).engines;
    };
    assert.equal(await due({ workers: [workers[0]!] }), undefined);
    const [m1, m2] = managers;
    assert.deepEqual(
      await due({
        engine: { version: '28.5' },
        managers: [
          { ...m1!, os: 'debian:13' },
          { ...m2!, previousName: 'm9' },
        ],
        workers: [{ ...workers[0]!, engine: { source: docker } }],
      }),
      [
        { nodes: ['m1'], os: 'debian:13', version: '28.5', source: distribution },
        { nodes: ['m2'], os: 'debian:12', version: '28.5', source: distribution },
        { nodes: ['w1'], os: 'debian:12', version: '28.5', source: docker },
      ],
    );
  });

  test('once, with every node, its wanted os and engine, and its choice about local data', async () => {
    const one = { managers: ['m1'], batches: [['w1']] };
    const declared: Partial<SwarmClusterArgs> = {
      engine: { version: '20.10' },
      managers: [{ ...managers[0]!, os: 'debian:13', onLocalData: 'discard' }],
      workers: [workers[0]!],
      maxUnavailable: '25%',
    };
    const recording = await record(declared, one);
    assert.deepEqual(recording.calls, [
      {
        token: 'swarm:index:planRollout',
        inputs: {
          managers: [
            {
              name: 'm1',
              address: '10.88.0.11',
              connection: { lab: 'test', machine: 'm1' },
              os: 'debian:13',
              engineVersion: '20.10',
              onLocalData: 'discard',
            },
          ],
          workers: [
            {
              name: 'w1',
              address: '10.88.0.21',
              connection: { lab: 'test', machine: 'w1' },
              os: 'debian:12',
              engineVersion: '20.10',
            },
          ],
          maxUnavailable: '25%',
          vipAddresses: ['10.88.0.100/24'],
          lab: 'test',
        },
      },
    ]);
  });
});
