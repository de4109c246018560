import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalLine } from '../../demo/report/journal';
import { stepsAt } from '../../demo/report/stepsAt';

const begin = Date.parse('2026-11-21T08:00:00.000Z');

function line(seconds: number, event: JournalLine['event'], name: string): JournalLine {
  return {
    at: new Date(begin + seconds * 1000).toISOString(),
    event,
    operation: 'create',
    urn: `urn:pulumi:x::x::swarm:index:Node::${name}`,
    name,
    sentence: `drain ${name}`,
  };
}

const journal = [
  line(1, 'start', 'w1'),
  line(2, 'start', 'w2'),
  line(3, 'end', 'w1'),
  line(4, 'end', 'w2'),
];

const tables: readonly (readonly [number, string])[] = [
  [0.5, 'before the first step'],
  [1.5, '0.5 s into "drain w1"'],
  [2.5, '1.5 s into "drain w1" and 0.5 s into "drain w2"'],
  [3.5, '1.5 s into "drain w2"'],
  [6, '2.0 s after the end of "drain w2"'],
];

for (const [seconds, sentence] of tables) {
  test(`what ran at ${seconds} s: ${sentence}`, () => {
    assert.equal(stepsAt(journal, begin + seconds * 1000), sentence);
  });
}
