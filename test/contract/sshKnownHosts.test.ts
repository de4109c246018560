import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { knownHostKeys } from '../../effects/ssh/knownHosts';

function publicKey(type: string, fill: number): string {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return `${type} ${Buffer.concat([length, name, Buffer.alloc(36, fill)]).toString('base64')}`;
}

const ed = publicKey('ssh-ed25519', 1);
const rsa = publicKey('ssh-rsa', 2);

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7);
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

const trustedTypes = (text: string, host: string, port = 22): readonly string[] =>
  knownHostKeys(text, host, port).trusted.map(({ type }) => type);

describe('knownHostKeys', () => {
  const cases: readonly (readonly [string, string, string, number, readonly string[]])[] = [
    ['a plain name', `h1 ${ed}`, 'h1', 22, ['ssh-ed25519']],
    ['another case', `H1.Example ${ed}`, 'h1.example', 22, ['ssh-ed25519']],
    ['another name', `h1 ${ed}`, 'h10', 22, []],
    ['several names', `h1,10.0.0.1 ${ed}`, '10.0.0.1', 22, ['ssh-ed25519']],
    ['several key types', `h1 ${ed}\nh1 ${rsa}`, 'h1', 22, ['ssh-ed25519', 'ssh-rsa']],
    ['a port', `[h1]:2222 ${ed}`, 'h1', 2222, ['ssh-ed25519']],
    ['a name without the port', `h1 ${ed}`, 'h1', 2222, []],
    ['a hashed name', `${hashed('h1')} ${ed}`, 'h1', 22, ['ssh-ed25519']],
    ['a hashed name with a port', `${hashed('[h1]:2222')} ${ed}`, 'h1', 2222, ['ssh-ed25519']],
    ['another hashed name', `${hashed('h1')} ${ed}`, 'h2', 22, []],
    ['a wildcard', `*.example ${ed}`, 'a.example', 22, ['ssh-ed25519']],
    ['a dot is a dot', `10.0.0.1 ${ed}`, '10a0b0c1', 22, []],
    ['a negation', `*.example,!b.example ${ed}`, 'b.example', 22, []],
    ['comments and rubbish', `# h1 ${ed}\n\nh1\nh1 ssh-ed25519 AAAA\n`, 'h1', 22, []],
    ['an authority', `@cert-authority h1 ${ed}`, 'h1', 22, []],
  ];
  for (const [name, text, host, port, expected] of cases) {
    it(name, () => {
      assert.deepEqual(trustedTypes(text, host, port), expected);
    });
  }

  it('keeps revoked keys apart', () => {
    const keys = knownHostKeys(`@revoked * ${ed}\nh1 ${ed}`, 'h1', 22);
    assert.equal(keys.revoked.length, 1);
    assert.equal(keys.trusted.length, 1);
  });
});
