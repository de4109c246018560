import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { backupMarkPath } from '../../core/backup';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

/** Three managers and a worker, all of debian:12. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1)) };
});

interface Plan {
  readonly turns: readonly string[];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

async function plan(world: FakeWorld, args: PropertyMap): Promise<Plan> {
  const process = new ProviderProcess(world);
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const answer = await process.call('call', urn, (_resource, operation) =>
    planRollout.call({ maxUnavailable: 1, workers: [], ...args }, operation),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return answer.result as unknown as Plan;
}

function planned(name: string, address: string, more: PropertyMap = {}): PropertyMap {
  return { name, address, connection: { lab: 'test', machine: name }, ...more };
}

const managers = [1, 2, 3].map((n) => planned(`m${String(n)}`, `10.88.0.1${String(n)}`));

test('an engine that the distribution does not offer is found before a node goes for it', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const { turns, reasons } = await plan(world, {
    managers,
    workers: [planned('w1', '10.88.0.21', { engineVersion: '28.1' })],
  });
  assert.equal(turns.length, 1);
  assert.deepEqual(reasons, ['w1: engine 28.1 is not offered; the distribution has 20.10.24']);
});

test('a version that comes with another OS is not looked for on the present one', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const { turns, reasons } = await plan(world, {
    managers,
    workers: [planned('w1', '10.88.0.21', { engineVersion: '26.1.5', os: 'debian:13' })],
  });
  assert.equal(turns.length, 1);
  assert.deepEqual(reasons, []);
});

test('by which manager a newer engine joins is seen at the managers’ own ports', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const join = async (): Promise<string | undefined> => {
    const worker = planned('w1', '10.88.0.21', { engineVersion: '28.5.2', os: 'debian:13' });
    const { turns } = await plan(world, { managers, workers: [worker] });
    return turns[0]?.split('; ').at(-1);
  };
  assert.equal(await join(), 'joins through m1');
  const expected = [
    'joins through m2, as m1 offers no ALPN',
    'joins through m3, as m1 and m2 offer no ALPN',
    'joins through m1, and does without ALPN until it has joined: m1 and m2 and m3 offer no ALPN',
  ];
  for (const [index, clause] of expected.entries()) {
    world.editMachine(`test/m${String(index + 1)}`, ({ engine: { membership } }) => {
      assert.ok(membership !== undefined);
      membership.hasNewCertificate = true;
    });
    assert.equal(await join(), clause);
  }
  world.failNext('docker.offersAlpn', { code: 'ProbeFailed', message: 'x' }, { host: 'test/m2' });
  assert.equal(
    await join(),
    'joins through m2, as m1 offers no ALPN',
    'what was not seen is tried',
  );
});

test('a manager that gives no answer is told of, also when nothing is to be done', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m2');
  world.advance(60_000);
  const { turns, warnings } = await plan(world, { managers });
  assert.deepEqual(turns, []);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^m2 gives no answer: /);
});

test('before a founding every host must answer, workers too', async () => {
  const world = new FakeWorld();
  world.addHost({ name: 'm1', address: '10.0.0.1' });
  const { reasons } = await plan(world, {
    managers: [{ name: 'm1', address: '10.0.0.1', connection: { host: '10.0.0.1' } }],
    workers: [{ name: 'w1', address: '10.0.0.2', connection: { host: '10.0.0.2' } }],
  });
  assert.equal(reasons.length, 1);
  assert.match(reasons[0] ?? '', /^w1: /);
});

test('the plan names the very manager that each node then joins by, and the very order', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const nodes = ['m1', 'm2', 'm3', 'w1'].map((name) =>
    planned(name, addressOfNode(stack, name), { os: 'debian:13' }),
  );
  const { turns, reasons } = await plan(world, {
    managers: nodes.slice(0, 3),
    workers: nodes.slice(3),
  });
  assert.deepEqual(reasons, []);
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  const order = turns.map((turn) => / (?:manager|worker) (\w+) /.exec(turn)?.[1] ?? '');
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), order);
  const asked = transcript.statuses.flatMap((status) => /: asked (\w+)$/.exec(status)?.[1] ?? []);
  assert.deepEqual(
    asked,
    turns.map((turn) => / joins through (\w+)$/.exec(turn)?.[1]),
  );
  const began = transcript.journal.filter(({ event }) => event === 'start');
  const gone = began.flatMap(({ sentence }) => /^drain (\w+)$/.exec(sentence)?.[1] ?? []);
  assert.deepEqual(gone, order);
});

test('an overlay network that the roll would overfill is told of before it, with its numbers', async () => {
  const cases = [
    {
      tasks: 3,
      kind: 'reasons',
      said: /^overlay network web \(10\.1\.0\.0\/29\): of its 5 addresses 5 are taken/,
    },
    {
      tasks: 2,
      kind: 'warnings',
      said: /^overlay network web \(10\.1\.0\.0\/29\): of its 5 addresses 5 are needed/,
    },
  ] as const;
  for (const { tasks, kind, said } of cases) {
    const { world } = copyOf(origin.world, origin.stack);
    await fillNetwork(world, tasks);
    const found = await plan(world, {
      managers: managers.map((one) => ({ ...one, os: 'debian:13' })),
    });
    const other = kind === 'reasons' ? 'warnings' : 'reasons';
    assert.equal(found[kind].length, 1, found[kind].join('\n'));
    assert.match(found[kind][0] ?? '', said);
    assert.deepEqual(found[other], []);
    assert.deepEqual((await plan(world, { managers })).reasons, [], 'nobody goes');
  }
});

/** A network of five addresses with a virtual IP, and so many tasks, all on m1. */
async function fillNetwork(world: FakeWorld, replicas: number): Promise<void> {
  const { clock, hosts } = world.effects();
  for (const key of ['m1', 'm2', 'm3', 'w1']) {
    world.editMachine(`test/${key}`, ({ engine }) => engine.images.push('web:1'));
  }
  const { docker } = await hosts.connect({ lab: 'test', machine: 'm1' });
  const others = (await docker.nodes()).filter(({ hostname }) => hostname !== 'm1');
  for (const { id } of others) await docker.updateNode(id, { availability: 'drain' });
  await docker.createService({
    ...{ name: 'web', image: 'web:1', command: [], environment: {}, constraints: [], ports: [] },
    ...{ mode: { replicas }, endpointMode: 'vip', stopGraceSeconds: 1, labels: {} },
  });
  await clock.sleep(10_000);
  for (const { id } of others) await docker.updateNode(id, { availability: 'active' });
  world.edit(({ swarms }) => {
    for (const swarm of Object.values(swarms)) {
      swarm.networks = [{ id: 'n', name: 'web', subnet: '10.1.0.0/29', services: ['web'] }];
    }
  });
}

