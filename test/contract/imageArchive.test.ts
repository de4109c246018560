import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { exitZeroProgram } from '../../effects/archive/exitZeroProgram';
import { buildImageArchive } from '../../effects/archive/imageArchive';
import { ustarHeader } from '../../effects/archive/ustar';

describe('image archives', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'swarm-archive-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const untar = (archive: string, into: string): void => {
    execFileSync('mkdir', ['-p', into]);
    execFileSync('tar', ['-x', '-p', '-f', archive, '-C', into]);
  };

  it('are read by tar, name their parts by content, and are the same each time', async () => {
    const source = join(folder, 'source');
    writeFileSync(source, Buffer.alloc(70_001, 'z'));
    const long = `/srv/${'d'.repeat(90)}/${'f'.repeat(90)}`;
    const spec = {
      reference: 'web:1',
      architecture: 'amd64',
      command: ['/bin/web', '--port', '80'],
      files: [
        { path: '/bin/web', content: 'binary', mode: 0o755 },
        { path: '/srv/big', sourcePath: source },
        { path: long, content: 'grüß' },
      ],
    };
    const first = await buildImageArchive(spec, join(folder, 'out', 'image.tar'));
    const second = await buildImageArchive(
      { ...spec, files: [...spec.files].reverse() },
      join(folder, 'again.tar'),
    );
    assert.equal(second.sha256, first.sha256);
    assert.equal(first.bytes, statSync(first.path).size);
    assert.equal(sha256(readFileSync(first.path)), first.sha256);
    assert.deepEqual(readdirSync(join(folder, 'out')), ['image.tar'], 'nothing else is left');

    const image = join(folder, 'image');
    untar(first.path, image);
    const [manifest] = JSON.parse(readFileSync(join(image, 'manifest.json'), 'utf8')) as [
      { Config: string; RepoTags: string[]; Layers: [string] },
    ];
    assert.deepEqual(manifest.RepoTags, ['web:1']);
    const config = readFileSync(join(image, manifest.Config));
    assert.equal(`${sha256(config)}.json`, manifest.Config);
    const parsed = JSON.parse(config.toString()) as {
      config: { Cmd: string[] };
      rootfs: { diff_ids: string[] };
    };
    assert.deepEqual(parsed.config.Cmd, spec.command);
    const layer = join(image, manifest.Layers[0]);
    assert.deepEqual(parsed.rootfs.diff_ids, [`sha256:${sha256(readFileSync(layer))}`]);

    const root = join(folder, 'root');
    untar(layer, root);
    assert.equal(statSync(join(root, 'bin/web')).mode & 0o7777, 0o755);
    assert.equal(readFileSync(join(root, 'srv/big')).length, 70_001);
    assert.equal(readFileSync(join(root, long), 'utf8'), 'grüß');
  });

  it('are not made when a source is missing', async () => {
    const path = join(folder, 'image.tar');
    const spec = {
      reference: 'x:1',
      architecture: 'amd64',
      command: [],
      files: [{ path: '/x', sourcePath: join(folder, 'none') }],
    };
    await assert.rejects(buildImageArchive(spec, path), /none/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('refuse a path that the format cannot hold', () => {
    assert.throws(() => ustarHeader('x'.repeat(101), 0, 0o644), SwarmError);
  });
});

describe('exitZeroProgram', () => {
  it('runs on this computer and ends with exit code 0', { skip: notHere() }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarm-exit-'));
    const file = join(folder, 'exit-zero');
    const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';
    writeFileSync(file, exitZeroProgram(architecture), { mode: 0o755 });
    // Throws for any other exit code.
    execFileSync(file);
    rmSync(folder, { recursive: true });
  });

  it('says which architectures it knows', () => {
    assert.equal(exitZeroProgram('arm64').readUInt16LE(18), 183);
    assert.throws(() => exitZeroProgram('s390x'), /s390x.*amd64, arm64/s);
  });
});

function notHere(): string | false {
  const isKnown = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  return isKnown ? false : 'needs Linux on amd64 or arm64';
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
