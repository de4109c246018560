import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseImportId } from '../../core/importId';

for (const [id, connection, name] of [
  ['prod/m1', { lab: 'prod', machine: 'm1' }, undefined],
  ['prod/m1#w1', { lab: 'prod', machine: 'm1' }, 'w1'],
  ['192.0.2.1', { host: '192.0.2.1' }, undefined],
  ['ops@192.0.2.1:2222', { host: '192.0.2.1', user: 'ops', port: 2222 }, undefined],
  ['m1.example.org#abc', { host: 'm1.example.org' }, 'abc'],
  ['[2001:db8::1]:22', { host: '2001:db8::1', port: 22 }, undefined],
  ['root@[2001:db8::1]', { host: '2001:db8::1', user: 'root' }, undefined],
] as const) {
  test(`${id} is a place`, () => {
    assert.deepEqual(parseImportId(id), { connection, name });
  });
}

for (const id of [
  ...['', '#', 'm1#', 'a#b#c', '/m1', 'lab/', 'lab/m1/x', 'Lab/m1', '../etc', 'lab/../x'],
  ...['2001:db8::1', '[m1]', 'm1:0', 'm1:99999', 'm1:ssh', 'a b', '-oProxyCommand=x', 'x@y@z'],
]) {
  test(`"${id}" is none`, () => {
    assert.equal(parseImportId(id), undefined);
  });
}

test('whatever is given, it is a place of plain names or none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseImportId(text);
      if (parsed === undefined) return;
      for (const value of Object.values(parsed.connection)) {
        assert.match(String(value), /^[\w.:-]+$/);
        assert.doesNotMatch(String(value), /^-/);
      }
    }),
  );
});
