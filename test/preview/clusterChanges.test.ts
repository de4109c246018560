import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import {
  assertDone,
  assertFailed,
  assertOrder,
  build,
  nodeChanges,
  rebuild,
  takeDown,
} from './cluster/chains';
import { node, renamed, threeManagers } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import { bootsOf } from './cluster/views';
import type { Run } from './harness';

/** The head of a run in which a node has another name, and then these. Its key is of no place: it waits for nothing. */
function assertRenamed(run: Run, to: string, expected: readonly string[]): void {
  const [one, other, ...after] = nodeChanges(run);
  assert.deepEqual([one, other].sort(), [`update HostIdentity ${to}`, 'update Swarm demo']);
  assert.deepEqual(after, expected);
}

describe('replacements that a user asks for', () => {
  let project: ClusterProject;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster({ managers: threeManagers, workers: [node('w1')] });
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
  });
  after(() => {
    project.dispose();
  });

  test('`balance`: HAProxy is up before keepalived follows it, and stops after that; nothing is rebuilt', async () => {
    const cluster = { managers: threeManagers, workers: [node('w1')] };
    const names = threeManagers.map(({ name }) => name);
    const boots = bootsOf(project.world);
    project.declareCluster({ ...cluster, balance: { ports: [{ listen: 80, target: 8080 }] } });
    const preview = await project.run('preview');
    assert.match(preview.output, /start HAProxy on m1/);
    const added = await project.run('up');
    assert.equal(added.exitCode, 0, added.output);
    for (const name of names) {
      assertOrder(changes(added.calls), [`create Balancer ${name}`, `update VipMember ${name}`]);
    }
    project.declareCluster(cluster);
    const removed = await project.run('up');
    assert.equal(removed.exitCode, 0, removed.output);
    for (const name of names) {
      assertOrder(changes(removed.calls), [`update VipMember ${name}`, `delete Balancer ${name}`]);
    }
    const all = [...nodeChanges(added), ...nodeChanges(removed)];
    assert.equal(all.length, 4 * names.length, all.join('\n'));
    assert.deepEqual(bootsOf(project.world), boots);
  });

  test('`--replace` of one LabMachine, and `state taint` of another: each whole chain, one after the other', async () => {
    await project.pulumi(
      'state',
      'taint',
      await project.urnOf('LabMachine', 'w1'),
      '--yes',
      '--stack=test',
    );
    const run = await project.run('up', '--replace', await project.urnOf('LabMachine', 'm2'));
    assertDone(run, [...rebuild('manager', 'm2'), ...rebuild('worker', 'w1')]);
  });

  test("`--target '**::m3'`: this node, and no other that waits", async () => {
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1')],
      os: 'debian:13',
    });
    assertDone(await project.run('up', '--target', '**::m3'), rebuild('manager', 'm3'));
  });

  test('`--target` of one resource: its chain, on old inputs; the next up builds the links behind it again', async () => {
    const run = await project.run('up', '--target', await project.urnOf('LabMachine', 'w1'));
    assertDone(run, rebuild('worker', 'w1'));
    assertDone(await project.run('up'), [
      ...['m2', 'm1'].flatMap((name) => rebuild('manager', name)),
      ...['delete Node w1', 'delete Engine w1', 'create Engine w1', 'create Node w1'],
    ]);
    assert.deepEqual(
      project.world
        .swarm()
        .nodes.map(({ hostname, state }) => `${hostname} ${state}`)
        .sort(),
      ['m1 ready', 'm2 ready', 'm3 ready', 'w1 ready'],
    );
  });

  test("a user's `deleteBeforeReplace: false`: another os is refused by name, and nothing is lost", async () => {
    const boots = bootsOf(project.world);
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1', { os: 'debian:12' })],
      os: 'debian:13',
      deleteBeforeReplace: false,
    });
    const refused = await project.run('up');
    assertFailed(refused, /w1: lab test has a machine of this name .* `deleteBeforeReplace`/, [
      'create LabMachine w1',
    ]);
    assert.deepEqual(bootsOf(project.world), boots);
  });

  test("a user's `deleteBeforeReplace: false` with `--replace`: the new ones take over what is there, and the deletes of the old ones leave it alone", async () => {
    const boots = bootsOf(project.world);
    const nodes = project.world.swarm().nodes.map(({ id, hostname }) => `${hostname} ${id}`);
    const calls = project.world.calls().length;
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1')],
      os: 'debian:13',
      deleteBeforeReplace: false,
    });
    const run = await project.run(
      'up',
      '--replace',
      await project.urnOf('LabMachine', 'm3'),
      '--replace',
      await project.urnOf('VipMember', 'm2'),
    );
    assert.equal(run.exitCode, 0, run.output);
    const done = changes(run.calls);
    assert.equal(done.at(0), 'create VipMember m2');
    assert.ok(done.includes('create LabMachine m3') && done.includes('delete LabMachine m3'));
    assert.deepEqual(bootsOf(project.world), boots);
    assert.deepEqual(
      project.world.swarm().nodes.map(({ id, hostname }) => `${hostname} ${id}`),
      nodes,
    );
    const touched = project.world.calls().slice(calls);
    // `lab.remove` comes with the old machine's ID, which nothing has any more: the boot IDs tell.
    const harmful = ['systemd.stop', 'systemd.disable', 'docker.swarmLeave', 'docker.removeNode'];
    assert.deepEqual(
      touched.filter(({ operation }) => harmful.includes(operation)),
      [],
    );
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
  });
});

