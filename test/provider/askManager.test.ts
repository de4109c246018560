import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../effects/clock';
import { DockerApiError } from '../../effects/docker';
import { askInTurn, askLast, askManager } from '../../provider/operations/ask/managers';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:Node::w1';

interface Engine {
  clusterId: string;
  isManager: boolean;
  /** What it answers to the question instead. */
  refuses?: Error;
  /** How often it was asked what it is, and how often the question. */
  infos: number;
  questions: number;
}

type Ask = (clusterId?: string) => Promise<string>;

/** Two managers, m1 asked first; `ask` tells who answered. */
async function asking(
  action: (
    engines: { m1: Engine; m2: Engine },
    ask: Ask,
    clock: Clock,
    leave: (name: string, isBack?: boolean) => void,
  ) => Promise<void>,
): Promise<void> {
  const process = new ProviderProcess(new FakeWorld());
  const engine = (): Engine => ({ clusterId: 'c', isManager: true, infos: 0, questions: 0 });
  const engines = { m1: engine(), m2: engine() };
  const hosts = new Map(
    Object.entries(engines).map(([name, state]) => [name, hostOf(name, state)]),
  );
  const answer = await process.call('update', urn, async (_, operation) => {
    const connect = ({ machine }: { readonly machine: string }): Promise<unknown> =>
      Promise.resolve(hosts.get(machine));
    const effects = { ...operation.effects, hosts: { connect } };
    const seen = Object.create(operation, { effects: { value: effects } }) as typeof operation;
    const managers = ['m1', 'm2'].map((name) => ({
      ...{ name, address: '10.88.0.11', connection: { lab: 'test', machine: name } },
    }));
    const ask: Ask = (clusterId = 'c') =>
      askManager(seen, { clusterId, managers }, ({ docker }) => docker.version());
    const leave = (name: string, isBack = false): void => {
      (isBack ? askInTurn : askLast)(seen, name);
    };
    await action(engines, ask, operation.effects.clock, leave);
    return {};
  });
  assert.deepEqual(answer, {});
}

function hostOf(name: string, state: Engine): unknown {
  const docker = {
    info: () => {
      state.infos += 1;
      const { clusterId, isManager } = state;
      const info = { clusterId, isControlAvailable: isManager, nodeId: name, error: '' };
      return Promise.resolve({ ...info, localNodeState: 'active' });
    },
    version: () => {
      state.questions += 1;
      if (state.refuses !== undefined) return Promise.reject(state.refuses);
      return state.isManager
        ? Promise.resolve(name)
        : Promise.reject(new DockerApiError(503, 'This node is not a swarm manager.'));
    },
  };
  return { docker };
}

test('a manager says that it is in control at most every half second', async () => {
  await asking(async ({ m1 }, ask, clock) => {
    await ask();
    await ask();
    assert.equal(m1.infos, 1);
    await clock.sleep(500);
    await ask();
    assert.equal(m1.infos, 2);
  });
});

test('one that is a manager no more refuses, and the next one answers at once', async () => {
  await asking(async ({ m1, m2 }, ask, clock) => {
    assert.equal(await ask(), 'm1');
    m1.isManager = false;
    const before = clock.monotonicMs();
    assert.equal(await ask(), 'm2');
    assert.equal(clock.monotonicMs(), before);
    assert.deepEqual([m1.infos, m2.infos], [2, 1]);
  });
});

test('a manager of one swarm is not taken for one of another', async () => {
  await asking(async ({ m2 }, ask) => {
    m2.clusterId = 'other';
    assert.equal(await ask(), 'm1');
    assert.equal(await ask('other'), 'm2');
  });
});

test('what it refuses for another reason is not asked twice', async () => {
  await asking(async ({ m1 }, ask) => {
    await ask();
    m1.refuses = new DockerApiError(409, 'name conflicts with an existing object');
    await assert.rejects(ask(), { statusCode: 409 });
    assert.deepEqual([m1.infos, m1.questions], [1, 2]);
  });
});

test('one that is demoted is asked nothing as long as another one answers', async () => {
  await asking(async ({ m1, m2 }, ask, clock, leave) => {
    await ask();
    leave('m1');
    assert.equal(await ask(), 'm2');
    m2.isManager = false;
    assert.equal(await ask(), 'm1');
    m2.isManager = true;
    await clock.sleep(30_000);
    assert.equal(await ask(), 'm1');
    assert.deepEqual([m1.questions, m2.questions], [3, 2]);
  });
});

test('one that is back is asked in its turn', async () => {
  await asking(async (_engines, ask, _clock, leave) => {
    leave('m1');
    assert.equal(await ask(), 'm2');
    leave('m1', true);
    assert.equal(await ask(), 'm1');
  });
});

test('the last words of a manager that stops are no answer', async () => {
  await asking(async ({ m1, m2 }, ask) => {
    await ask();
    m1.refuses = new DockerApiError(
      500,
      'rpc error: code = Canceled desc = grpc: the client connection is closing',
    );
    m1.isManager = false;
    assert.equal(await ask(), 'm2');
    assert.equal(m2.questions, 1);
  });
});
