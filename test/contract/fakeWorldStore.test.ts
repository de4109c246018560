import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';

describe('a fake world in a file', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'swarm-fake-'));
    file = join(folder, 'world.json');
    FakeWorld.open(file).addHost({ name: 'h', address: '10.0.0.1' });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the same for every process, and no change is lost', async () => {
    const ends = await Promise.all([runChild(file, 40, 'x'), runChild(file, 40, 'y')]);
    assert.deepEqual(ends, ['exit 0', 'exit 0']);
    const world = FakeWorld.open(file);
    assert.equal(Object.keys(world.machine('h').files).length, 80);
    assert.equal(world.calls().length, 80);
    assert.deepEqual(await readdir(folder), ['world.json']);
  });

  it('a planned kill ends the process; after: its change is there, before: it is not', async () => {
    const world = FakeWorld.open(file);
    world.failNext('files.write', 'kill', { skip: 2 });
    assert.equal(await runChild(file, 5, 'x'), 'SIGKILL');
    assert.deepEqual(Object.keys(world.machine('h').files), ['/etc/x0', '/etc/x1']);
    world.failNext('*', 'kill', { after: true });
    assert.equal(await runChild(file, 5, 'y'), 'SIGKILL');
    assert.deepEqual(Object.keys(world.machine('h').files), ['/etc/x0', '/etc/x1', '/etc/y0']);
  });

  it('takes over the lock of a process that is gone', async () => {
    const gone = await new Promise<number>((resolve) => {
      const child = execFile(process.execPath, ['-e', '0'], () => {
        resolve(child.pid ?? 0);
      });
    });
    await writeFile(`${file}.lock`, String(gone));
    assert.equal(FakeWorld.open(file).machine('h').hostname, 'h');
  });

  it('keeps no private key and no password', async () => {
    const { lab, hosts } = FakeWorld.open(file).effects();
    const spec = { id: '1', lab: 'l', subnet: '10.0.0.0/24', os: 'debian:12', labels: {} };
    await lab.ensure(
      { ...spec, name: 'm', address: '10.0.0.2', hostPrivateKey: 'SECRET', hostPublicKey: 'P' },
      () => undefined,
    );
    await hosts.connect({ host: '10.0.0.1', privateKey: 'SECRET', password: 'SECRET' });
    assert.doesNotMatch(await readFile(file, 'utf8'), /SECRET/);
  });
});

/** How it ended: `exit <code>` or the signal. */
function runChild(file: string, count: number, prefix: string): Promise<string> {
  const script = join(__dirname, 'fakeWorldChild.js');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, file, '10.0.0.1', String(count), prefix],
      () => {
        resolve(child.signalCode ?? `exit ${String(child.exitCode)}`);
      },
    );
  });
}
