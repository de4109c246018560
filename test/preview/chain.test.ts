import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import type { PlannedStep } from '../../scenarios/pulumi/engineEvents';
import type { Run } from './harness';
import { build, createProbeProject, rebuild, type ProbeProject } from './probe/project';

const names = ['n1', 'n2', 'n3'];

/** The plan's steps that change something, as the provider would be called. */
function planned(steps: readonly PlannedStep[]): readonly string[] {
  const verbs: Readonly<Record<string, string>> = {
    create: 'create',
    'create-replacement': 'create',
    update: 'update',
    delete: 'delete',
    'delete-replaced': 'delete',
  };
  return steps.flatMap(({ op, type, name }) => {
    const verb = verbs[op];
    return verb === undefined || type === 'Manager' || type === 'Worker'
      ? []
      : [`${verb} ${type} ${name}`];
  });
}

function assertDone(run: Run, expected: readonly string[]): void {
  assert.equal(run.exitCode, 0, run.output);
  assert.deepEqual(changes(run.calls), expected);
}

describe('the chain of three nodes on the real engine', () => {
  let project: ProbeProject;
  before(async () => {
    project = await createProbeProject();
  });
  after(() => {
    project.dispose();
  });

  test('is made node by node', async () => {
    project.declareNodes(names.map((name) => ({ name })));
    assertDone(await project.run('up'), names.flatMap(build));
  });

  test('no change plans nothing', async () => {
    const run = await project.run('preview', '--expect-no-changes');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(planned(run.steps), []);
    assert.deepEqual(changes(run.calls), []);
  });

  test('another os on all: the preview shows, and the up does, node by node; each sentence once', async () => {
    project.declareNodes(names.map((name) => ({ name, os: 'debian:13' })));
    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.deepEqual(planned(preview.steps), names.flatMap(rebuild));
    assert.deepEqual(changes(preview.calls), [], 'a preview must change nothing');
    const machine = preview.steps.find(({ type, op }) => type === 'Machine' && op === 'replace');
    assert.deepEqual(machine?.diff, { os: 'update-replace' });
    assert.deepEqual(
      preview.statuses.filter((line) => line === 'Machine would be made').length,
      3,
      'one sentence per machine although the engine asks twice',
    );
    assertDone(await project.run('up'), names.flatMap(rebuild));
  });

  test('the os of one node touches that node only; a label is an update', async () => {
    project.declareNodes([
      { name: 'n1', os: 'debian:13', labels: { rack: 'a' } },
      { name: 'n2', os: 'debian:13' },
      { name: 'n3', os: 'debian:14' },
    ]);
    const run = await project.run('up');
    assertDone(run, ['update Machine n1', ...rebuild('n3')]);
    const label = run.steps.find(({ op }) => op === 'update');
    assert.deepEqual(label?.diff, { 'labels.rack': 'add' });
  });

  test('another engine version replaces engine and node, not the machine', async () => {
    project.declareNodes([
      { name: 'n1', os: 'debian:13', labels: { rack: 'a' } },
      { name: 'n2', os: 'debian:13', version: '26.1' },
      { name: 'n3', os: 'debian:14' },
    ]);
    assertDone(await project.run('up'), [
      'delete Node n2',
      'delete Engine n2',
      'create Engine n2',
      'create Node n2',
    ]);
  });

  test('contacts change at will, and a kind or a name by alias: nothing is done', async () => {
    project.declareNodes([
      { name: 'n1', os: 'debian:13', labels: { rack: 'a' }, contacts: ['10.0.0.9'] },
      { name: 'n2', os: 'debian:13', version: '26.1', kind: 'Worker' },
      { name: 'n4', previousName: 'n3', os: 'debian:14', kind: 'Worker' },
    ]);
    const run = await project.run('up');
    assertDone(run, []);
    const { resources } = await project.state();
    assert.deepEqual(
      resources.find(({ urn }) => urn.endsWith('probe:index:Node::n1'))?.inputs?.['contacts'],
      ['10.0.0.9'],
      'a Delete to come must know the contacts of today',
    );
    assert.ok(resources.some(({ urn }) => urn.endsWith('Worker$probe:index:Node::n4')));
    assert.ok(!resources.some(({ urn }) => urn.endsWith('::n3')));
  });

  test('worker to manager, another order and another os in one up: no cascade across nodes', async () => {
    project.declareNodes([
      { name: 'n4', os: 'debian:15' },
      { name: 'n1', os: 'debian:15' },
      { name: 'n2', os: 'debian:15', version: '26.1' },
    ]);
    assertDone(await project.run('up'), ['n4', 'n1', 'n2'].flatMap(rebuild));
  });
});

describe('who decides that the old one goes first', () => {
  let project: ProbeProject;
  before(async () => {
    project = await createProbeProject();
    project.declareNodes([{ name: 'n1' }, { name: 'n2' }]);
    assertDone(await project.run('up'), ['n1', 'n2'].flatMap(build));
  });
  after(() => {
    project.dispose();
  });

  test('`--replace URN`: with the option on every child the order is right', async () => {
    const run = await project.run('up', '--replace', await project.urnOf('Machine', 'n1'));
    assertDone(run, rebuild('n1'));
  });

  test('`state taint`: likewise', async () => {
    await project.pulumi(
      'state',
      'taint',
      await project.urnOf('Machine', 'n2'),
      '--yes',
      '--stack=test',
    );
    assertDone(await project.run('up'), rebuild('n2'));
  });

  test('without the option, `--replace URN` makes the new machine before the old one is gone', async () => {
    project.declareNodes([{ name: 'n1' }, { name: 'n2' }], { deleteBeforeReplace: null });
    const run = await project.run('up', '--replace', await project.urnOf('Machine', 'n1'));
    assert.equal(run.exitCode, 0, run.output);
    const done = changes(run.calls);
    assert.equal(done[0], 'create Machine n1');
    assert.equal(done.at(-1), 'delete Machine n1');
  });

  test("without the option, the provider's own answer still holds for a change of inputs", async () => {
    project.declareNodes([{ name: 'n1', os: 'debian:13' }, { name: 'n2' }], {
      deleteBeforeReplace: null,
    });
    assertDone(await project.run('up'), rebuild('n1'));
  });

  test("a user's `deleteBeforeReplace: false` wins over the provider: the new one is made first", async () => {
    project.declareNodes([{ name: 'n1', os: 'debian:14' }, { name: 'n2' }], {
      deleteBeforeReplace: false,
    });
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(changes(run.calls), [
      ...build('n1'),
      'delete Node n1',
      'delete Engine n1',
      'delete Machine n1',
    ]);
  });
});
