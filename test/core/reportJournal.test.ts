import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalSteps, parseJournal, type JournalLine } from '../../demo/report/journal';

const at = (seconds: number): string => new Date(1_795_248_000_000 + seconds * 1000).toISOString();

function line(
  seconds: number,
  event: JournalLine['event'],
  sentence: string,
  more: Partial<JournalLine> = {},
): JournalLine {
  return {
    at: at(seconds),
    event,
    operation: 'create',
    urn: 'urn:pulumi:demo::app::swarm:index:SwarmManager$swarm:index:Engine::m1',
    name: 'm1',
    sentence,
    ...more,
  };
}

test('a start and its end are one step, named by the URN', () => {
  const steps = journalSteps(
    [line(1, 'start', 'installs'), line(4, 'end', 'installs', { seconds: 2.9 })],
    at(0),
    at(10),
  );
  assert.deepEqual(steps, [
    {
      name: 'm1',
      resource: 'Engine',
      operation: 'create',
      startedAt: at(1),
      seconds: 2.9,
      sentence: 'installs',
      outcome: 'done',
    },
  ]);
});

test('a step without its own seconds lasts from line to line', () => {
  const [step] = journalSteps([line(1, 'start', 'a'), line(4, 'end', 'a')], at(0), at(10));
  assert.equal(step?.seconds, 3);
});

test('an error marks the step as failed', () => {
  const [step] = journalSteps(
    [line(1, 'start', 'a'), line(4, 'end', 'a', { seconds: 3, error: 'no space' })],
    at(0),
    at(10),
  );
  assert.equal(step?.sentence, 'a (failed)');
});

test('a kill leaves a step that lasts until the next line, and its repetition is a step of its own', () => {
  const steps = journalSteps(
    [line(1, 'start', 'a'), line(6, 'start', 'a'), line(8, 'end', 'a', { seconds: 2 })],
    at(0),
    at(10),
  );
  assert.deepEqual(
    steps.map(({ sentence, seconds }) => [sentence, seconds]),
    [
      ['a (interrupted)', 5],
      ['a', 2],
    ],
  );
});

test('a step interrupted at the very end lasts until the end of the run', () => {
  const [step] = journalSteps([line(1, 'start', 'a')], at(0), at(10));
  assert.deepEqual([step?.sentence, step?.seconds], ['a (interrupted)', 9]);
});

test('steps of different resources that overlap keep their own ends', () => {
  const other = { urn: 'urn:pulumi:demo::app::swarm:index:Engine::w1', name: 'w1' };
  const steps = journalSteps(
    [
      line(1, 'start', 'a'),
      line(2, 'start', 'a', other),
      line(3, 'end', 'a', { seconds: 2 }),
      line(7, 'end', 'a', { ...other, seconds: 5 }),
    ],
    at(0),
    at(10),
  );
  assert.deepEqual(
    steps.map(({ name, seconds }) => [name, seconds]),
    [
      ['m1', 2],
      ['w1', 5],
    ],
  );
});

test('only steps that start within the run count', () => {
  const lines = [
    line(1, 'start', 'before'),
    line(2, 'end', 'before'),
    line(5, 'start', 'within'),
    line(6, 'end', 'within'),
    line(9, 'start', 'after'),
    line(9.5, 'end', 'after'),
  ];
  assert.deepEqual(
    journalSteps(lines, at(3), at(8)).map(({ sentence }) => sentence),
    ['within'],
  );
});

test('the journal file is read line by line, and damage is an error', () => {
  const lines = [line(1, 'start', 'a'), line(2, 'end', 'a', { seconds: 1, error: 'x' })];
  const text = lines.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  assert.deepEqual(parseJournal(text), lines);
  assert.throws(() => parseJournal(`{"event":"start"}\n`), { code: 'RawFileDamaged' });
});
