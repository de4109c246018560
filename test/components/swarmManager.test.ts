import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { KeepalivedVip, Swarm, SwarmManager } from '../../components';
import type { KeepalivedVipArgs, SwarmManagerArgs } from '../../components';
import { lab } from './support/declarations';
import type { Recording } from './support/recordedProgram';
import { recordProgram } from './support/recordedProgram';

const contacts = [
  { name: 'm1', address: '10.88.0.11', connection: { lab: 'test', machine: 'm1' } },
  { name: 'm2', address: '10.88.0.12', connection: { lab: 'test', machine: 'm2' } },
];

const args: SwarmManagerArgs = {
  address: '10.88.0.12',
  machine: lab,
  os: 'debian:13',
  clusterId: 'cluster-1',
  managers: contacts,
};

function record(more: Partial<SwarmManagerArgs>, hasVip = true): Promise<Recording> {
  return recordProgram(() => {
    const vip = new KeepalivedVip('vip', {
      addresses: ['10.88.0.100/24'],
      routerId: 51,
      interface: 'eth1',
      advertisementSeconds: 2,
    });
    new SwarmManager('m2', { ...args, ...more, ...(hasVip ? { vip } : {}) });
  });
}

describe('SwarmManager: the chain of one manager', () => {
  test('machine, engine, node and VIP member are its children, each fed by the one before', async () => {
    const recording = await record({});
    assert.deepEqual(recording.names(), [
      'KeepalivedVip vip',
      'SwarmManager m2',
      'HostIdentity m2',
      'LabMachine m2',
      'Engine m2',
      'Node m2',
      'VipMember m2',
    ]);
    const children = recording.registrations.filter(({ isCustom }) => isCustom);
    assert.deepEqual(
      children.map(({ type, behind }) => [type, behind]),
      [
        ['HostIdentity', {}],
        ['LabMachine', { hostPrivateKey: ['HostIdentity m2'], hostPublicKey: ['HostIdentity m2'] }],
        ['Engine', { machineId: ['LabMachine m2'] }],
        ['Node', { engineId: ['Engine m2'] }],
        ['VipMember', { nodeId: ['Node m2'] }],
      ],
    );
    for (const child of children) {
      assert.equal(child.parent, 'SwarmManager m2', child.type);
      assert.equal(child.deleteBeforeReplace, true, child.type);
    }
  });

  test('the inputs of each link', async () => {
    const recording = await record({
      labels: { rack: 'a' },
      availability: 'pause',
      onLocalData: 'keep',
      timeouts: { gate: 7 },
      engine: { version: '26.1', images: [{ reference: 'web:1', path: '/web', sha256: 'ab' }] },
    });
    const connection = { lab: 'test', machine: 'm2' };
    assert.deepEqual(recording.get('LabMachine', 'm2').inputs, {
      name: 'm2',
      lab: 'test',
      subnet: '10.88.0.0/24',
      address: '10.88.0.12',
      os: 'debian:13',
      hostPrivateKey: { secret: 'private key of m2' },
      hostPublicKey: 'public key of m2',
    });
    assert.deepEqual(recording.get('Engine', 'm2').inputs, {
      name: 'm2',
      machineId: 'machine-m2',
      connection,
      managers: contacts,
      version: '26.1',
      images: [{ reference: 'web:1', path: '/web', sha256: 'ab' }],
    });
    assert.deepEqual(recording.get('Node', 'm2').inputs, {
      name: 'm2',
      role: 'manager',
      engineId: 'engine-m2',
      clusterId: 'cluster-1',
      address: '10.88.0.12',
      connection,
      managers: contacts,
      labels: { rack: 'a' },
      availability: 'pause',
      onLocalData: 'keep',
      timeouts: { gate: 7 },
    });
    assert.deepEqual(recording.get('VipMember', 'm2').inputs, {
      name: 'm2',
      nodeId: 'node-m2',
      clusterId: 'cluster-1',
      address: '10.88.0.12',
      connection,
      managers: contacts,
      vip: 'vip',
      addresses: ['10.88.0.100/24'],
      routerId: 51,
      priority: 190,
      interface: 'eth1',
      advertisementSeconds: 2,
      onLocalData: 'keep',
      timeouts: { gate: 7 },
    });
  });

  test('defaults: no labels, active, nothing of what was left out', async () => {
    const { inputs } = (await record({})).get('Node', 'm2');
    assert.deepEqual(inputs['labels'], {});
    assert.equal(inputs['availability'], 'active');
    for (const absent of ['onLocalData', 'timeouts', 'maxUnavailable']) {
      assert.ok(!(absent in inputs), absent);
    }
  });

  test('without a virtual IP the node is the last link', async () => {
    const recording = await record({}, false);
    assert.deepEqual(recording.names('VipMember'), []);
  });

  test('aliases: a worker of its name; with previousName, both kinds of that name', async () => {
    const own = await record({});
    assert.deepEqual(own.get('SwarmManager', 'm2').aliases, ['SwarmWorker']);
    const renamed = await record({ previousName: 'old' });
    assert.deepEqual(renamed.get('SwarmManager', 'm2').aliases, [
      'SwarmWorker',
      'old',
      'SwarmWorker old',
    ]);
  });

  test('aliases of every link spell both kinds and both names of its component out', async () => {
    const recording = await record({ previousName: 'old' });
    for (const { type, aliases } of recording.registrations.filter(({ isCustom }) => isCustom)) {
      assert.deepEqual(
        aliases,
        [
          'm2 of SwarmManager m2',
          'm2 of SwarmWorker m2',
          'old of SwarmManager old',
          'old of SwarmWorker old',
        ],
        type,
      );
    }
  });

  test('aliases of a link keep the types above its component', async () => {
    const urns = await recordProgram(() => {
      const above = new pulumi.ComponentResource('team:index:Platform', 'platform');
      new SwarmManager('m2', args, { parent: above });
    });
    assert.deepEqual(urns.get('Node', 'm2').aliasParents, [
      'urn:pulumi:stack::project::team:index:Platform$swarm:index:SwarmManager::m2',
      'urn:pulumi:stack::project::team:index:Platform$swarm:index:SwarmWorker::m2',
    ]);
  });

  test("a user's own aliases and options stay", async () => {
    const recording = await recordProgram(() => {
      new SwarmManager('m2', args, { aliases: [{ name: 'older' }], protect: true });
    });
    assert.deepEqual(recording.get('SwarmManager', 'm2').aliases, ['older', 'SwarmWorker']);
  });

  test('startAfter holds back every link but the key; joinAfter only the join', async () => {
    const recording = await recordProgram(() => {
      const first = new Swarm('first', {
        name: 'first',
        managers: [],
        declared: { managers: [], workers: [] },
      });
      const second = new Swarm('second', {
        name: 'second',
        managers: [],
        declared: { managers: [], workers: [] },
      });
      const vip = new KeepalivedVip('vip', { addresses: ['10.88.0.100/24'], routerId: 51 });
      new SwarmManager('m2', { ...args, vip, startAfter: [first], joinAfter: [second] });
    });
    const waits = (type: string, name: string): boolean =>
      recording.get(type, 'm2').waitsFor.includes(`Swarm ${name}`);
    assert.deepEqual(
      ['HostIdentity', 'LabMachine', 'Engine', 'Node', 'VipMember'].map((type) => [
        type,
        waits(type, 'first'),
        waits(type, 'second'),
      ]),
      [
        ['HostIdentity', false, false],
        ['LabMachine', true, false],
        ['Engine', true, false],
        ['Node', true, true],
        ['VipMember', true, false],
      ],
    );
  });

  test('its outputs', async () => {
    let nodeId: pulumi.Output<string> | undefined;
    await recordProgram(() => {
      nodeId = new SwarmManager('m2', args).nodeId;
    });
    const seen = await new Promise((resolve) => pulumi.output(nodeId).apply(resolve));
    assert.equal(seen, 'node-m2');
  });

  test('its own inputs are empty: what is in the arguments does not reach the state by them', async () => {
    const recording = await record({});
    assert.deepEqual(recording.get('SwarmManager', 'm2').inputs, {});
    assert.deepEqual(recording.get('KeepalivedVip', 'vip').inputs, {});
  });
});

