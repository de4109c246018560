import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { balancerCheckFile, balancerPidPath } from '../../core/keepalived/balancerCheck';
import { engineAnswersFile, engineProcessFile } from '../../core/keepalived/engineChecks';

describe('what keepalived asks of the engine, in a real shell', () => {
  let folder: string;
  let engine: ChildProcess;

  /** A program of this name that prints and ends so. */
  const stub = (name: string, output: string, code = 0): void => {
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nprintf '%s\\n' ${output}\nexit ${String(code)}\n`,
    );
    chmodSync(join(folder, name), 0o755);
  };
  const run = (text: string, path = `${folder}:${process.env['PATH'] ?? ''}`): ChildProcess =>
    spawn('/bin/sh', ['-c', text], { env: { PATH: path }, stdio: 'ignore' });
  const end = (child: ChildProcess): Promise<{ code: number | null; seconds: number }> => {
    const begin = performance.now();
    return new Promise((resolve) => {
      child.once('exit', (code) => {
        resolve({ code, seconds: (performance.now() - begin) / 1000 });
      });
    });
  };

  before(() => (folder = mkdtempSync(join(tmpdir(), 'swarm-checks-'))));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  afterEach(() => engine.kill());

  for (const state of ['active', 'reloading']) {
    it(`an engine that is ${state} and lives passes, within the second that keepalived gives`, async () => {
      engine = spawn('sleep', ['60']);
      stub('systemctl', `MainPID=${String(engine.pid)} ActiveState=${state}`);
      const { code, seconds } = await end(run(engineProcessFile.text));
      assert.equal(code, 0);
      assert.ok(seconds >= 0.65, `${String(seconds)} s`);
    });
  }

  it('an engine that dies meanwhile fails the run that watches it', async () => {
    engine = spawn('sleep', ['60']);
    stub('systemctl', `MainPID=${String(engine.pid)} ActiveState=active`);
    const check = run(engineProcessFile.text);
    setTimeout(() => engine.kill('SIGKILL'), 200);
    assert.equal((await end(check)).code, 1);
  });

  for (const shown of [
    'MainPID=0 ActiveState=inactive',
    'MainPID=0 ActiveState=failed',
    'MainPID=1 ActiveState=deactivating',
    'MainPID=1 ActiveState=activating',
    'MainPID=0 ActiveState=active',
  ]) {
    it(`fails at once: ${shown}`, async () => {
      engine = spawn('sleep', ['60']);
      stub('systemctl', shown);
      assert.equal((await end(run(engineProcessFile.text))).code, 1);
    });
  }

  it('an engine fails that answers with an error, and passes where nobody can ask it', () => {
    engine = spawn('sleep', ['60']);
    const code = (path: string): number | null =>
      spawnSync('/bin/sh', ['-c', engineAnswersFile.text], { env: { PATH: path } }).status;
    const path = `${folder}:/usr/bin:/bin`;
    stub('docker', 'answer');
    assert.equal(code(path), 0);
    stub('docker', 'answer', 1);
    assert.equal(code(path), 1);
    assert.equal(code('/nowhere'), 0);
  });

  it('an engine that is late fails, unless the computer is late with all else', () => {
    engine = spawn('sleep', ['60']);
    const check = engineAnswersFile.text.replace('-k 1 8', '-k 1 1');
    const code = (client: string): number | null => {
      writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${client}\n`);
      return spawnSync('/bin/sh', ['-c', check], { env: { PATH: `${folder}:/usr/bin:/bin` } })
        .status;
    };
    code('exit 0');
    assert.equal(code('[ "$1" = --version ] || exec sleep 9'), 1);
    assert.equal(code('exec sleep 9'), 0);
    assert.equal(code('[ "$1" = --version ] || exit 3; sleep 1'), 1);
  });

  it('the balancer fails when systemd says so; while systemd is silent its process tells', async () => {
    const pidPath = join(folder, 'haproxy.pid');
    const check = balancerCheckFile.text.replaceAll(balancerPidPath, pidPath);
    const code = (): number | null =>
      spawnSync('/bin/sh', ['-c', check], { env: { PATH: `${folder}:/usr/bin:/bin` } }).status;
    engine = spawn('sleep', ['60']);
    writeFileSync(pidPath, `${String(engine.pid)}\n`);
    code();
    for (const [answer, wanted] of [
      [0, 0],
      [3, 1],
      [4, 1],
      [1, 0],
      [124, 0],
    ] as const) {
      stub('systemctl', 'answer', answer);
      assert.equal(code(), wanted, String(answer));
    }
    const ended = end(engine);
    engine.kill();
    await ended;
    assert.equal(code(), 1);
    rmSync(pidPath);
    assert.equal(code(), 1);
  });
});
