import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertDone, assertFailed, build, nodeChanges, rebuild } from './cluster/chains';
import { node, threeManagers } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import { bootsOf, vipHolder } from './cluster/views';

const workers = [node('w1')];
const cluster = { managers: threeManagers, workers };

describe('a cluster whose state was lost', () => {
  let project: ClusterProject;
  let clusterId: string;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster(cluster);
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    ({ clusterId } = project.world.swarm());
    await project.pulumi('stack', 'rm', '--force', '--yes', 'test');
    await project.pulumi('stack', 'init', 'test');
  });
  after(() => {
    project.dispose();
  });

  /** The image of machines is made beside the look at the swarm. */
  const touchedNodes = (): readonly unknown[] =>
    project.world.calls().filter(({ host }) => !host.includes('debian-12-engine-'));

  test('preview and up refuse without `adopt`, name the swarm, and touch nothing', async () => {
    const touched = touchedNodes().length;
    const words = `\`pulumi config set adopt ${clusterId}\` and \`pulumi up\``;
    assertFailed(await project.run('preview'), words, []);
    const run = await project.run('up');
    assert.notEqual(run.exitCode, 0);
    assert.ok(run.output.includes(words), run.output);
    assert.ok(!nodeChanges(run).some((change) => /Machine|Engine|Node|Vip/.test(change)));
    assert.equal(touchedNodes().length, touched);
    const { resources } = await project.state();
    assert.ok(!resources.some(({ type }) => type === 'swarm:index:HostIdentity'), 'no other key');
  });

  test('another OS than the running one is refused by the preview of a take-over', async () => {
    project.declareCluster({ ...cluster, os: 'debian:13', adopt: clusterId });
    assertFailed(
      await project.run('preview'),
      'm2: it would be replaced (os debian:12 → debian:13), and a run that adopts replaces nothing',
      [],
    );
  });

  test('preview says what is taken over, and up takes it over without touching it', async () => {
    project.declareCluster({ ...cluster, adopt: clusterId });
    const boots = bootsOf(project.world);
    const { nodes } = project.world.swarm();
    const holder = vipHolder(project.world);
    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    for (const { hostname, id } of nodes) {
      const role = hostname.startsWith('m') ? 'manager' : 'worker';
      assert.ok(preview.output.includes(`adopt ${role} ${hostname} (node ${id}) as it is`));
    }
    for (const sentence of preview.statuses.filter((each) => /join|boot|install/.test(each))) {
      assert.match(sentence, /^take over what is there; where there is nothing: /);
    }
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(
      [...nodeChanges(run)].sort(),
      [
        'create Swarm demo',
        'create Barrier demo-batch-1',
        ...['m1', 'm2', 'm3'].flatMap((name) => build('manager', name)),
        ...build('worker', 'w1'),
        ...['m1', 'm2', 'm3', 'w1'].map((name) => `create HostIdentity ${name}`),
      ].sort(),
    );
    assert.deepEqual(bootsOf(project.world), boots);
    assert.equal(vipHolder(project.world), holder);
    assert.deepEqual(
      project.world.swarm().nodes.map(({ id }) => id),
      nodes.map(({ id }) => id),
    );
    const again = await project.run('up');
    assertDone(again, []);
  });

  test('with `adopt` taken out it is an ordinary cluster, and rolls', async () => {
    project.declareCluster(cluster);
    assertDone(await project.run('up'), ['update Swarm demo']);
    project.declareCluster({
      managers: [node('m1'), node('m2', { os: 'debian:13' }), node('m3')],
      workers,
    });
    assertDone(await project.run('up'), rebuild('manager', 'm2'));
    assert.equal(project.world.swarm().clusterId, clusterId);
  });
});
