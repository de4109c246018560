import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertDone, assertOrder, nodeChanges, rebuild, takeDown } from './cluster/chains';
import { node } from './cluster/declarations';
import type { Declaration } from './cluster/program';
import { createClusterProject, type ClusterProject } from './cluster/project';

const shell = '/bin/sh';

describe('hooks, and a pause behind the canary', () => {
  let project: ClusterProject;
  let log: string;
  const declare = (more: Partial<Declaration> = {}): void => {
    const command = [shell, '-c', 'echo "$SWARM_HOOK $SWARM_NODE $SWARM_ACTION" >> "$LOG"'];
    const hook = { command, env: { LOG: log } };
    project.declareCluster({
      managers: [node('m1')],
      workers: [node('w1'), node('w2')],
      hooks: { before: hook, after: hook },
      ...more,
    });
  };
  /** What the hooks have written since the last look. */
  const ran = (): readonly string[] => {
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
    writeFileSync(log, '');
    return lines.filter((line) => line !== '');
  };
  before(async () => {
    project = await createClusterProject();
    log = join(project.directory, 'hooks.log');
    declare();
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    assert.deepEqual(ran(), [], 'a new node has no hook');
  });
  after(() => {
    project.dispose();
  });

  const rolled = [node('w1', { os: 'debian:13' }), node('w2', { os: 'debian:13' })];
  const hooksOf = `hooks on this computer: before ${shell}, after ${shell}`;

  test('before the roll: preview names the hooks of each node, and the pause at its place, and runs nothing', async () => {
    declare({ workers: rolled, pauseAfter: 'canary' });
    const { output, exitCode } = await project.run('preview');
    assert.equal(exitCode, 0, output);
    const lines = output.split('\n');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    const pause = at('pause behind w1, the canary: this run ends there with PausedAfterCanary');
    const turns = lines.flatMap((line, index) => (line.includes(hooksOf) ? [index] : []));
    assert.equal(turns.length, 2, output);
    assert.ok((turns[0] ?? 0) < pause && pause < (turns[1] ?? 0), output);
    assert.deepEqual(ran(), []);
  });

  test('the run ends behind the canary; preview in the pause says so, and what is left; the next run goes on', async () => {
    const paused = await project.run('up');
    assert.notEqual(paused.exitCode, 0);
    assert.match(paused.output, /PausedAfterCanary|the roll pauses behind it/);
    assert.deepEqual(ran(), ['before w1 replace', 'after w1 replace']);

    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.match(preview.output, /go on behind w1, the canary of this change/);
    assert.doesNotMatch(preview.output, /pause behind/);
    assert.deepEqual(ran(), []);

    assertDone(await project.run('up'), rebuild('worker', 'w2'));
    assert.deepEqual(ran(), ['before w2 replace', 'after w2 replace']);
    const none = await project.run('preview', '--expect-no-changes');
    assert.equal(none.exitCode, 0, none.output);
    assert.doesNotMatch(none.output, /canary|hooks on this computer/);
  });

  test('a node that is removed: preview names its hook `before`, and the run has it before the node goes', async () => {
    declare({ workers: rolled.slice(0, 1) });
    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.ok(
      preview.output.includes(
        `w2 is no longer declared, and goes at the end of the run; hooks on this computer: before ${shell}`,
      ),
      preview.output,
    );
    assert.deepEqual(ran(), []);
    const run = await project.run('up');
    assert.equal(run.exitCode, 0, run.output);
    assertOrder(nodeChanges(run), ['update Swarm demo', ...takeDown('worker', 'w2')]);
    assert.deepEqual(project.world.swarm().nodes.length, 2);
    assert.deepEqual(ran(), ['before w2 remove']);
  });
});
