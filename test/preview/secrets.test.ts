import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { changes } from './callLog';
import { createProbeProject, type ProbeProject } from './probe/project';

describe('what the user gives, and gets', () => {
  let project: ProbeProject;
  before(async () => {
    project = await createProbeProject();
  });
  after(() => {
    project.dispose();
  });

  test('every wrong input is named at once, with its path, and nothing is planned', async () => {
    project.declareNodes([{ name: 'n1', os: 'bad' }]);
    const run = await project.run('preview');
    assert.notEqual(run.exitCode, 0);
    assert.ok(run.output.includes('there is no such system'), run.output);
    assert.ok(run.output.includes('labels.rack'), run.output);
    assert.deepEqual(changes(run.calls), []);
  });

  test("a function's failures are shown with their paths", async () => {
    project.declareNodes([], { plan: 'not a list' });
    const run = await project.run('preview');
    assert.notEqual(run.exitCode, 0);
    assert.ok(/nodes.*is not a list/s.test(run.output), run.output);
  });

  test('no secret is plain in the state or in what is printed, be it given or made', async () => {
    project.declareNodes([{ name: 'n1', password: 'hush-1234' }]);
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    project.declareNodes([{ name: 'n1', password: 'hush-5678' }]);
    const changed = await project.run('up', '--diff');
    assert.deepEqual(changes(changed.calls), ['update Machine n1']);
    const refreshed = await project.run('refresh', '--diff');
    const { text, resources } = await project.state();
    for (const [where, what] of [
      ['state', text],
      ['up', made.output],
      ['up --diff', changed.output],
      ['refresh', refreshed.output],
    ] as const) {
      assert.ok(!what.includes('hush-'), `${where}: holds the given secret`);
      assert.ok(!what.includes('seal-of-'), `${where}: holds the made secret`);
    }
    const machine = resources.find(({ id }) => id?.startsWith('machine-') === true);
    for (const value of [
      machine?.inputs?.['password'],
      machine?.outputs?.['password'],
      machine?.outputs?.['seal'],
    ]) {
      assert.ok(isCiphertext(value), 'the state holds the secret as ciphertext');
    }
  });

  test('what the CLI leaves behind is in a folder of its run', () => {
    // `pulumi-node-pipes…`, of each run that this project has had.
    assert.notDeepEqual(readdirSync(`${project.directory}/tmp`), []);
  });

  test('the CLI reads our schema', async () => {
    const schema = JSON.parse(
      await project.pulumi(
        'package',
        'get-schema',
        `${project.directory}/plugin/pulumi-resource-probe`,
      ),
    ) as { name: string; resources: Record<string, unknown> };
    assert.equal(schema.name, 'probe');
    assert.deepEqual(Object.keys(schema.resources).sort(), [
      'probe:index:Engine',
      'probe:index:Machine',
      'probe:index:Node',
    ]);
  });
});

function isCiphertext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'ciphertext' in value;
}
