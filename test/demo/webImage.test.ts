import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  buildVisitsImage,
  buildWebImage,
  echoCommand,
  webCommand,
  webReference,
} from '../../demo/webImage';
import { systemClock } from '../../effects/clock';

const execute = promisify(execFile);
const isRoot = process.getuid?.() === 0;
/** On a developer's computer without root this is left out by name; where tests decide, it must run. */
const skip = isRoot || process.env['CI'] === 'true' ? false : 'needs root';

test(
  'the image is the same each time, answers with its node, and stops at once',
  { skip },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'web-image-'));
    try {
      const image = await buildWebImage(directory);
      assert.deepEqual(await buildWebImage(directory), image);
      const root = await unpack(image.path, directory);
      await inContainer(root, webCommand, async (pid) => {
        assert.equal(await ask(pid, answer), 'm1\n');
        // A client that connects and says nothing delays nobody.
        assert.equal(await ask(pid, silentFirst), 'm1\n');
        const before = performance.now();
        process.kill(pid, 'SIGTERM');
        return () => {
          assert.ok(performance.now() - before < 2000, 'stopped without the grace period of 10 s');
        };
      });
      await inContainer(root, echoCommand(9000), async (pid) => {
        assert.equal(await ask(pid, echoed), 'to and fro');
        process.kill(pid, 'SIGTERM');
        return () => undefined;
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);

test('a store of the counter keeps the largest number that it was told', { skip }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'visits-image-'));
  try {
    const { path, reference } = await buildVisitsImage(directory);
    const root = await unpack(path, directory, reference);
    const tell = (pid: number, number: number): Promise<string> =>
      ask(
        pid,
        `${connect(8082)}.on('error', () => process.exit(1)).on('connect', function () { this.write('${String(number)}\\n') }).pipe(process.stdout)`,
      );
    await inContainer(root, ['/usr/bin/perl', '/visits.pl', 'store'], async (pid) => {
      assert.equal(await tell(pid, 7), '7\n');
      assert.equal(await tell(pid, 3), '7\n');
      assert.equal(await tell(pid, 0), '7\n');
      process.kill(pid, 'SIGTERM');
      return () => undefined;
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Unpacks the only layer, as an engine does. */
async function unpack(
  archive: string,
  directory: string,
  reference = webReference,
): Promise<string> {
  const [image, root] = [join(directory, 'image'), join(directory, 'root')];
  await mkdir(image);
  await mkdir(root);
  await execute('tar', ['-xf', archive, '-C', image]);
  const manifest = JSON.parse(await readFile(join(image, 'manifest.json'), 'utf8')) as {
    readonly RepoTags: readonly string[];
    readonly Layers: readonly string[];
  }[];
  assert.deepEqual(manifest[0]?.RepoTags, [reference]);
  await execute('tar', ['-xf', join(image, manifest[0].Layers[0] ?? ''), '-C', root]);
  // Every engine gives its containers this device.
  await mkdir(join(root, 'dev'));
  await execute('mknod', [join(root, 'dev/null'), 'c', '1', '3']);
  return root;
}

/** Runs the image's command as PID 1 of its own namespaces; `use` ends it and checks what it returns once it has ended. */
async function inContainer(
  root: string,
  words: readonly string[],
  use: (pid: number) => Promise<() => void>,
): Promise<void> {
  const namespaces = ['--pid', '--net', '--fork', '--kill-child'];
  const command = ['chroot', root, ...words];
  const runtime = spawn('unshare', [...namespaces, ...command], {
    env: { PATH: process.env['PATH'], NODE: 'm1' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(runtime, 'exit');
  try {
    const pid = await child(runtime.pid ?? 0);
    await execute('nsenter', ['-t', String(pid), '-n', 'ip', 'link', 'set', 'lo', 'up']);
    const check = await use(pid);
    assert.deepEqual(await ended, [0, null]);
    check();
  } finally {
    runtime.kill('SIGKILL');
    await ended;
  }
}

async function child(parent: number): Promise<number> {
  const path = `/proc/${parent}/task/${parent}/children`;
  for (;;) {
    const [pid] = (await readFile(path, 'utf8')).trim().split(' ');
    if (pid !== undefined && pid !== '') return Number(pid);
    await systemClock.sleep(10);
  }
}

const get = `require('node:http').get('http://127.0.0.1:8080/', (r) => r.pipe(process.stdout))`;
const answer = `${get}.on('error', () => process.exit(1))`;
const connect = (port: number): string =>
  `require('node:net').connect(${String(port)}, '127.0.0.1')`;
const silentFirst = `${connect(8080)}.on('connect', function () { ${get}.on('close', () => this.destroy()) })`;
const echoed = `${connect(9000)}.on('error', () => process.exit(1)).on('connect', function () { this.end('to and fro') }).pipe(process.stdout)`;

/** What a program prints inside the container's network, once it succeeds. */
async function ask(pid: number, program: string): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      const command = ['-t', String(pid), '-n', process.execPath, '-e', program];
      return (await execute('nsenter', command)).stdout;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await systemClock.sleep(20);
    }
  }
}