test('replicas that would find no node while one is out are found before it goes', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const { clock, hosts } = world.effects();
  world.editMachine('test/m2', ({ engine }) => engine.images.push('db:1'));
  const { docker } = await hosts.connect({ lab: 'test', machine: 'm1' });
  await docker.createService({
    ...{ name: 'db', image: 'db:1', command: [], environment: {}, ports: [], labels: {} },
    ...{ mode: { replicas: 1 }, endpointMode: 'dnsrr', stopGraceSeconds: 1 },
    constraints: ['node.hostname == m2'],
  });
  await clock.sleep(10_000);
  const all = { managers: newer, workers: [planned('w1', '10.88.0.21', { os: 'debian:13' })] };
  assert.match(
    (await plan(world, all)).reasons.join('\n'),
    /^while m2 is out, db would find no node for 1 replica: no other satisfies node\.hostname == m2: its drain would wait in vain; .*$/,
  );
  const others = newer.map((one) => (one['name'] === 'm2' ? planned('m2', '10.88.0.12') : one));
  assert.deepEqual((await plan(world, { ...all, managers: others })).reasons, []);
  const [db] = await docker.services();
  assert.ok(db !== undefined);
  await docker.removeService(db.id);
  assert.deepEqual((await plan(world, all)).reasons, []);
});

