import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { utils } from 'ssh2';
import { ensureClientKey } from '../../effects/labMachines/clientKey';
import { labPaths, type LabDirectories } from '../../effects/labMachines/layout';
import { writeFileWhole, writeMachine } from '../../effects/labMachines/records';
import { generateSshKeyPair, isUsableKeyPair, type KeyPairMaker } from '../../effects/sshKeyPair';

/** Public half of 31 bytes, as ssh2 makes it of a key that begins with a zero byte. */
const malformed = malformedPair();
const foreign = generateSshKeyPair('foreign');

test('300 generated pairs are usable, and carry their comment', () => {
  for (let index = 0; index < 300; index += 1) {
    const pair = generateSshKeyPair(`key ${index}`);
    assert.ok(isUsableKeyPair(pair), pair.privateKey);
    assert.match(pair.publicKey, new RegExp(`^ssh-ed25519 \\S{68} key ${index}$`));
  }
});

for (const [name, bad] of Object.entries({
  'that is malformed': malformed,
  'of two halves that do not belong together': {
    public: foreign.publicKey,
    private: generateSshKeyPair('other').privateKey,
  },
  'that is nothing': { public: '', private: '' },
})) {
  test(`a pair ${name} is not usable, and another one is made`, () => {
    assert.equal(isUsableKeyPair({ publicKey: bad.public, privateKey: bad.private }), false);
    const made = [bad, bad, { public: `${foreign.publicKey}\n`, private: foreign.privateKey }];
    assert.deepEqual(
      generateSshKeyPair('a', () => next(made)),
      foreign,
    );
    assert.equal(made.length, 0);
  });
}

test('a generator that makes no usable pair is given up', () => {
  let calls = 0;
  const broken: KeyPairMaker = () => {
    calls += 1;
    return malformed;
  };
  assert.throws(() => generateSshKeyPair('a', broken), { code: 'KeyGenerationFailed' });
  assert.equal(calls, 8);
});

test("a lab's client key is made once", async (t) => {
  const lab = newLab(t);
  await ensureClientKey(lab.directories, 'l');
  const made = lab.pair();
  assert.ok(isUsableKeyPair(made));
  assert.equal(statSync(lab.paths.clientKey).mode & 0o777, 0o600);
  await ensureClientKey(lab.directories, 'l');
  assert.deepEqual(lab.pair(), made);
});

for (const hasMachine of [false, true]) {
  const where = hasMachine ? 'with a machine that it never let anybody in to' : 'without machines';
  test(`a malformed client key of a lab ${where} is made again`, async (t) => {
    const lab = newLab(t);
    await writeFileWhole(lab.paths.clientKey, malformed.private);
    await writeFileWhole(lab.paths.clientPublicKey, `${malformed.public}\n`, 0o644);
    if (hasMachine) await writeMachine(lab.directories, machine);
    await ensureClientKey(lab.directories, 'l');
    assert.ok(isUsableKeyPair(lab.pair()));
  });
}

test('a client key of which the private half is gone is left: machines know it', async (t) => {
  const lab = newLab(t);
  await writeFileWhole(lab.paths.clientPublicKey, `${foreign.publicKey}\n`, 0o644);
  await ensureClientKey(lab.directories, 'l');
  assert.equal(readFileSync(lab.paths.clientPublicKey, 'utf8'), `${foreign.publicKey}\n`);
});

const machine = {
  id: 'm-1',
  lab: 'l',
  name: 'm',
  os: 'debian:13',
  image: 'i',
  address: '10.94.0.11',
  subnet: '10.94.0.0/24',
  hostPublicKey: foreign.publicKey,
  labels: {},
  isPrepared: true,
};

function newLab(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-key-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const directories: LabDirectories = { state: join(folder, 's'), cache: join(folder, 'c') };
  const paths = labPaths(directories, 'l');
  const pair = () => ({
    publicKey: readFileSync(paths.clientPublicKey, 'utf8'),
    privateKey: readFileSync(paths.clientKey, 'utf8'),
  });
  return { directories, paths, pair };
}

function next<T>(rest: T[]): T {
  const first = rest.shift();
  assert.ok(first !== undefined, 'asked for one pair too many');
  return first;
}

/** Does what ssh2 does: takes a pair of a public key that begins with a zero byte, and cuts it off. */
function malformedPair(): ReturnType<KeyPairMaker> {
  for (;;) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    if (key[0] !== 0) continue;
    const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
    const cut = key.subarray(1);
    const type = Buffer.from('ssh-ed25519');
    const shown = Buffer.concat([type, cut].flatMap(sized));
    const secret = [type, cut, Buffer.concat([seed, cut]), Buffer.alloc(0)].flatMap(sized);
    const inner = padded(Buffer.concat([Buffer.alloc(8), ...secret]));
    const none = Buffer.from('none');
    const body = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      ...[none, none, Buffer.alloc(0)].flatMap(sized),
      Buffer.from([0, 0, 0, 1]),
      ...[shown, inner].flatMap(sized),
    ]);
    const text = body.toString('base64').replace(/.{1,70}/g, '$&\n');
    const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${text}-----END OPENSSH PRIVATE KEY-----\n`;
    const parsed = utils.parseKey(pem);
    assert.ok(parsed instanceof Error);
    assert.match(parsed.message, /Malformed OpenSSH private key/);
    return { public: `ssh-ed25519 ${shown.toString('base64')}`, private: pem };
  }
}

function sized(part: Buffer): readonly [Buffer, Buffer] {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(part.length);
  return [size, part];
}

function padded(content: Buffer): Buffer {
  const missing = (8 - (content.length % 8)) % 8;
  return Buffer.concat([content, Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, missing))]);
}
