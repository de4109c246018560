import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { compatibility, knownBad, type CompatibilityRow } from '../../core/compatibility';
import { whyBad } from '../../core/engineAdvice';
import { describeRanges, isInRanges } from '../../core/engineRange';
import { checkout } from '../support/checkout';
import { forHostileTexts } from './support/hostileText';

const rows: readonly CompatibilityRow[] = [...Object.values(compatibility), ...knownBad];

describe('isInRanges', () => {
  const ranges = [{ below: '25.0.12' }, { from: '26.0.0', below: '28.0.0' }];
  const cases: readonly (readonly [string, boolean | undefined])[] = [
    ['20.10.24', true],
    ['20.10', true],
    ['25.0.11', true],
    ['25.0.12', false],
    ['25.0.13', false],
    ['25.1', false],
    ['25.0', undefined],
    ['25', undefined],
    ['26', true],
    ['26.1.5', true],
    ['27.5.1', true],
    ['28.0.0-rc.1', false],
    ['28.5.2', false],
    ['28', false],
    ['27.5.1+dfsg1', true],
    ['', undefined],
    ['dev', undefined],
    ['28.5.2.1', undefined],
    ['v28.5.2', undefined],
  ];
  for (const [version, expected] of cases) {
    it(`"${version}": ${String(expected)}`, () => {
      assert.equal(isInRanges(version, ranges), expected);
    });
  }

  it('never throws, whatever is said to be a version', () => {
    forHostileTexts((text) => {
      for (const { engines } of rows) isInRanges(text, engines);
      whyBad(text);
    });
  });

  it('of leading parts says no more than holds for every version that begins so', () => {
    const part = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(
        part,
        part,
        part,
        fc.constantFrom(...rows),
        (major, minor, patch, { engines }) => {
          const full = isInRanges([major, minor, patch].join('.'), engines);
          assert.notEqual(full, undefined);
          for (const leading of [String(major), `${String(major)}.${String(minor)}`]) {
            const answer = isInRanges(leading, engines);
            assert.ok(answer === undefined || answer === full, `${leading}: ${String(answer)}`);
          }
        },
      ),
    );
  });

  it('counts a release in its range, and the bound out of it', () => {
    for (const { engines } of rows) {
      for (const { from, below } of engines) {
        if (from !== undefined) assert.equal(isInRanges(from, engines), true, from);
        if (below !== undefined) assert.equal(isInRanges(below, engines), false, below);
      }
    }
  });
});

describe('engines with known faults', () => {
  const cases: readonly (readonly [string, 'refuse' | 'warn' | undefined])[] = [
    ['28.0.0', 'refuse'],
    ['28.0.1', undefined],
    ['28.0', undefined],
    ['17.12.1', 'refuse'],
    ['29.0.0', 'warn'],
    ['29.7.2', 'warn'],
    ['29.10.0', undefined],
    ['28.5.2', undefined],
    ['26.1.5', undefined],
    ['20.10.24', undefined],
  ];
  for (const [version, verdict] of cases) {
    it(`${version}: ${verdict ?? 'none'}`, () => {
      assert.equal(whyBad(version)?.verdict, verdict);
    });
  }

  it('each names what to take instead, and where that is written', () => {
    for (const { sources, instead, fact } of knownBad) {
      assert.ok(sources.length > 0 && instead !== '' && fact !== '');
    }
  });
});

describe('the table of docs/engine.md', () => {
  it('has the rows of core/compatibility.ts, in their order', () => {
    const page = readFileSync(join(checkout, 'docs', 'engine.md'), 'utf8');
    const section = /\n## Mixed versions\n([^]*?)\n## /.exec(page)?.[1] ?? '';
    const shown = section
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const wanted = rows.map(({ engines, fact, answer, sources }) => [
      describeRanges(engines),
      fact,
      answer,
      sources.join(', '),
    ]);
    assert.deepEqual(shown, wanted);
  });
});
