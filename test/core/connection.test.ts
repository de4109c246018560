import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { describeConnection, isLabConnection } from '../../core/connection';
import type { Connection } from '../../core/connection';

describe('describeConnection', () => {
  const rows: readonly [Connection, string][] = [
    [{ host: '10.88.0.11' }, 'root@10.88.0.11:22'],
    [{ host: 'm1.example.org', user: 'debian', port: 2222 }, 'debian@m1.example.org:2222'],
    [{ host: 'fd00::11' }, 'root@[fd00::11]:22'],
    [{ lab: 'demo', machine: 'm1' }, 'lab demo/m1'],
  ];
  for (const [connection, expected] of rows) {
    it(expected, () => {
      assert.equal(describeConnection(connection), expected);
    });
  }

  it('never tells a secret', () => {
    const secret = fc.string({ minLength: 12, maxLength: 40 }).map((text) => `secret-${text}`);
    fc.assert(
      fc.property(secret, (text) => {
        const described = describeConnection({
          host: '10.88.0.11',
          password: text,
          privateKey: text,
          privateKeyPassword: text,
          agentSocketPath: text,
          hostKey: text,
        });
        assert.equal(described, 'root@10.88.0.11:22');
      }),
    );
  });
});

it('a lab’s connection is told from SSH by its lab', () => {
  assert.ok(isLabConnection({ lab: 'demo', machine: 'm1' }));
  assert.ok(!isLabConnection({ host: '10.88.0.11' }));
});
