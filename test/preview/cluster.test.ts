import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import { nodeImageName } from '../../core/nodeImage';
import { assertDone, assertFailed, assertOrder, build, rebuild } from './cluster/chains';
import { node, threeManagers } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import { planned, summaryOf } from './cluster/plans';
import { bootsOf, vipHolder } from './cluster/views';
import { dumpedByPulumi, isCiphertext, plainText } from './cluster/secrets';
import type { Run } from './harness';

const workers = ['w1', 'w2'].map((name) => node(name));

const imageOf = (os: string): string => `demo-${nodeImageName({ os, packages: ['keepalived'] })}`;

/** The order of a roll: m1 is the leader, and goes last. */
const roll = [
  ...['m2', 'm3', 'm1'].flatMap((name) => rebuild('manager', name)),
  ...['w1', 'w2'].flatMap((name) => rebuild('worker', name)),
];

describe('three managers and two workers, from their making to a roll', () => {
  let project: ClusterProject;
  let made: Run;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster({ managers: threeManagers, workers });
    made = await project.run('up', '-v=9', '--logtostderr');
    assert.equal(made.exitCode, 0, made.output);
  });
  after(() => {
    project.dispose();
  });

  test('create: machines and engines side by side, the swarm on the first engine, then join after join', () => {
    const done = changes(made.calls);
    assert.deepEqual(
      [...done].sort(),
      [
        ...['m1', 'm2', 'm3'].flatMap((name) => build('manager', name)),
        ...['w1', 'w2'].flatMap((name) => build('worker', name)),
        ...['m1', 'm2', 'm3', 'w1', 'w2'].map((name) => `create HostIdentity ${name}`),
        `create NodeImage ${imageOf('debian:12')}`,
        'create Swarm demo',
        'create Barrier demo-batch-1',
        'create Barrier demo-batch-2',
      ].sort(),
    );
    assertOrder(done, [
      `create NodeImage ${imageOf('debian:12')}`,
      'create LabMachine m1',
      'create Engine m1',
      'create Swarm demo',
      ...['m1', 'm2', 'm3'].flatMap((name) => [`create Node ${name}`, `create VipMember ${name}`]),
      'create Node w1',
      'create Barrier demo-batch-1',
      'create Node w2',
      'create Barrier demo-batch-2',
    ]);
    for (const name of ['m2', 'm3', 'w1', 'w2']) {
      assert.ok(
        done.indexOf(`create LabMachine ${name}`) < done.indexOf('create Node m1'),
        `machine ${name} waited for a join`,
      );
    }
    const { nodes, members } = project.world.swarm();
    assert.deepEqual(
      nodes.map(({ hostname, state, availability }) => `${hostname} ${state} ${availability}`),
      ['m1', 'm2', 'm3', 'w1', 'w2'].map((name) => `${name} ready active`),
    );
    assert.equal(members.length, 3);
  });

  test('no secret is plain in the state, in an export or in what a user sees', async () => {
    const state = await project.state();
    const keys = await project.privateKeys();
    assert.equal(keys.length, 5);
    const tokens = Object.values(project.world.swarm().tokens);
    for (const secret of [...keys, ...tokens]) {
      assert.ok(!state.text.includes(secret), 'the export holds a secret');
      const seen = [...made.diagnostics, ...made.statuses].join('\n');
      assert.ok(!seen.includes(secret), 'an event holds a secret');
    }
    const machine = state.resources.find(({ type }) => type === 'swarm:index:LabMachine');
    assert.ok(isCiphertext(machine?.inputs?.['hostPrivateKey']));
    assert.ok(isCiphertext(machine?.outputs?.['hostPrivateKey']));
  });

  test('the log of `-v=9` and the debug events hold no token, and a key only where Pulumi dumps every property', async () => {
    const log = [made.output, project.eventLog(1)].join('\n').split('\n');
    for (const token of Object.values(project.world.swarm().tokens)) {
      assert.ok(!log.some((line) => line.includes(token)), 'a join token is logged');
    }
    const keys = await project.privateKeys();
    const leaks = log.filter((line) => keys.some((key) => line.includes(key)));
    assert.ok(leaks.length > 0, 'Pulumi itself is known to log them: docs/decisions/0004');
    assert.deepEqual(
      leaks.filter((line) => !dumpedByPulumi.test(plainText(line))),
      [],
    );
  });

  test('no change: nothing but `same`, also in `preview --json`', async () => {
    const run = await project.run('preview', '--json', '--expect-no-changes');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(Object.keys(summaryOf(run) as object), ['same']);
    assert.deepEqual(changes(run.calls), []);
    const shown = await project.run('preview');
    assert.doesNotMatch(shown.output, /Outputs:|unknown/, 'no output looks changed');
  });

  test('another os on all: the preview shows it node by node, the leader last, with the numbers', async () => {
    project.declareCluster({ managers: threeManagers, workers, os: 'debian:13' });
    const run = await project.run('preview');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(planned(run.steps), roll);
    assert.deepEqual(changes(run.calls), [], 'a preview changes nothing');
    const turns = run.diagnostics.find((message) => message.startsWith('The plan'));
    assert.deepEqual(
      turns?.split('\n').map((line) => /^ +\d\. (replace \w+ \w+)/.exec(line)?.[1]),
      [
        undefined,
        // Where the virtual IP goes.
        undefined,
        ...['manager m2', 'manager m3', 'manager m1', 'worker w1', 'worker w2'].map(
          (who) => `replace ${who}`,
        ),
      ],
    );
    assert.match(turns, /^ +1\. VIP 10\.88\.0\.100 is on m1; goes to m3 before m1$/m);
    assert.match(turns, /m1 .*3 → 2 members while it is out, quorum 2, tolerance 0/);
    assert.match(turns, /m1 .*; hand the virtual IP over from m1 to m3/);
  });

  test('a package of the image that cannot be had: the run ends, and nothing of any node was touched', async () => {
    project.world.failNext('packages.install', { message: 'no such package' });
    const machines = project.world.machines();
    const run = await project.run('up');
    assertFailed(run, /no such package.*no node was touched/, []);
    assert.deepEqual(
      project.world.machines().map(({ key, bootId }) => [key, bootId]),
      machines.map(({ key, bootId }) => [key, bootId]),
    );
  });

  test('another os on all: the up does what the preview showed; names, addresses and host keys stay', async () => {
    const before = project.world.machines();
    const run = await project.run('up');
    assertDone(run, roll);
    const done = changes(run.calls);
    assert.equal(done[0], `create NodeImage ${imageOf('debian:13')}`, 'before any node');
    assert.equal(
      done.at(-1),
      `delete NodeImage ${imageOf('debian:12')}`,
      'and the other one after all',
    );
    assert.ok(
      project.world
        .machines()
        .every(({ lab }) => lab?.image.startsWith('debian-13-engine-') === true),
      'every machine is made from it',
    );
    for (const { key, address, hostPublicKey, bootId } of before) {
      const now = project.world.machine(key);
      assert.deepEqual(
        [now.os, now.address, now.hostPublicKey],
        ['debian:13', address, hostPublicKey],
      );
      assert.notEqual(now.bootId, bootId);
    }
    const { nodes, members } = project.world.swarm();
    assert.deepEqual(
      nodes
        .map(({ hostname, state, engineVersion }) => `${hostname} ${state} ${engineVersion}`)
        .sort(),
      ['m1', 'm2', 'm3', 'w1', 'w2'].map((name) => `${name} ready 26.1.5`),
    );
    assert.equal(members.length, 3);
  });

  test('os of one node, label of another: one chain, and one update in place', async () => {
    project.declareCluster({
      managers: [threeManagers[0]!, node('m2', { labels: { rack: 'a' } }), threeManagers[2]!],
      workers: [node('w1', { os: 'debian:12' }), workers[1]!],
      os: 'debian:13',
    });
    const run = await project.run('up');
    assertDone(run, ['update Node m2', ...rebuild('worker', 'w1')]);
    const label = run.steps.find(({ op }) => op === 'update');
    assert.deepEqual(label?.diff, { 'labels.rack': 'add' });
    const entry = project.world.swarm().nodes.find(({ hostname }) => hostname === 'm2');
    assert.equal(entry?.labels['rack'], 'a');
  });

  test('worker to manager: promoted in place, also when a first try failed half way', async () => {
    const boots = bootsOf(project.world);
    project.world.failNext('docker.updateNode', { message: 'the leader is busy' });
    project.declareCluster({
      managers: [...threeManagers, workers[1]!],
      workers: [node('w1', { os: 'debian:12' })],
      os: 'debian:13',
    });
    assertFailed(await project.run('up'), 'the leader is busy', [
      'update Swarm demo',
      'update Node w2',
    ]);
    const resumed = await project.run('up');
    assert.equal(resumed.exitCode, 0, resumed.output);
    assertOrder(changes(resumed.calls), ['update Node w2', 'create VipMember w2']);
    assert.ok(
      !changes(resumed.calls).some((change) => /LabMachine|Engine|HostIdentity/.test(change)),
    );
    assert.deepEqual(bootsOf(project.world), boots, 'no machine was rebuilt');
    assert.equal(project.world.swarm().members.length, 4);
  });

  test('manager to worker, while it holds the virtual IP: demoted in place, the address handed over', async () => {
    const boots = bootsOf(project.world);
    giveVipTo(project, 'test/w2');
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1', { os: 'debian:12' }), workers[1]!],
      os: 'debian:13',
    });
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    const done = changes(run.calls);
    assert.deepEqual(
      done.filter((change) => / w2$/.test(change)),
      ['update Node w2', 'delete VipMember w2'],
    );
    assert.deepEqual(bootsOf(project.world), boots, 'no machine was rebuilt');
    const keepalived = project.world.machine('test/w2').units['keepalived.service'];
    assert.deepEqual(keepalived, { state: 'inactive', isEnabled: false });
    const { nodes, members } = project.world.swarm();
    assert.equal(nodes.find(({ hostname }) => hostname === 'w2')?.role, 'worker');
    assert.equal(members.length, 3);
    assert.match(vipHolder(project.world) ?? '', /^test\/m\d$/);
  });
});

/** As after a failover: the others' keepalived was down for a while. */
function giveVipTo(project: ClusterProject, key: string): void {
  const others = project.world.machines().filter((machine) => machine.key !== key);
  for (const other of others) {
    project.world.editMachine(other.key, (machine) => (machine.hasVipFault = true));
  }
  project.world.advance(30_000);
  for (const other of others) {
    project.world.editMachine(other.key, (machine) => (machine.hasVipFault = false));
  }
  assert.equal(vipHolder(project.world), key);
}
