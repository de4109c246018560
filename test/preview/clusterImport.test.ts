import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertDone, rebuild } from './cluster/chains';
import { node, threeManagers } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import { bootsOf, vipHolder } from './cluster/views';
import { labName } from './cluster/world';
import { importArguments, renderImportFile } from '../../scenarios/pulumi/importFile';

describe('a cluster whose state was lost, by `pulumi import`', () => {
  let project: ClusterProject;
  const workers = [node('w1')];
  const cluster = { managers: threeManagers, workers };

  const runImport = (text: string): Promise<string> => {
    const file = join(project.directory, 'import.json');
    writeFileSync(file, text);
    return project.pulumi('import', '--stack=test', ...importArguments(file));
  };

  before(async () => {
    project = await createClusterProject();
    project.declareCluster(cluster);
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    await project.pulumi('stack', 'rm', '--force', '--yes', 'test');
    await project.pulumi('stack', 'init', 'test');
  });
  after(() => {
    project.dispose();
  });

  test('what is not of this resource is refused, says what to do, and leaves the state empty', async () => {
    for (const [type, id, words] of [
      ['Engine', 'test/m9', /m9/],
      ['Engine', 'no place', /is no import ID of this resource; nothing was imported; give `LAB/],
      ['Node', 'test/m1#m9', /lists no node m9; nothing was imported; declare it and run/],
      ['Engine', 'test/m2', /is managed by urn:pulumi:test::preview-test::.*::m2; nothing was/],
      ['Barrier', 'x', /a swarm:index:Barrier is not imported; it touches nothing: declare it/],
    ] as const) {
      await assert.rejects(
        runImport(JSON.stringify({ resources: [{ type: `swarm:index:${type}`, name: 'm1', id }] })),
        (error: Error) => words.test(error.message),
        id,
      );
    }
    const { resources } = await project.state();
    assert.deepEqual(
      resources.filter(({ type }) => type.startsWith('swarm:')),
      [],
    );
  });

  test('all of it is imported without a touch, and the next up changes nothing', async () => {
    const boots = bootsOf(project.world);
    const entries = (): readonly string[] =>
      project.world.swarm().nodes.map(({ id, version }) => `${id} ${String(version)}`);
    const listed = entries();
    const holder = vipHolder(project.world);
    await runImport(
      renderImportFile({
        ...{ name: 'demo', lab: labName },
        ...{ managers: ['m1', 'm2', 'm3'], workers: ['w1'] },
      }),
    );
    const { text } = await project.state();
    for (const key of await project.privateKeys()) {
      assert.ok(!text.includes(key), 'a host key is a secret in the state');
    }
    assertDone(await project.run('up'), ['create Barrier demo-batch-1']);
    assert.deepEqual(bootsOf(project.world), boots);
    assert.equal(vipHolder(project.world), holder);
    assert.deepEqual(entries(), listed, 'no entry of a node was written');
  });

  test('it rolls as before', async () => {
    project.declareCluster({
      managers: [node('m1'), node('m2', { os: 'debian:13' }), node('m3')],
      workers,
    });
    assertDone(await project.run('up'), rebuild('manager', 'm2'));
  });
});
