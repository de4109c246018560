import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DockerApi } from '../../effects/docker';
import type { Effects, Host } from '../../effects/effects';
import { sharedLists } from '../../effects/sharedLists';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';

/** A question for a list takes this long, in milliseconds of the fake clock. */
const takesMs = 1_000;

/** For so long an engine is left alone at most. */
const restMs = 500;

interface Asked {
  readonly effects: Effects;
  /** Questions that engines were asked, as `host method argument`, with the moments at which they began. */
  readonly begun: { readonly question: string; readonly atMs: number }[];
  /** Let the next question fail. */
  failNext: boolean;
}

/** Engines whose lists tell when they were asked for. */
function slowEngines(): Asked {
  const { clock, ...world } = new FakeWorld().effects();
  const hosts = new Map<string, Host>();
  const asked: Asked = { begun: [], failNext: false, effects: undefined as never };
  const engine = (name: string): DockerApi => {
    const answer =
      (method: string) =>
      async (...args: readonly unknown[]): Promise<readonly number[]> => {
        const atMs = clock.monotonicMs();
        asked.begun.push({
          question: [name, method, ...args.map((a) => JSON.stringify(a))].join(' '),
          atMs,
        });
        const fails = asked.failNext;
        asked.failNext = false;
        await clock.sleep(takesMs);
        if (fails) throw new Error('deadline exceeded');
        return [atMs];
      };
    const methods = ['nodes', 'tasks', 'services', 'configs'];
    return Object.fromEntries(methods.map((each) => [each, answer(each)])) as unknown as DockerApi;
  };
  const connect: Effects['hosts']['connect'] = (connection) => {
    const name = 'machine' in connection ? connection.machine : '';
    const host = hosts.get(name) ?? ({ description: name, docker: engine(name) } as Host);
    hosts.set(name, host);
    return Promise.resolve(host);
  };
  const effects = { ...world, clock, hosts: { connect, close: () => Promise.resolve() } };
  return Object.assign(asked, { effects: sharedLists(effects) });
}

async function engineOf({ effects }: Asked, machine = 'm1'): Promise<DockerApi> {
  return (await effects.hosts.connect({ lab: 'test', machine })).docker;
}

/** The moment that an answer is of. */
const momentOf = async (list: Promise<readonly unknown[]>): Promise<number> =>
  Number((await list)[0]);

test('who asks while a question is under way gets the answer of the next one, with all others who do', async () => {
  const asked = slowEngines();
  const { clock } = asked.effects;
  const docker = await engineOf(asked);
  const moments: { readonly atMs: number; readonly ofMs: number }[] = [];
  await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      await clock.sleep(index * 100);
      const atMs = clock.monotonicMs();
      moments.push({ atMs, ofMs: await momentOf(docker.nodes()) });
    }),
  );
  assert.equal(moments.length, 30);
  for (const { atMs, ofMs } of moments) {
    assert.ok(ofMs >= atMs, `asked at ${String(atMs)}, answered of ${String(ofMs)}`);
    assert.ok(ofMs <= atMs + takesMs + restMs, 'and of no later than the end of the one before');
  }
  // One at a time over 3 s, and the last of those who wait.
  assert.ok(asked.begun.length <= 4, `${String(asked.begun.length)} questions for 30`);
});

test('behind a list of everything that several have asked for an engine is left alone, half a second at most', async () => {
  const asked = slowEngines();
  const { clock } = asked.effects;
  const docker = await engineOf(asked);
  const between = async (
    askers: number,
    list: () => Promise<readonly unknown[]>,
  ): Promise<number> => {
    // The first is asked by one, and the others wait for the second together.
    const questions = Array.from({ length: 1 + askers }, () => momentOf(list()));
    const moments = await Promise.all(questions);
    const after = await momentOf(list());
    await clock.sleep(10 * takesMs);
    return after - (moments.at(-1) ?? 0);
  };
  assert.equal(await between(2, () => docker.tasks()), takesMs + restMs);
  assert.equal(await between(1, () => docker.tasks()), takesMs);
  assert.equal(await between(2, () => docker.tasks({ nodeId: 'a' })), takesMs);
});

test('who asks when nothing is under way is answered for itself', async () => {
  const asked = slowEngines();
  const docker = await engineOf(asked);
  const first = await momentOf(docker.nodes());
  const second = await momentOf(docker.nodes());
  assert.equal(asked.begun.length, 2);
  assert.ok(second > first);
});

test('engines, lists and filters are asked apart; what is no list is not shared', async () => {
  const asked = slowEngines();
  const [m1, m2] = [await engineOf(asked), await engineOf(asked, 'm2')];
  await Promise.all([
    m1.nodes(),
    m1.nodes({ role: 'manager' }),
    m1.tasks(),
    m1.tasks({ nodeId: 'a' }),
    m1.services(),
    m2.nodes(),
    m1.configs(),
    m1.configs(),
  ]);
  const questions = asked.begun.map(({ question }) => question).sort();
  assert.deepEqual(questions, [
    'm1 configs',
    'm1 configs',
    'm1 nodes',
    'm1 nodes {"role":"manager"}',
    'm1 services',
    'm1 tasks',
    'm1 tasks {"nodeId":"a"}',
    'm2 nodes',
  ]);
  assert.equal(await engineOf(asked), m1, 'an engine is one and the same object');
});

test('an error goes to all who share the question, and to nobody else', async () => {
  const asked = slowEngines();
  const { clock } = asked.effects;
  const docker = await engineOf(asked);
  const first = docker.nodes();
  const [second, third] = [docker.nodes(), docker.nodes()];
  asked.failNext = true;
  const outcomes = Promise.allSettled([first, second, third]);
  await clock.sleep(takesMs + restMs + 500);
  const fourth = docker.nodes();
  const kinds = (await outcomes).map(({ status }) => status);
  assert.deepEqual(kinds, ['fulfilled', 'rejected', 'rejected']);
  assert.ok((await fourth).length === 1);
  assert.equal(asked.begun.length, 3);

  await clock.sleep(restMs);
  asked.failNext = true;
  const failing = docker.nodes();
  const behind = docker.nodes();
  await assert.rejects(failing, /deadline exceeded/);
  assert.equal(
    (await behind).length,
    1,
    'whoever waits behind a failure is asked for all the same',
  );
});

test('one who gives up waiting takes the answer from nobody', async () => {
  const asked = slowEngines();
  const { clock } = asked.effects;
  const docker = await engineOf(asked);
  const impatient = new AbortController();
  const gaveUp = Promise.race([
    docker.nodes(),
    clock.sleep(10 * takesMs, impatient.signal).then(() => []),
  ]);
  const other = docker.nodes();
  impatient.abort(new Error('interrupted'));
  await assert.rejects(gaveUp, /interrupted/);
  assert.equal((await other).length, 1);
});
