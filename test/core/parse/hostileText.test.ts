import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMadison } from '../../../core/parse/aptMadison';
import { lowerApiVersion, plainEngineVersion } from '../../../core/parse/engineVersion';
import { parseHostFacts } from '../../../core/parse/hostFacts';
import { parseIpAddresses } from '../../../core/parse/ipAddresses';
import { parseOsRelease } from '../../../core/parse/osRelease';
import { forCutTexts, forHostileTexts, forSpoiltJson } from '../support/hostileText';

describe('hostile and huge text', () => {
  it('is an OS only where it says so', () => {
    forHostileTexts((text) => {
      if (!/^\s*ID=/m.test(text)) assert.equal(parseOsRelease(text).id, '');
    });
  });

  it('is no list of packages without the columns of one', () => {
    forHostileTexts((text) => {
      const versions = parseMadison(text);
      if (text.trim() === '') assert.deepEqual(versions, []);
      else if (!/ (Packages|Sources)/.test(text)) assert.equal(typeof versions, 'string');
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

const facts = [
  'hostname=n1',
  'bootId=0b1c',
  'architecture=amd64',
  'clockSeconds=1795248103',
  'freeBytes=78476021760',
  '',
  'ID=debian',
  'VERSION_ID="13"',
].join('\n');

describe('parseHostFacts: answers that are not whole', () => {
  it('reads the whole one, with either line end', () => {
    for (const text of [facts, facts.replaceAll('\n', '\r\n')]) {
      const found = parseHostFacts(text);
      assert.equal(typeof found === 'string' ? found : found.os, 'debian:13');
    }
  });

  const rows: readonly [string, string, RegExp][] = [
    ['a host name of two lines', facts.replace('n1', 'n1\nbootId=f00d'), /its bootId twice/],
    ['a host name of escapes', facts.replace('n1', 'n\u001b[2J'), /its hostname is no plain word/],
    ['a field twice', `architecture=arm64\n${facts}`, /its architecture twice/],
    ['a release that was cut in its quotes', facts.slice(0, -1), /os-release is damaged/],
    [
      'a release with a line of its own',
      facts.replace('"13"', '13;reboot'),
      /os-release is damaged/,
    ],
    [
      'a clock of a million digits',
      facts.replace('1795248103', '1'.repeat(1e6)),
      /clockSeconds is no/,
    ],
  ];
  for (const [what, text, expected] of rows) {
    it(`refuses ${what}`, () => {
      const found = parseHostFacts(text);
      assert.match(typeof found === 'string' ? found : 'it was read', expected);
    });
  }
});

describe('parseIpAddresses: a list that is not whole', () => {
  const links = [
    { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8 }] },
    {
      ifname: 'eth0',
      addr_info: [
        { family: 'inet', local: '10.0.0.2', prefixlen: 24 },
        { family: 'inet6', local: 'fe80::1', prefixlen: 64 },
      ],
    },
  ];

  it('is an error wherever it was cut', () => {
    forCutTexts(JSON.stringify(links), (text) => {
      assert.throws(() => parseIpAddresses(text));
    });
  });

  it('is an error, or loses nothing but what says itself that it is empty', () => {
    let refused = 0;
    forSpoiltJson(links, (text, path) => {
      try {
        const found = parseIpAddresses(text);
        const whole = links.flatMap((link) => link.addr_info).length;
        const isShorter = /^\d+(\.addr_info(\.\d+)?)?$/.test(path);
        if (!isShorter) assert.equal(found.length, whole, `${path}: ${text.slice(0, 200)}`);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        assert.ok(error instanceof SyntaxError || error instanceof TypeError, String(error));
        assert.ok(String(error).length < 200);
        refused += 1;
      }
    });
    assert.ok(refused > 50);
  });
});

describe('parseMadison: a list that is not one', () => {
  const line = ' docker.io | 26.1.5+dfsg1-9+b3 | http://mirror/debian trixie/main amd64 Packages';
  const rows: readonly [string, string][] = [
    ['a line without its origin', ' docker.io | 26.1.5'],
    ['a line that was cut', line.slice(0, -3)],
    ['the end of a line', line.slice(10)],
    ['a version that is an option', line.replace('26.1.5', '-oX=1 ')],
    ['a version of two words', line.replace('26.1.5', '26 1')],
    ['a warning between the lines', 'W: Some index files failed to download.'],
  ];
  for (const [what, text] of rows) {
    it(`refuses ${what}`, () => {
      assert.equal(typeof parseMadison(`${line}\n${text}\n${line}\n`), 'string');
    });
  }

  it('refuses one that was cut, wherever', () => {
    forCutTexts(line, (text) => {
      if (text.trim() !== '') assert.equal(typeof parseMadison(text), 'string', text);
    });
  });
});
