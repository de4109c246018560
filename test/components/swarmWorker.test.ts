import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SwarmWorker } from '../../components';
import type { SwarmWorkerArgs } from '../../components';
import { hosts, lab } from './support/declarations';
import type { Recording } from './support/recordedProgram';
import { recordProgram } from './support/recordedProgram';

const args: SwarmWorkerArgs = {
  address: '10.88.0.21',
  machine: lab,
  os: 'debian:13',
  clusterId: 'cluster-1',
  managers: [
    {
      name: 'm1',
      address: '10.88.0.11',
      connection: hosts.connection({ name: 'm1', address: '10.88.0.11' }),
    },
  ],
};

function record(more: Partial<SwarmWorkerArgs>): Promise<Recording> {
  return recordProgram(() => {
    new SwarmWorker('w1', { ...args, ...more });
  });
}

describe('SwarmWorker: the chain of one worker', () => {
  test('machine, engine and node are its children, and nothing else', async () => {
    const recording = await record({});
    assert.deepEqual(recording.names(), [
      'SwarmWorker w1',
      'HostIdentity w1',
      'LabMachine w1',
      'Engine w1',
      'Node w1',
    ]);
    for (const child of recording.registrations.filter(({ isCustom }) => isCustom)) {
      assert.equal(child.parent, 'SwarmWorker w1', child.type);
      assert.equal(child.deleteBeforeReplace, true, child.type);
    }
    assert.deepEqual(recording.get('SwarmWorker', 'w1').inputs, {});
  });

  test('its node is a worker, and knows how many may be out', async () => {
    const { inputs } = (await record({ maxUnavailable: 3 })).get('Node', 'w1');
    assert.equal(inputs['role'], 'worker');
    assert.equal(inputs['maxUnavailable'], 3);
  });

  test('aliases: a manager of its name; with previousName, both kinds of that name', async () => {
    const recording = await record({ previousName: 'old' });
    assert.deepEqual(recording.get('SwarmWorker', 'w1').aliases, [
      'SwarmManager',
      'old',
      'SwarmManager old',
    ]);
  });
});

describe('existing hosts', () => {
  test('a Host in place of a machine: nothing is built, the chain is the same', async () => {
    const recording = await record({ machine: hosts });
    assert.deepEqual(recording.names(), ['SwarmWorker w1', 'Host w1', 'Engine w1', 'Node w1']);
    assert.deepEqual(recording.get('Engine', 'w1').behind, { machineId: ['Host w1'] });
    assert.equal(recording.get('Host', 'w1').deleteBeforeReplace, true);
  });

  test('their engine is Docker’s own, unless another source is declared; a lab’s is the distribution’s', async () => {
    const source = async (more: Parameters<typeof record>[0]): Promise<unknown> =>
      (await record(more)).get('Engine', 'w1').inputs['source'];
    assert.deepEqual(await source({ machine: hosts }), { kind: 'docker' });
    const engine = { source: { kind: 'preinstalled' } } as const;
    assert.deepEqual(await source({ machine: hosts, engine }), engine.source);
    assert.equal(await source({ machine: lab }), undefined);
  });

  test('keys, passphrases and passwords are secrets in every connection; the rest is plain', async () => {
    const recording = await record({ machine: hosts });
    const connection = {
      host: '10.88.0.21',
      user: 'admin',
      privateKey: { secret: 'key of w1' },
      privateKeyPassword: { secret: 'passphrase of w1' },
      password: { secret: 'password of w1' },
    };
    for (const type of ['Host', 'Engine', 'Node']) {
      assert.deepEqual(recording.get(type, 'w1').inputs['connection'], connection, type);
    }
    for (const type of ['Engine', 'Node']) {
      assert.deepEqual(recording.get(type, 'w1').inputs['managers'], [
        {
          name: 'm1',
          address: '10.88.0.11',
          connection: {
            host: '10.88.0.11',
            user: 'admin',
            privateKey: { secret: 'key of m1' },
            privateKeyPassword: { secret: 'passphrase of m1' },
            password: { secret: 'password of m1' },
          },
        },
      ]);
    }
  });
});
