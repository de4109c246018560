import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contactOrder } from '../../core/contacts';

test('managers are asked as declared, those of a higher rank later', () => {
  const contacts = ['m1', 'm2', 'm3', 'm4'];
  const order = (ranks: Readonly<Record<string, number>>): readonly string[] =>
    contactOrder(contacts, (name) => ranks[name] ?? 0);
  assert.deepEqual(order({}), ['m1', 'm2', 'm3', 'm4']);
  assert.deepEqual(order({ m3: 1, m1: 1 }), ['m2', 'm4', 'm1', 'm3']);
  assert.deepEqual(order({ m1: 2, m2: 1 }), ['m3', 'm4', 'm2', 'm1']);
  assert.deepEqual(order({ m1: 1, m2: 1, m3: 1, m4: 1 }), ['m1', 'm2', 'm3', 'm4']);
});