function addressOfNode(stack: Stack, name: string): string {
  return stack.declared.nodes.find((node) => node.name === name)?.address ?? '';
}
/** The same managers in a swarm with autolock, some of whose engines were restarted. */
async function withLocked(...names: readonly string[]): Promise<FakeWorld> {
  const { world } = copyOf(origin.world, origin.stack);
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
  await docker.setAutolock(true);
  world.advance(2_000);
  for (const name of names) world.powerOff(`test/${name}`);
  for (const name of names) world.powerOn(`test/${name}`);
  world.advance(30_000);
  return world;
}

const newer = [1, 2, 3].map((n) =>
  planned(`m${String(n)}`, `10.88.0.1${String(n)}`, { os: 'debian:13' }),
);

test('a locked manager is said to be unlocked first, and does not stop the roll', async () => {
  const { turns, reasons, warnings } = await plan(await withLocked('m2'), { managers: newer });
  assert.equal(turns.length, 3);
  assert.deepEqual(reasons, []);
  assert.deepEqual(warnings, ['m2 is locked: it is unlocked before anything else']);
});

test('managers that are all locked are a swarm all the same, and nobody knows its nodes', async () => {
  const world = await withLocked('m1', 'm2', 'm3');
  const answer = await plan(world, { managers: newer });
  assert.equal((answer as Plan & { readonly swarm: string }).swarm, 'live');
  assert.deepEqual(answer.turns, []);
  assert.deepEqual(answer.reasons, []);
  assert.equal(answer.warnings.length, 4);
});

test('a directory that is not for backups, and too few managers, are found before anything goes', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const scratch = mkdtempSync(join(tmpdir(), 'swarm-plan-'));
  const open = join(scratch, 'open');
  mkdirSync(open, { mode: 0o755 });
  const reasonsOf = async (directory: string, more: PropertyMap): Promise<readonly string[]> =>
    (await plan(world, { managers: newer, backup: { directory }, ...more })).reasons;
  try {
    assert.deepEqual(await reasonsOf(join(scratch, 'new', 'one'), {}), []);
    assert.deepEqual(readdirSync(scratch), ['open'], 'a plan makes nothing');
    assert.deepEqual(await reasonsOf(open, {}), [
      `${open}: others may look into it (mode 755); \`chmod 700\` it, or name one of its own`,
    ]);
    assert.deepEqual(await reasonsOf(open, { managers }), [], 'nothing goes');
    const two = await reasonsOf(join(scratch, 'new'), { managers: newer.slice(0, 2) });
    assert.ok(
      two.some((reason) => /of 2 managers, none may stand still/.test(reason)),
      two.join('; '),
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('a roll says that raft is backed up first, and with autolock what that is not good for', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  const directory = join(tmpdir(), 'swarm-no-such-backups');
  const roll = { managers: newer, backup: { directory } };
  const open = await plan(world, roll);
  assert.equal(open.turns[0], `raft is backed up to ${directory} before the first manager goes`);
  assert.equal(open.turns.length, 4);
  assert.deepEqual(open.warnings, []);
  assert.deepEqual((await plan(world, { ...roll, managers })).turns, [], 'nothing goes');
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
  await docker.setAutolock(true);
  const { warnings } = await plan(world, roll);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^with autolock a backup brings back no swarm that has lost/);
});

test('a manager whose backup was interrupted is set right first, and does not stop the roll', async () => {
  const { world } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m2', ({ units, files }) => {
    files[backupMarkPath] = { content: '{"availability":"active"}\n', mode: 0o600 };
    for (const name of ['docker.socket', 'docker.service']) {
      const unit = units[name];
      if (unit !== undefined) unit.state = 'inactive';
    }
  });
  world.advance(60_000);
  const { turns, reasons, warnings } = await plan(world, { managers: newer });
  assert.equal(turns.length, 3);
  assert.deepEqual(reasons, []);
  assert.deepEqual(warnings, [
    'm2 was left in the middle of a backup: it is set right before anything else',
  ]);
});