describe('SwarmManager: the arguments of its virtual IP', () => {
  const inputs = async (
    vipArgs: Partial<KeepalivedVipArgs>,
  ): Promise<Recording['registrations'][number]> => {
    const recording = await recordProgram(() => {
      const vip = new KeepalivedVip('vip', {
        addresses: ['10.88.0.100/24'],
        routerId: 51,
        ...vipArgs,
      });
      new SwarmManager('m2', { ...args, vip });
    });
    return recording.get('VipMember', 'm2');
  };

  test('go to the member as they were given', async () => {
    const given = {
      vrrpVersion: 2,
      trackNode: false,
      checks: [{ tcp: 80 }, { command: ['/bin/true'], fall: 3 }],
      preferred: 'm1',
      notify: ['/bin/tell'],
    } as const;
    const member = await inputs(given);
    for (const [name, value] of Object.entries(given)) {
      assert.deepEqual(member.inputs[name], value, name);
    }
  });

  test('with `balance` it follows the HAProxy beside it, which is up before', async () => {
    const member = await inputs({ balance: { ports: [{ listen: 80, target: 8080 }] } });
    assert.equal(member.inputs['isBalanced'], true);
    assert.ok(member.waitsFor.includes('Balancer m2'), member.waitsFor.join());
    assert.ok(!('isBalanced' in (await inputs({})).inputs));
  });

  test('the password is a secret', async () => {
    const member = await inputs({ vrrpVersion: 2, password: 'hunter2' });
    assert.deepEqual(member.inputs['password'], { secret: 'hunter2' });
  });

  test('with unicast the other managers are its peers; without, nobody is named', async () => {
    const others = contacts.flatMap(({ name, address }) => (name === 'm2' ? [] : [address]));
    assert.deepEqual((await inputs({ unicast: true })).inputs['peers'], others);
    assert.ok(!('peers' in (await inputs({})).inputs));
    assert.ok(!('peers' in (await inputs({ unicast: false })).inputs));
  });
});
