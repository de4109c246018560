import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecoveryRecord, renderRecoveryRecord } from '../../core/recoveryRecord';
import { parseRecoverFrom } from '../../core/recoveryToken';

test('a record of a recovery is read as it was written, and not at all when it is none', () => {
  const record = { clusterId: 'abc', otherIds: ['x', 'y'] };
  assert.deepEqual(parseRecoveryRecord(renderRecoveryRecord(record)), record);
  const strange = ['', '{', 'null', '[]', '{}', '{"clusterId":"a","otherIds":[1]}'];
  for (const text of [undefined, ...strange]) assert.equal(parseRecoveryRecord(text), undefined);
});

test('recoverFrom is a name and a token', () => {
  const token = '0123456789abcdef';
  assert.deepEqual(parseRecoverFrom(`m1.lab@${token}`), { name: 'm1.lab', token });
  const strange = [
    '',
    'm1',
    `@${token}`,
    `m1@${token}0`,
    `m1@${token.toUpperCase()}`,
    `-m@${token}`,
  ];
  for (const text of strange) assert.equal(parseRecoverFrom(text), undefined, text);
});
