import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { heldLabel } from '../../core/held';
import { changes } from './callLog';
import { assertDone, assertFailed } from './cluster/chains';
import { node, threeManagers } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';

const declared = { managers: threeManagers, workers: [node('w1')], os: 'debian:13' };
const inPlace = { ...declared, engineUpgrade: 'inPlace' } as const;

describe('engines are exchanged in place', () => {
  let project: ClusterProject;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster(declared);
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    for (const { key } of project.world.machines()) {
      project.world.editMachine(key, ({ offered }) => {
        offered['docker.io'] = ['28.5.2+dfsg4-1', '26.1.5+dfsg1-9+b9'];
        offered['docker-cli'] = ['28.5.2+dfsg4-1', '26.1.5+dfsg1-9+b9'];
      });
    }
  });
  after(() => {
    project.dispose();
  });

  const nodes = (): readonly string[] =>
    project.world
      .swarm()
      .nodes.map(({ hostname, id, engineVersion }) => `${hostname} ${id} ${engineVersion}`)
      .sort();

  test('one changed line: an update of each engine, of the activation and of what the swarm knows of the roll, which fails at the second and goes on from there', async () => {
    const before = nodes();
    project.declareCluster({ ...inPlace, engineVersion: '28.5' });
    const preview = await project.run('preview', '--json');
    assert.match(preview.output, /"update": 5/);
    assert.match(preview.output, /"create": 1/);
    project.world.editMachine('test/m3', ({ engine }) => engine.brokenVersions.push('28.5.2'));
    const failed = await project.run('up');
    assertFailed(failed, /m3: engine 28\.5\.2 did not take the place of 26\.1\.5/, [
      'update Swarm demo',
      'update Engine m2',
      'update Engine m3',
    ]);
    const held = project.world.swarm().nodes.filter(({ labels }) => labels[heldLabel] === 'active');
    assert.deepEqual(
      held.map(({ hostname }) => hostname),
      ['m2'],
    );
    project.world.editMachine('test/m3', ({ engine }) => (engine.brokenVersions = []));
    const run = await project.run('up');
    assertDone(run, [
      'update Engine m3',
      'update Engine m1',
      'create Activation demo-activation',
      'update Engine w1',
    ]);
    assert.deepEqual(
      nodes(),
      before.map((each) => each.replace('26.1.5', '28.5.2')),
    );
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
  });

  test('taken back behind a failure: preview says so, and up puts back what was kept, with nobody replaced', async () => {
    const before = nodes();
    for (const { key } of project.world.machines()) {
      project.world.editMachine(key, ({ offered, engine }) => {
        for (const name of ['docker.io', 'docker-cli']) offered[name]?.unshift('28.6.0+dfsg1-1');
        if (key === 'test/m3') engine.brokenVersions.push('28.6.0');
      });
    }
    project.declareCluster({ ...inPlace, engineVersion: '28.6.0' });
    const failed = await project.run('up');
    assertFailed(failed, /m3: engine 28\.6\.0 did not take the place of 28\.5\.2/, [
      'update Swarm demo',
      'update Engine m2',
      'update Engine m3',
    ]);
    project.declareCluster({ ...inPlace, engineVersion: '28.5' });
    const preview = await project.run('preview');
    assert.match(
      preview.output,
      /take the upgrade of manager m2 back in place \(engine 28\.6\.0 → 28\.5\)/,
    );
    assert.match(preview.output, /put the engine back that was kept in place, its node drained/);
    assert.doesNotMatch(preview.output, /replace/);
    const run = await project.run('up');
    assertDone(run, ['update Swarm demo', 'update Engine m2', 'update Activation demo-activation']);
    assert.deepEqual(nodes(), before);
    assert.ok(project.world.swarm().nodes.every(({ availability }) => availability === 'active'));
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
  });

  test('a node that is held when nobody exchanges engines is let go by the next up, as drift of the activation', async () => {
    project.world.edit(({ swarms }) => {
      const [swarm] = Object.values(swarms);
      const m2 = swarm?.nodes.find(({ hostname }) => hostname === 'm2');
      if (m2 === undefined) return;
      m2.labels[heldLabel] = 'active';
      m2.availability = 'drain';
    });
    const run = await project.run('up');
    assert.deepEqual(changes(run.calls), ['update Activation demo-activation'], run.output);
    assert.ok(project.world.swarm().nodes.every(({ availability }) => availability === 'active'));
  });

  test('without `upgrade: inPlace` the activation goes', async () => {
    // Without a version too: only the machines themselves have a source of it, and no image could be made with it.
    project.declareCluster(declared);
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assert.ok(changes(run.calls).includes('delete Activation demo-activation'), run.output);
  });
});
