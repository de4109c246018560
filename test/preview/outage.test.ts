import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import { assertOrder, rebuild } from './cluster/chains';
import { node } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';

const managers = [node('m1')];
const workers = [node('w1', { os: 'debian:12' })];
const outage = { allowOutage: true, backup: { directory: 'archive' } };

describe('the only manager, in an outage', () => {
  let project: ClusterProject;
  let nodes: readonly string[];
  const idsOf = (): readonly string[] =>
    project.world
      .swarm()
      .nodes.map(({ hostname, id }) => `${hostname} ${id}`)
      .sort();
  const waiting = (): readonly string[] =>
    readdirSync(join(project.directory, 'archive')).filter((name) =>
      name.endsWith('-restore.json'),
    );

  before(async () => {
    project = await createClusterProject();
    project.declareCluster({ managers, workers });
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    nodes = idsOf();
  });
  after(() => {
    project.dispose();
  });

  test('is refused without consent, and told of with it, in preview', async () => {
    project.declareCluster({ managers, workers, os: 'debian:13' });
    const refused = await project.run('preview');
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.output, /m1 is the only manager: .*`allowOutage: true` and `backup`/);

    project.declareCluster({ managers, workers, os: 'debian:13', ...outage });
    const told = await project.run('preview');
    assert.equal(told.exitCode, 0, told.output);
    assert.match(told.output, /0 of 1 managers while m1 is rebuilt; the control plane is out/);
  });

  test('killed when the swarm is in its archive only: no destroy, no founding, and up goes on', async () => {
    project.world.failNext('lab.ensure', 'kill', { host: 'test/m1' });
    const killed = await project.run('up');
    assert.notEqual(killed.exitCode, 0, killed.output);
    assert.equal(waiting().length, 1);

    const machines = project.world.machines().length;
    const destroy = await project.run('destroy');
    assert.notEqual(destroy.exitCode, 0);
    assert.match(destroy.output, /the swarm does not allow to be destroyed/);
    assert.equal(project.world.machines().length, machines);

    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.match(preview.output, /restore manager m1 from \S+\.tar/);
    assert.doesNotMatch(preview.output, /found the swarm/);

    const resumed = await project.run('up');
    assert.equal(resumed.exitCode, 0, resumed.output);
    assert.deepEqual(idsOf(), nodes, 'the same nodes of the same swarm');
    assert.deepEqual(waiting(), []);
    const next = await project.run('preview');
    assert.deepEqual(
      next.steps.filter(({ op }) => op !== 'same' && op !== 'refresh'),
      [],
    );
  });

  test('undisturbed, the chain is rebuilt like any other', async () => {
    const urn = await project.urnOf('LabMachine', 'm1');
    const run = await project.run('up', '--replace', urn);
    assert.equal(run.exitCode, 0, run.output);
    assertOrder(changes(run.calls), rebuild('manager', 'm1'));
    assert.deepEqual(idsOf(), nodes);
  });
});
