import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import { build, createProbeProject, type ProbeProject } from './probe/project';

/** Polls a condition that another process makes true. */
async function waitUntil(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, `waited 30 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('what is left when a run does not go to its end', () => {
  let project: ProbeProject;
  before(async () => {
    project = await createProbeProject();
    project.declareNodes([{ name: 'n1' }]);
  });
  after(() => {
    project.dispose();
  });

  const hasBegun = (sentence: string): boolean =>
    project.journal().some((entry) => entry.sentence === sentence && entry.event === 'start');

  test('the CLI is killed in a create: the provider ends its step, starts no other, and exits', async () => {
    project.order({ steps: { 'create Machine n1': ['first step', 'second step'] }, stepMs: 1500 });
    const run = project.start('up');
    await waitUntil('the first step', () => hasBegun('first step'));
    run.process.kill('SIGKILL');
    await run.done;
    const pid = project.calls().at(-1)?.pid ?? 0;
    await waitUntil('the provider exits', () => !isAlive(pid));
    assert.deepEqual(
      project.journal().map(({ event, sentence, error }) => [event, sentence, error]),
      [
        ['start', 'first step', undefined],
        ['end', 'first step', undefined],
      ],
    );
    assert.deepEqual((await project.state()).pendingOperations, ['creating n1']);
  });

  test('the next up creates again: a Create must take over what it finds', async () => {
    project.order({});
    await project.pulumi('cancel', '--yes', '--stack=test');
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assert.deepEqual(changes(run.calls), build('n1'));
  });

  test('Ctrl-C in a create: it is finished and saved, and nothing else is started', async () => {
    project.order({ steps: { 'create Machine n2': ['slow step', 'last step'] }, stepMs: 700 });
    project.declareNodes([{ name: 'n1' }, { name: 'n2' }]);
    const run = project.start('up');
    await waitUntil('the slow step', () => hasBegun('slow step'));
    run.process.kill('SIGINT');
    const { exitCode, calls } = await run.done;
    assert.notEqual(exitCode, 0);
    assert.deepEqual(changes(calls), ['create Machine n2']);
    const state = await project.state();
    assert.ok(!state.pendingOperations.includes('creating n2'), 'nothing of this run is pending');
    assert.ok(state.resources.some(({ id }) => id?.startsWith('machine-n2-') === true));
  });

  test('"built but not ready" is saved and fails the run; the next up updates, and goes on', async () => {
    project.order({ initErrors: { 'create Engine n2': ['engine n2: is not ready'] } });
    const failed = await project.run('up');
    assert.notEqual(failed.exitCode, 0);
    assert.ok(failed.output.includes('engine n2: is not ready'), failed.output);
    assert.deepEqual(changes(failed.calls), ['create Engine n2']);
    const engine = (await project.state()).resources.find(
      ({ id }) => id?.startsWith('engine-n2-') === true,
    );
    assert.deepEqual(engine?.initErrors, ['engine n2: is not ready']);

    project.order({});
    const next = await project.run('up');
    assert.equal(next.exitCode, 0, next.output);
    assert.deepEqual(changes(next.calls), ['update Engine n2', 'create Node n2']);
  });

  test('a refresh keeps a node whose host is silent, and says so', async () => {
    project.order({ silent: ['n2'] });
    // The killed create is still on the engine's list, although it was made since: only this flag
    // clears it, an `up` never does.
    assert.deepEqual((await project.state()).pendingOperations, ['creating n1']);
    const run = await project.run('refresh', '--clear-pending-creates');
    assert.deepEqual((await project.state()).pendingOperations, []);
    assert.equal(run.exitCode, 0, run.output);
    assert.ok(run.diagnostics.includes('n2: does not answer; its last state is kept'), run.output);
    const kept = (await project.state()).resources.filter(({ urn }) => urn.endsWith('::n2'));
    assert.deepEqual(
      kept.flatMap(({ outputs }) =>
        outputs?.['nodeId'] === undefined ? [] : [outputs['reachable']],
      ),
      [false],
    );
    project.order({});
    const back = await project.run('up');
    assert.deepEqual(changes(back.calls), [], 'coming back is no change');
  });
});
