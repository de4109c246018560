import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contactOrder } from '../../core/contacts';

test('managers are asked as declared, those to be avoided last', () => {
  const contacts = ['m1', 'm2', 'm3', 'm4'].map((name) => ({ name }));
  const order = (...avoided: readonly string[]): readonly string[] =>
    contactOrder(contacts, (name) => avoided.includes(name)).map(({ name }) => name);
  assert.deepEqual(order(), ['m1', 'm2', 'm3', 'm4']);
  assert.deepEqual(order('m3', 'm1'), ['m2', 'm4', 'm1', 'm3']);
  assert.deepEqual(order('m1', 'm2', 'm3', 'm4'), ['m1', 'm2', 'm3', 'm4']);
});
