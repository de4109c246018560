import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  describeLocalData,
  localDataChoice,
  localDataLabel,
  renderLocalData,
} from '../../core/localData';
import type { LocalDataChoice } from '../../core/localData';

describe('choices about local data', () => {
  test('every choice that is written is read again, and nobody else gets one', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    const choice = fc.constantFrom<LocalDataChoice>('keep', 'discard');
    fc.assert(
      fc.property(fc.dictionary(name, choice), name, (choices, asked) => {
        const labels = { [localDataLabel]: renderLocalData(choices) };
        assert.equal(
          localDataChoice(labels, asked),
          Object.hasOwn(choices, asked) ? choices[asked] : undefined,
        );
      }),
    );
  });

  const unreadable = ['', 'm1', 'm1=', 'm1=yes', '=discard', 'M1=discard'];
  for (const label of unreadable) {
    test(`"${label}" is no choice for m1`, () => {
      assert.equal(localDataChoice({ [localDataLabel]: label }, 'm1'), undefined);
    });
  }

  test('no label is no choice', () => {
    assert.equal(localDataChoice({}, 'm1'), undefined);
  });
});

describe('what a rebuild would lose', () => {
  test('nothing', () => {
    assert.equal(describeLocalData({ volumes: [], containers: [] }), undefined);
  });

  test('volumes and containers are named', () => {
    assert.equal(
      describeLocalData({ volumes: ['data', 'log'], containers: ['proxy'] }),
      'volume data, volume log, container proxy',
    );
  });
});
