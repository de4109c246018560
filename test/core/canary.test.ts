import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canaryAlone,
  canaryDone,
  changeOf,
  decideCanary,
  readCanary,
  withCanary,
  withPause,
} from '../../core/canary';
import type { CanaryRecord } from '../../core/canary';
import { freeLabels } from '../../core/lease';
import type { RolloutTurn } from '../../core/rolloutFacts';

function turn(name: string, kind: RolloutTurn['kind'] = 'replace'): RolloutTurn {
  const role = name.startsWith('m') ? 'manager' : 'worker';
  return { name, role, kind, why: [], contact: undefined, sentence: `${kind} ${name}` };
}

describe('the canary of a change', () => {
  const change = 'c1';
  const undone: CanaryRecord = { change, node: 'm2' };
  const done: CanaryRecord = { ...undone, doneIn: 'run 1' };
  const go = (record?: CanaryRecord): unknown => ({ next: 'go', record });

  for (const [what, record, node, run, expected] of [
    ['nobody went yet', undefined, 'm2', 'run 1', go(undone)],
    ['another change', { ...done, change: 'c0' }, 'm2', 'run 1', go(undone)],
    ['the canary again, in the same run or after a kill', undone, 'm2', 'run 2', go()],
    ['one that never came back', undone, 'm3', 'run 2', go({ change, node: 'm3' })],
    [
      'the next one, in the run in which it came back',
      done,
      'm3',
      'run 1',
      { next: 'pause', canary: 'm2' },
    ],
    ['the canary itself, in that run', done, 'm2', 'run 1', go()],
    ['the next one, in the next run', done, 'm3', 'run 2', go()],
  ] as const) {
    test(`${what}: ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(decideCanary(record, { change, node, run }), expected);
    });
  }

  test('is back once; its last link may come back in a later run', () => {
    const run = 'run 2';
    assert.deepEqual(canaryDone(undone, { node: 'm2', run }), { ...undone, doneIn: run });
    assert.equal(canaryDone(undone, { node: 'm3', run }), undefined);
    assert.equal(canaryDone(done, { node: 'm2', run }), undefined);
    assert.deepEqual(canaryDone(done, { node: 'm2', run }, true), { ...undone, doneIn: run });
    assert.equal(canaryDone(undefined, { node: 'm2', run }), undefined);
  });

  test('outlives the lease; a damaged record is none', () => {
    assert.deepEqual(readCanary(freeLabels(withCanary({ holder: 'x' }, done))), done);
    for (const text of ['', '{', '[]', '{"node":"m2"}', '{"change":"a","node":"b","doneIn":1}']) {
      assert.equal(readCanary({ canary: text }), undefined, text);
    }
  });

  test('a change is what nodes are declared as, whatever the order of nodes and keys', () => {
    const node = { name: 'm1', os: 'debian:12', engineVersion: undefined };
    const other = { ...node, name: 'm2', engineDaemon: { a: 1, b: 2 } };
    const same = changeOf([node, other]);
    assert.equal(changeOf([{ ...other, engineDaemon: { b: 2, a: 1 } }, node]), same);
    for (const nodes of [
      [node],
      [{ ...node, os: 'debian:13' }, other],
      [{ ...node, engineVersion: '28' }, other],
      [node, { ...other, engineDaemon: { a: 2, b: 2 } }],
    ]) {
      assert.notEqual(changeOf(nodes), same);
    }
  });
});

describe('a plan with a pause', () => {
  const turns = [turn('m4', 'add'), turn('m2'), turn('w1', 'inPlace')];

  test('has it behind the first node that goes, and says when it is over', () => {
    const sentences = withPause(turns, 'c1', undefined);
    assert.deepEqual(
      sentences.map((each) => each.split(' ').slice(0, 3).join(' ')),
      ['add m4', 'replace m2', 'pause behind m2,', 'inPlace w1'],
    );
    const record = { change: 'c1', node: 'm3', doneIn: 'x' };
    assert.match(withPause(turns, 'c1', record)[0] ?? '', /^go on behind m3/);
    assert.equal(withPause(turns, 'c2', record).length, 4);
  });

  test('is the plan as it was where none is declared, or nobody comes behind', () => {
    assert.deepEqual(withPause(turns, undefined, undefined), [
      'add m4',
      'replace m2',
      'inPlace w1',
    ]);
    assert.deepEqual(withPause([turn('m2')], 'c1', undefined), ['replace m2']);
  });

  test('lets a worker go alone that is the first of several in its batch', () => {
    const batches = [['w1'], ['w2', 'w3', 'w4']];
    assert.deepEqual(canaryAlone(batches, [turn('w3'), turn('w4')]), [
      ['w1'],
      ['w3'],
      ['w2', 'w4'],
    ]);
    for (const alone of [[turn('w3')], [turn('m1'), turn('w3'), turn('w4')], []]) {
      assert.deepEqual(canaryAlone(batches, alone), batches);
    }
  });
});
