import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SwarmError } from '../../core/errors';
import { leaseConfigName } from '../../core/lease';
import type { PropertyMap } from '../../provider/server/resource';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  machine,
  vipHolder,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster, without } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { offerNewerEngine } from '../support/newerEngine';
import { ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
import { recordedHooks } from '../support/recordedHooks';
import type { HookRun } from '../support/recordedHooks';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };
const secret = 'tok-Zq81';
const inPlace: PropertyMap = { version: '26.1', upgrade: 'inPlace', hold: true };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, changed(cluster(3, 1), { os: 'debian:13', engine: inPlace }));
  offerNewerEngine(world);
  await stack.up(new ProviderProcess(world));
  origin = { world, stack };
});

type Hooks = readonly PropertyMap[];
const both: Hooks = [
  { moment: 'before', command: ['./out.sh', 'now'], env: { TOKEN: secret } },
  { moment: 'after', command: ['./in.sh'], env: { TOKEN: secret } },
];
/** `replace` and `inPlace` of the tests: what is declared of a node that is to change. */
const changes = {
  replace: { os: 'debian:12', engine: { version: '20.10', upgrade: 'replace' } },
  inPlace: { os: 'debian:13', engine: { ...inPlace, version: '28.5' } },
} as const;

function begin(kind: keyof typeof changes, name: string, hooks: Hooks = both): Begun {
  const { watch, faults } = watchSafety();
  const copy = copyOf(origin.world, origin.stack, watch);
  copy.stack.declared = {
    ...changed(copy.stack.declared, changes[kind], name),
    swarm: { roll: { hooks: true }, hooks },
  };
  return { ...copy, faults, runs: [] };
}

interface Begun {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly faults: ReadonlySet<string>;
  readonly runs: HookRun[];
}

async function up(
  { world, stack, runs }: Begun,
  answer?: Parameters<typeof recordedHooks>[2],
  fault?: StepFault,
  transcript = emptyTranscript(),
): Promise<void> {
  const effects = recordedHooks(world, runs, answer);
  await stack.refreshBefore(new ProviderProcess(effects));
  await stack.up(
    new ProviderProcess(effects, { transcript, ...(fault === undefined ? {} : { fault }) }),
  );
}

const said = (runs: readonly HookRun[]): readonly string[] => runs.map(({ what }) => what);

function notes(world: FakeWorld): readonly string[] {
  const lease = world.swarm().configs.find(({ name }) => name === leaseConfigName);
  return Object.keys(lease?.labels ?? {}).filter((label) => label.startsWith('hook.'));
}

function entry(world: FakeWorld, name: string): { availability: string; id: string } | undefined {
  return world.swarm().nodes.find(({ hostname }) => hostname === name);
}

test('a manager that holds the virtual IP: before anything of it is touched, and after it is back', async () => {
  const run = begin('replace', 'm1');
  const { world } = run;
  const holder = vipHolder(world);
  const id = entry(world, 'm1')?.id;
  await up(run, ({ what, env, argv }) => {
    const seen = entry(world, 'm1');
    assert.equal(seen?.availability, 'active', what);
    if (what.startsWith('before')) {
      assert.equal(seen.id, id);
      assert.equal(vipHolder(world), holder);
      assert.deepEqual(argv, ['./out.sh', 'now']);
    } else assert.notEqual(seen.id, id);
    assert.deepEqual(
      [env['SWARM_ROLE'], env['SWARM_ADDRESS'], env['SWARM_CLUSTER'], env['TOKEN']],
      ['manager', '10.88.0.11', 'cluster', secret],
    );
    assert.equal(env['SWARM_CLUSTER_ID'], run.stack.clusterId);
    return undefined;
  });
  assert.deepEqual(said(run.runs), ['before m1 replace', 'after m1 replace']);
  assert.deepEqual(notes(world), []);
  assert.deepEqual([...run.faults], []);
  assertAsDeclared(world, run.stack);
  const labels = JSON.stringify([world.swarm().labels, world.swarm().configs]);
  assert.ok(!labels.includes(secret) && !labels.includes('out.sh'), 'the swarm is told none of it');
});

test('a hook that fails before: nothing is touched; its output without the secret; the declared one of the next run', async () => {
  const run = begin('replace', 'm1');
  const { world, stack } = run;
  const count = world.calls().length;
  const transcript = emptyTranscript();
  const failing = up(
    run,
    () => ({ ended: 3, output: `asking with ${secret}\nno such pool\n` }),
    undefined,
    transcript,
  );
  await assert.rejects(failing, (error: unknown) => {
    assert.ok(error instanceof SwarmError);
    assert.equal(error.code, 'HookFailed');
    assert.match(
      error.message,
      /^m1: hook before \(\.\/out\.sh\) ended with 3; nothing of m1 was touched; .*\nasking with \[secret\]\nno such pool$/,
    );
    return true;
  });
  assert.ok(!JSON.stringify(transcript).includes(secret));
  assert.deepEqual(
    changesSince(world, count).filter((call) => !/setSwarmLabels|Config/.test(call)),
    [],
  );
  assert.equal(vipHolder(world), 'm1');
  stack.declared = {
    ...stack.declared,
    swarm: { roll: { hooks: true }, hooks: [{ moment: 'before', command: ['./other.sh'] }] },
  };
  run.runs.length = 0;
  await up(run);
  assert.deepEqual(
    run.runs.map(({ argv }) => argv),
    [['./other.sh']],
  );
  assert.deepEqual(notes(world), []);
  assertAsDeclared(world, stack);
});

