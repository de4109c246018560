import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import { assertDone, rebuild } from './cluster/chains';
import { node } from './cluster/declarations';
import type { Declaration } from './cluster/program';
import { createClusterProject, type ClusterProject } from './cluster/project';

const compose = 'services: { web: { image: web:1, deploy: { replicas: 6 } } }\n';

describe('tasks are spread anew behind a roll', () => {
  let project: ClusterProject;
  let files: readonly string[];
  const declare = (more: Partial<Declaration> = {}): void => {
    project.declareCluster({
      ...{ managers: [node('m1')], workers: [node('w1'), node('w2')], stack: { files }, ...more },
    });
  };
  const noChange = async (): Promise<void> => {
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
    assert.doesNotMatch(none.output, /tasks are moved/);
  };
  /** Tasks that are to run, by node. */
  const spread = (): readonly number[] => {
    const { nodes, tasks } = project.world.swarm();
    const wanted = tasks.filter(({ desiredState }) => desiredState === 'running');
    return nodes.map(({ id }) => wanted.filter(({ nodeId }) => nodeId === id).length);
  };
  before(async () => {
    project = await createClusterProject();
    const file = join(project.directory, 'shop.yml');
    writeFileSync(file, compose);
    files = [file];
    project.declareCluster({ managers: [node('m1')], workers: [node('w1'), node('w2')] });
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    for (const name of ['m1', 'w1', 'w2']) {
      project.world.editMachine(`test/${name}`, ({ engine }) => engine.images.push('web:1'));
    }
    declare();
    const deployed = await project.run('up');
    assert.equal(deployed.exitCode, 0, deployed.output);
  });
  after(() => {
    project.dispose();
  });

  test('where the tasks lie well it is one new resource, and nothing is moved; then there is no difference', async () => {
    declare({ rebalance: true });
    const run = await project.run('up');
    assertDone(run, ['create Rebalance demo-rebalance']);
    await noChange();
  });

  test('a roll: preview says what will be looked at, the run ends with it, and the node is not empty', async () => {
    declare({ rebalance: true, workers: [node('w1'), node('w2', { os: 'debian:13' })] });
    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.ok(
      preview.output.includes('shop_web: 6 tasks on 3 nodes, the last rebuilt one (w2) is empty'),
      preview.output,
    );
    const run = await project.run('up');
    assertDone(run, [...rebuild('worker', 'w2'), 'update Rebalance demo-rebalance']);
    assert.deepEqual([...spread()], [2, 2, 2]);
    await noChange();
  });

  test('without it the resource goes, and nothing else changes', async () => {
    declare({ workers: [node('w1'), node('w2', { os: 'debian:13' })] });
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(changes(run.calls), ['delete Rebalance demo-rebalance']);
    await noChange();
  });
});