describe('a node gets another name', () => {
  let project: ClusterProject;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster({ managers: threeManagers, workers: [node('w1'), node('w2')] });
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
  });
  after(() => {
    project.dispose();
  });

  test('without `previousName` the plan refuses, names the remedy, and nothing is registered or lost', async () => {
    const boots = bootsOf(project.world);
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1'), { name: 'w9', address: '10.88.0.22' }],
    });
    const run = await project.run('up');
    assertFailed(
      run,
      'w9: its address 10.88.0.22 is that of w2, which is in the swarm and no longer declared; declare `previousName: w2` for w9',
      [],
    );
    assert.ok(!run.output.includes('at SwarmCluster'), 'a refusal shows no stack');
    assert.deepEqual(bootsOf(project.world), boots);
    assert.ok(!(await project.state()).text.includes('::w9'));
  });

  test('with `previousName` it is taken out under the old name and comes back under the new one', async () => {
    const { hostPublicKey } = project.world.machine('test/w2');
    project.declareCluster({
      managers: threeManagers,
      workers: [node('w1'), renamed('w9', 'w2')],
    });
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assertRenamed(run, 'w9', [...takeDown('worker', 'w2'), ...build('worker', 'w9')]);
    const turns = run.diagnostics.find((message) => message.startsWith('The plan'));
    assert.match(turns ?? '', /1\. replace worker w9 \(name w2 → w9\)/);
    assert.deepEqual(
      [project.world.machine('test/w9').address, project.world.machine('test/w9').hostPublicKey],
      ['10.88.0.22', hostPublicKey],
      'address and host key stay',
    );
    assert.deepEqual(
      project.world
        .swarm()
        .nodes.map(({ hostname }) => hostname)
        .sort(),
      ['m1', 'm2', 'm3', 'w1', 'w9'],
    );
  });

  test('the leader renamed: it fails half way, and the next up goes on where it stopped', async () => {
    project.declareCluster({
      managers: [renamed('m9', 'm1'), ...threeManagers.slice(1)],
      workers: [node('w1'), renamed('w9', 'w2')],
    });
    project.world.failNext('lab.remove', { message: 'the disk is busy' }, { host: 'test/m1' });
    const failed = await project.run('up');
    assert.ok(failed.exitCode !== 0 && failed.output.includes('the disk is busy'), failed.output);
    assertRenamed(failed, 'm9', takeDown('manager', 'm1'));
    const resumed = await project.run('up');
    assertDone(resumed, [...takeDown('manager', 'm1'), ...build('manager', 'm9')]);
    const { nodes, members } = project.world.swarm();
    assert.deepEqual(nodes.map(({ hostname, state }) => `${hostname} ${state}`).sort(), [
      'm2 ready',
      'm3 ready',
      'm9 ready',
      'w1 ready',
      'w9 ready',
    ]);
    assert.equal(members.length, 3);
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
  });
});
