import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tarMembers } from '../../effects/archive/tarMembers';
import { ustarEnd, ustarHeader } from '../../effects/archive/ustar';

describe('whether a tar is whole', () => {
  let folder: string;
  let archive: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'swarm-tar-'));
    mkdirSync(join(folder, 'swarm', 'raft'), { recursive: true });
    writeFileSync(join(folder, 'swarm', 'docker-state.json'), '{}');
    writeFileSync(join(folder, 'swarm', 'raft', 'wal'), Buffer.alloc(70_001, 'z'));
    archive = join(folder, 'swarm.tar');
    execFileSync('tar', ['-cf', archive, '-C', folder, 'swarm']);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('one of tar itself is, and says what is in it', async () => {
    assert.deepEqual([...(await tarMembers(archive))].sort(), [
      'swarm/',
      'swarm/docker-state.json',
      'swarm/raft/',
      'swarm/raft/wal',
    ]);
    const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
    const path = join(folder, 'long.tar');
    writeFileSync(path, Buffer.concat([ustarHeader(long, 0, 0o600), ustarEnd]));
    assert.deepEqual(await tarMembers(path), [long]);
  });

  it('one that was cut anywhere is not', async () => {
    const whole = readFileSync(archive);
    const content = 512 * (3 + Math.ceil(70_001 / 512) + 2);
    const cuts = [0, 100, 512, 1024, 1024 + 512, content - 512, content - 513];
    for (const bytes of cuts) {
      const path = join(folder, 'cut.tar');
      writeFileSync(path, whole);
      truncateSync(path, bytes);
      await assert.rejects(tarMembers(path), { code: 'ArchiveIncomplete' }, String(bytes));
    }
  });

  it('something else is not', async () => {
    const path = join(folder, 'text');
    writeFileSync(path, 'x'.repeat(4096));
    await assert.rejects(tarMembers(path), {
      code: 'ArchiveIncomplete',
      message: /no entry begins at byte 0/,
    });
    await assert.rejects(tarMembers(join(folder, 'none')), { code: 'FileMissing' });
  });
});
