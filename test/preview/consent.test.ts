import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import type { Run } from './harness';
import { build, createProbeProject, rebuild, remove, type ProbeProject } from './probe/project';

/** What `Operation.isProgramRun` was in the deletes of a run, e.g. `[true]`. */
function seenByDeletes(run: Run): readonly (boolean | undefined)[] {
  return [
    ...new Set(
      run.calls.filter(({ call }) => call === 'delete').map(({ isProgramRun }) => isProgramRun),
    ),
  ];
}

/** Nodes of a declaration. */
function nodes(...names: readonly string[]): { readonly name: string; readonly os: string }[] {
  return names.map((name) => ({ name, os: 'debian:12' }));
}

/**
 * Consent to destroy stands on this: a Delete learns whether a program that declares something of
 * ours ran in front of it. See docs/decisions/0002.
 */
describe('isProgramRun, as a Delete sees it', () => {
  let project: ProbeProject;
  before(async () => {
    project = await createProbeProject();
    project.declareNodes(nodes('n1', 'n2', 'n3', 'n4'));
    const run = await project.run('up');
    assert.deepEqual(changes(run.calls), ['n1', 'n2', 'n3', 'n4'].flatMap(build));
  });
  after(() => {
    project.dispose();
  });

  test('true in the removal of a node', async () => {
    project.declareNodes(nodes('n1', 'n2', 'n3'));
    const run = await project.run('up');
    assert.deepEqual(changes(run.calls), remove('n4'));
    assert.deepEqual(seenByDeletes(run), [true]);
  });

  test('true in a replacement that failed half way, and in its resume', async () => {
    project.declareNodes([...nodes('n1'), { name: 'n2', os: 'debian:13' }, ...nodes('n3')]);
    project.order({ fail: { 'create Machine n2': 'n2: the probe was told to fail' } });
    const failed = await project.run('up');
    assert.notEqual(failed.exitCode, 0);
    assert.ok(failed.output.includes('n2: the probe was told to fail'), failed.output);
    assert.deepEqual(changes(failed.calls), [...remove('n2'), 'create Machine n2']);
    assert.deepEqual(seenByDeletes(failed), [true]);

    project.order({});
    const resumed = await project.run('up');
    assert.equal(resumed.exitCode, 0, resumed.output);
    assert.deepEqual(
      changes(resumed.calls),
      ['delete Node n2', 'delete Engine n2', ...build('n2')],
      'the dependents are deleted again, the machine is not',
    );
    assert.deepEqual(seenByDeletes(resumed), [true]);
  });

  test('true in `up --target` of a node that is replaced', async () => {
    project.declareNodes(nodes('n1', 'n2', 'n3'));
    const run = await project.run('up', '--target', '**::n2');
    assert.deepEqual(changes(run.calls), rebuild('n2'));
    assert.deepEqual(seenByDeletes(run), [true]);
  });

  test('true in `up --replace`', async () => {
    const run = await project.run('up', '--replace', await project.urnOf('Machine', 'n1'));
    assert.deepEqual(changes(run.calls), rebuild('n1'));
    assert.deepEqual(seenByDeletes(run), [true]);
  });

  test('false in `up --target` of a removed node: nothing that is declared is looked at', async () => {
    project.declareNodes(nodes('n1', 'n2'));
    const run = await project.run('up', '--target', '**::n3');
    assert.deepEqual(changes(run.calls), remove('n3'));
    assert.deepEqual(seenByDeletes(run), [false]);
  });

  test('false in `destroy --target`', async () => {
    const run = await project.run('destroy', '--target', '**::n2');
    assert.deepEqual(changes(run.calls), remove('n2'));
    assert.deepEqual(seenByDeletes(run), [false]);
  });

  test('false in an `up` whose program declares nothing', async () => {
    project.declareNodes([]);
    const run = await project.run('up');
    assert.deepEqual(changes(run.calls), remove('n1'));
    assert.deepEqual(seenByDeletes(run), [false]);
  });

  test('false in `destroy --run-program`, although the program runs', async () => {
    project.declareNodes(nodes('n1'));
    await project.run('up');
    const run = await project.run('destroy', '--run-program');
    assert.deepEqual(changes(run.calls), remove('n1'));
    assert.deepEqual(seenByDeletes(run), [false]);
  });

  test('false in `destroy`', async () => {
    await project.run('up');
    const run = await project.run('destroy');
    assert.deepEqual(changes(run.calls), remove('n1'));
    assert.deepEqual(seenByDeletes(run), [false]);
  });
});