test('a change that is taken back behind a hook that has failed: after runs all the same', async () => {
  const run = begin('replace', 'm1');
  await assert.rejects(
    up(run, () => ({ ended: 1 })),
    { code: 'HookFailed' },
  );
  run.stack.declared = { ...origin.stack.declared, swarm: { roll: { hooks: true }, hooks: both } };
  await up(run);
  assert.deepEqual(said(run.runs), ['before m1 replace', 'after m1 replace']);
  assert.deepEqual(notes(run.world), []);
  await up(run);
  assert.equal(run.runs.length, 2, 'and no more');
});

test('a hook that fails after: the node is whole, and nothing but the hook is done again', async () => {
  const run = begin('replace', 'w1');
  const late = { isTimedOut: true, ended: 'SIGKILL' } as const;
  await assert.rejects(
    up(run, ({ what }) => (what.startsWith('after') ? late : undefined)),
    /w1: hook after \(\.\/in\.sh\) did not end within 300 s and was stopped; w1 itself is back/,
  );
  assert.equal(entry(run.world, 'w1')?.availability, 'active');
  const boot = machine(run.world, 'w1').bootId;
  await assert.rejects(
    up(run, () => ({ ended: 1 })),
    /hook after \(\.\/in\.sh\) ended with 1/,
  );
  await up(run);
  assert.deepEqual(said(run.runs), [
    'before w1 replace',
    ...['after w1 replace', 'after w1 replace', 'after w1 replace'],
  ]);
  assert.equal(machine(run.world, 'w1').bootId, boot);
  assert.deepEqual(notes(run.world), []);
  assertAsDeclared(run.world, run.stack);
});

test('managers in place: after runs when their hold has ended; of a worker at its own end', async () => {
  const run = begin('inPlace', 'm2');
  run.stack.declared = changed(run.stack.declared, changes.inPlace, 'w1', 'm2', 'm3', 'm1');
  await up(run, ({ what, env }) => {
    assert.equal(entry(run.world, env['SWARM_NODE'] ?? '')?.availability, 'active', what);
    return undefined;
  });
  assert.deepEqual(said(run.runs), [
    ...['before m1 inPlace', 'before m2 inPlace', 'before m3 inPlace'],
    ...['after m1 inPlace', 'after m2 inPlace', 'after m3 inPlace'],
    ...['before w1 inPlace', 'after w1 inPlace'],
  ]);
  assert.deepEqual(notes(run.world), []);
});

test('a hook that fails before an upgrade in place, and one that fails behind its hold', async () => {
  const run = begin('inPlace', 'm2');
  await assert.rejects(
    up(run, () => ({ ended: 1 })),
    { code: 'HookFailed' },
  );
  assert.equal(entry(run.world, 'm2')?.availability, 'active');
  await assert.rejects(
    up(run, ({ what }) => (what.startsWith('after') ? { ended: 1 } : undefined)),
    { code: 'HookFailed' },
  );
  await up(run);
  assert.deepEqual(said(run.runs), [
    ...['before m2 inPlace', 'before m2 inPlace', 'after m2 inPlace', 'after m2 inPlace'],
  ]);
  assert.deepEqual(notes(run.world), []);
  assertAsDeclared(run.world, run.stack);
});

test('a node that is removed has no after; a node’s own hook is in the place of the cluster’s', async () => {
  const own = { moment: 'before', node: 'w1', command: ['./own.sh'] };
  const run = begin('replace', 'w1', [...both, own]);
  await up(run);
  assert.deepEqual(
    run.runs.map(({ argv }) => argv[0]),
    ['./own.sh', './in.sh'],
  );
  run.runs.length = 0;
  run.stack.declared = without(run.stack.declared, 'w1');
  await up(run);
  assert.deepEqual(said(run.runs), ['before w1 remove']);
  assert.deepEqual(notes(run.world), []);
});

test('a run that has not registered the swarm’s hooks touches nothing', async () => {
  const run = begin('replace', 'm2');
  await run.stack.applySwarm(new ProviderProcess(run.world));
  const process = new ProviderProcess(run.world);
  await assert.rejects(run.stack.applyNode(process, 'm2'), { code: 'HooksUnknown' });
  assert.equal(entry(run.world, 'm2')?.availability, 'active');
  assert.equal(machine(run.world, 'm2').units['keepalived.service']?.state, 'active');
});

for (const [kind, name] of [
  ['replace', 'm1'],
  ['inPlace', 'm1'],
  ['inPlace', 'w1'],
] as const) {
  test(`${name}, ${kind}: killed at every step, resumed: after is run behind the last before`, async () => {
    const transcript = emptyTranscript();
    await up(begin(kind, name), undefined, undefined, transcript);
    const wanted = sentences(transcript);
    assert.ok(wanted.includes(`hook after of ${name}: ./in.sh`), wanted.join('; '));
    for (const step of wanted.keys()) {
      for (const at of ['start', 'end'] as const) {
        const run = begin(kind, name);
        const what = `${at} of "${wanted[step] ?? ''}"`;
        await up(run, undefined, { kind: 'kill', at, step }).catch(() => undefined);
        await up(run);
        const order = said(run.runs).map((each) => each.split(' ')[0]);
        // The end of all holds may come before a worker that was interrupted goes anew.
        assert.match(order.join(' '), /^(before( before)?( after)( after)? ?)+$/, what);
        assert.deepEqual(notes(run.world), [], what);
        assert.deepEqual([...run.faults], [], what);
        assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
      }
    }
  });
}
