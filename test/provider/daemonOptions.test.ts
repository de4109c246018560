import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { daemonLabel } from '../../core/labels';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

const file = '/etc/docker/daemon.json';
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const declared = changed(cluster(3, 0), { os: 'debian:13' });
  origin = { world, stack: await founded(world, declared) };
});

async function apply(
  world: FakeWorld,
  stack: Stack,
  daemon: PropertyMap | undefined,
): Promise<readonly string[]> {
  stack.declared = changed(
    stack.declared,
    { engine: daemon === undefined ? {} : { daemon } },
    'm2',
  );
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm2');
  return sentences(transcript);
}

const optionsOf = (world: FakeWorld): unknown =>
  JSON.parse(machine(world, 'm2').files[file]?.content ?? 'null');

test('what a reload is enough for goes without the node, and comes back when it is no longer declared', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine(
    'test/m2',
    ({ files }) => (files[file] = { content: '{"bip":"10.9.0.1/24"}', mode: 0o644 }),
  );
  const daemon = { labels: ['rack=1'], 'max-download-attempts': 3 };
  assert.deepEqual(await apply(world, stack, daemon), ['reload the options of the engine on m2']);
  assert.deepEqual(optionsOf(world), { bip: '10.9.0.1/24', ...daemon });
  assert.deepEqual(await apply(world, stack, daemon), []);
  await apply(world, stack, undefined);
  assert.deepEqual(optionsOf(world), { bip: '10.9.0.1/24', labels: [] });
  assertAsDeclared(world, stack);
});

test('what a start is needed for replaces the engine, through the gate, and is in the file before the start', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const steps = await apply(world, stack, { mtu: 1400 });
  const at = (part: string): number => steps.findIndex((step) => step.includes(part));
  assert.ok(at('gate') !== -1 && at('gate') < at('drain m2'), steps.join('\n'));
  assert.ok(at('drain m2') < at('configure the engine on m2'));
  assert.ok(at('configure the engine on m2') < at('start the engine of m2'));
  assert.deepEqual(optionsOf(world), { mtu: 1400 });
  assertAsDeclared(world, stack);
  const digest = world.swarm().nodes.find(({ hostname }) => hostname === 'm2')?.labels[daemonLabel];
  assert.match(digest ?? '', /^[0-9a-f]{16}$/);
  await apply(world, stack, undefined);
  assert.deepEqual(optionsOf(world), {});
});

test('a run that was killed after the file was written reloads all the same', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.failNext('systemd.reload', { code: 'HostUnreachable', message: 'gone' });
  await assert.rejects(apply(world, stack, { debug: true }), { code: 'HostUnreachable' });
  const calls = world.calls().length;
  await apply(world, stack, { debug: true });
  assert.ok(
    world
      .calls()
      .slice(calls)
      .some(({ operation }) => operation === 'systemd.reload'),
  );
});

test('a file that is none, or that the daemon does not take, stays as it is', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const put = (content: string): void => {
    world.editMachine('test/m2', ({ files }) => (files[file] = { content, mode: 0o644 }));
  };
  put('{"live-restore":true}');
  await assert.rejects(apply(world, stack, { debug: true }), {
    code: 'DaemonFileUnfit',
    message: /live-restore/,
  });
  put('{"log-level":1}');
  await assert.rejects(apply(world, stack, { debug: true }), {
    code: 'DaemonOptionsRefused',
    message: /invalid logging level/,
  });
  assert.deepEqual(optionsOf(world), { 'log-level': 1 });
  assert.equal(machine(world, 'm2').files[`${file}.candidate`], undefined);
});
