import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withoutSecrets } from '../../core/redaction';
import { generateSshKeyPair } from '../../effects/sshKeyPair';

const token = `SWMTKN-1-3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-7p73s1dx5in4tatdymyhg9hu2`;

describe('what must not be shown', () => {
  for (const [text, shown] of [
    [
      `docker swarm join --token ${token} 10.0.0.1:2377`,
      'docker swarm join --token [secret] 10.0.0.1:2377',
    ],
    [`{"JoinTokens":{"Worker":"${token}"}}`, '{"JoinTokens":{"Worker":"[secret]"}}'],
    ['unlock with SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8.', 'unlock with [secret].'],
    [
      'Failed to fetch http://me:pa55@mirror.example/x',
      'Failed to fetch http://[secret]@mirror.example/x',
    ],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter',
      '[secret]\nafter',
    ],
    ['cut off: -----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn', 'cut off: [secret]'],
  ] as const) {
    test(`is gone from ${JSON.stringify(text.slice(0, 40))}…`, () => {
      assert.equal(withoutSecrets(text), shown);
    });
  }

  test('is gone of a real key, wherever it stands', () => {
    const { privateKey } = generateSshKeyPair('test');
    const body = privateKey.split('\n').slice(1, -2);
    assert.ok(body.length > 2);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const shown = withoutSecrets(`${before} ${privateKey}${after}`);
        return body.every((line) => !shown.includes(line));
      }),
    );
  });

  test('what is no secret stays as it is', () => {
    for (const text of [
      '',
      'm1: 3 → 2 members, quorum 2',
      'root@10.88.0.11:22: SSH does not answer',
      'GET http://docker/v1.44/swarm',
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample',
      'urn:pulumi:a::b::c$swarm:index:Node::m1',
      'a user@example.org: said',
    ]) {
      assert.equal(withoutSecrets(text), text);
    }
  });

  test('a long text takes no long time', () => {
    const began = performance.now();
    withoutSecrets('-----BEGIN PRIVATE KEY-----'.repeat(20_000));
    withoutSecrets('http://'.repeat(100_000));
    withoutSecrets(`http://${'a'.repeat(1_000_000)}`);
    assert.ok(performance.now() - began < 2000);
  });
});
