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
import { node } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import { vipHolder } from './cluster/views';

const five = ['m1', 'm2', 'm3', 'm4', 'm5'].map((name) => node(name));
/** Without two that are not neighbours: m1, which founded the swarm and holds the virtual IP, and m4. */
const three = five.filter(({ name }) => name !== 'm1' && name !== 'm4');
const workers = [node('w1')];

describe('five managers, from fewer of them to none', () => {
  let project: ClusterProject;
  before(async () => {
    project = await createClusterProject();
    project.declareCluster({ managers: five, workers });
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
  });
  after(() => {
    project.dispose();
  });

  test('two that are not neighbours leave at once, the holder of the virtual IP among them; the others stay', async () => {
    assert.equal(project.world.swarm().members.length, 5);
    assert.equal(vipHolder(project.world), 'test/m1');
    project.declareCluster({ managers: three, workers });
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    const done = nodeChanges(run);
    assert.equal(done[0], 'update Swarm demo');
    for (const gone of ['m1', 'm4']) {
      assert.deepEqual(
        done.filter((change) => change.endsWith(` ${gone}`)),
        [...takeDown('manager', gone), `delete HostIdentity ${gone}`],
      );
    }
    assert.ok(
      !done.some((change) => /(Node|Engine|LabMachine) (m2|m3|m5|w1)$/.test(change)),
      done.join('\n'),
    );
    const { nodes, members } = project.world.swarm();
    assert.deepEqual(nodes.map(({ hostname }) => hostname).sort(), ['m2', 'm3', 'm5', 'w1']);
    assert.equal(members.length, 3);
    assert.match(vipHolder(project.world) ?? '', /^test\/m[235]$/);
  });

  test('a node drained by hand: refresh sees it, preview plans it, up frees it', async () => {
    project.world.edit((state) => {
      const entry = Object.values(state.swarms)[0]?.nodes.find(({ hostname }) => hostname === 'm3');
      assert.ok(entry !== undefined);
      entry.availability = 'drain';
    });
    const refreshed = await project.run('refresh');
    assert.equal(refreshed.exitCode, 0, refreshed.output);
    const seen = (await project.state()).resources.find(({ urn }) => urn.endsWith(':Node::m3'));
    assert.equal(seen?.inputs?.['availability'], 'drain');
    const preview = await project.run('preview');
    const plan = preview.steps.filter(({ op }) => op !== 'same' && op !== 'refresh');
    assert.deepEqual(
      plan.map(({ op, type, name, diff }) => [op, type, name, diff]),
      [['update', 'Node', 'm3', { availability: 'update' }]],
    );
    assert.ok(preview.statuses.includes('set m3 active'), preview.statuses.join('\n'));
    assertDone(await project.run('up'), ['update Node m3']);
    const entry = project.world.swarm().nodes.find(({ hostname }) => hostname === 'm3');
    assert.equal(entry?.availability, 'active');
  });

  test('a roll that fails, and is killed in its resume, goes on where it stopped', async () => {
    const [first, second, last] = rollOrder(project);
    project.declareCluster({ managers: three, workers, os: 'debian:13' });
    project.world.failNext(
      'docker.swarmJoin',
      { message: 'no such door' },
      { host: `test/${first}` },
    );
    assertFailed(await project.run('up'), 'no such door', [
      ...takeDown('manager', first),
      ...build('manager', first).slice(0, -1),
    ]);
    assert.equal(project.world.swarm().members.length, 2, 'one is out, and no other went');

    project.world.failNext('lab.ensure', 'kill', { host: `test/${second}` });
    const killed = await project.run('up');
    assert.notEqual(killed.exitCode, 0);
    assertOrder(changes(killed.calls), [
      ...build('manager', first).slice(-2),
      ...takeDown('manager', second),
      `create LabMachine ${second}`,
    ]);
    assert.equal(changes(killed.calls).at(-1), `create LabMachine ${second}`);
    assert.ok(!changes(killed.calls).includes(`create LabMachine ${first}`), 'built once');

    const finished = await project.run('up');
    assert.equal(finished.exitCode, 0, finished.output);
    assertOrder(changes(finished.calls), [
      ...build('manager', second),
      ...rebuild('manager', last),
      ...rebuild('worker', 'w1'),
    ]);
    assert.ok(!changes(finished.calls).some((change) => change.endsWith(` ${first}`)));
    const { nodes, members } = project.world.swarm();
    assert.deepEqual(
      nodes
        .map(({ hostname, state, engineVersion }) => `${hostname} ${state} ${engineVersion}`)
        .sort(),
      ['m2', 'm3', 'm5', 'w1'].map((name) => `${name} ready 26.1.5`),
    );
    assert.equal(members.length, 3);
  });

  test('destroy without consent is refused with the two commands, and nothing in the world is touched', async () => {
    const before = project.world.calls().length;
    const run = await project.run('destroy');
    assertFailed(run, consentSentence(project), ['delete Barrier demo-batch-1', 'delete Node w1']);
    assert.equal(project.world.calls().length, before);
  });

  test('with consent, given by an up, destroy goes from the worker through the managers, one at a time, and leaves nothing', async () => {
    project.declareCluster({ managers: three, workers, os: 'debian:13', allowDestroy: true });
    const [first, second, last] = rollOrder(project);
    // The barrier touches nothing, so the refused destroy took it out of the state without asking.
    assertDone(await project.run('up'), ['update Swarm demo', 'create Barrier demo-batch-1']);
    const run = await project.run('destroy');
    assert.equal(run.exitCode, 0, run.output);
    assertOrder(changes(run.calls), [
      'delete Barrier demo-batch-1',
      ...takeDown('worker', 'w1'),
      ...[last, second, first].flatMap((name) => takeDown('manager', name)),
    ]);
    assert.deepEqual(project.world.machines(), []);
    assert.deepEqual((await project.state()).resources, []);
  });
});

/** The managers as a roll takes them: the leader last, the others as declared. */
function rollOrder({ world }: ClusterProject): [string, string, string] {
  const { nodes, leader } = world.swarm();
  const last = nodes.find(({ id }) => id === leader)?.hostname;
  const [first, second] = three.map(({ name }) => name).filter((name) => name !== last);
  assert.ok(first !== undefined && second !== undefined && last !== undefined);
  return [first, second, last];
}

function consentSentence({ world }: ClusterProject): string {
  return (
    `w1: this run declares neither the swarm ${world.swarm().clusterId} nor this part of it, ` +
    'the swarm does not allow to be destroyed, and nothing was touched; ' +
    'to destroy it with all that runs on it, give your consent first: ' +
    '`pulumi config set allowDestroy true && pulumi up`, then `pulumi destroy`; ' +
    'to take one node out, remove it from the program and run `pulumi up` without `--target`'
  );
}
