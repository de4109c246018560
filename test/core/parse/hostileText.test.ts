import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMadison } from '../../../core/parse/aptMadison';
import { lowerApiVersion, plainEngineVersion } from '../../../core/parse/engineVersion';
import { parseHostFacts } from '../../../core/parse/hostFacts';
import { parseIpAddresses } from '../../../core/parse/ipAddresses';
import { parseOsRelease } from '../../../core/parse/osRelease';
import { forHostileTexts } from '../support/hostileText';

describe('hostile and huge text', () => {
  it('is an OS only where it says so', () => {
    forHostileTexts((text) => {
      if (!/^\s*ID=/m.test(text)) assert.equal(parseOsRelease(text).id, '');
    });
  });

  it('is no list of packages without the columns of one', () => {
    forHostileTexts((text) => {
      if (!text.includes(' Packages')) assert.deepEqual(parseMadison(text), []);
    });
  });

  it('is an engine’s version that it begins with', () => {
    forHostileTexts((text) => {
      assert.ok(text.includes(plainEngineVersion(text)) || text.includes('\n'));
      assert.ok([text, '1.44'].includes(lowerApiVersion(text, '1.44')));
    });
  });

  it('is no list of addresses: the only ways out are a list and the documented errors', () => {
    forHostileTexts((text) => {
      try {
        for (const { address, prefixLength } of parseIpAddresses(text)) {
          assert.equal(typeof address, 'string');
          assert.equal(typeof prefixLength, 'number');
        }
      } catch (error) {
        assert.ok(error instanceof SyntaxError || error instanceof TypeError, String(error));
      }
    });
  });

  it('is not the facts of a host, but a sentence that says what is missing', () => {
    forHostileTexts((text) => {
      assert.equal(typeof parseHostFacts(text), 'string');
    });
  });
});

describe('parseHostFacts: numbers that are none', () => {
  const output = (clockSeconds: string, freeBytes: string): string =>
    [
      'hostname=n1',
      'bootId=0b1c',
      'architecture=amd64',
      `clockSeconds=${clockSeconds}`,
      `freeBytes=${freeBytes}`,
      '',
      'ID=debian',
    ].join('\n');
  const rows: readonly [string, string, string][] = [
    ['now', '1', 'its clockSeconds is no number'],
    ['1', '-', 'its freeBytes is no number'],
    ['0x10', '1e9', 'its clockSeconds, freeBytes is no number'],
    ['-1', 'Infinity', 'its clockSeconds, freeBytes is no number'],
  ];
  for (const [clock, free, expected] of rows) {
    it(`refuses a clock of "${clock}" and "${free}" bytes`, () => {
      assert.equal(parseHostFacts(output(clock, free)), expected);
    });
  }
});
