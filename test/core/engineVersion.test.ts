import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  choosePackageVersion,
  packageCarriesEngine,
  planClient,
  upstreamVersion,
  versionWithin,
} from '../../core/engineVersion';
import { forHostileTexts } from './support/hostileText';

describe('upstreamVersion', () => {
  const rows: readonly [string, string][] = [
    ['26.1.5+dfsg1-9+b9', '26.1.5'],
    ['20.10.24+dfsg1-1+deb12u1+b2', '20.10.24'],
    ['5:28.5.2-1~debian.13~trixie', '28.5.2'],
    ['27.5.1-0ubuntu3~24.04.2', '27.5.1'],
    ['5:29.0.0~rc.1-1~debian.13~trixie', '29.0.0-rc.1'],
    ['29.0.0~beta2-1', '29.0.0-beta2'],
    ['26.1.5', '26.1.5'],
    ['', ''],
  ];
  for (const [text, expected] of rows) {
    it(`of "${text}" is "${expected}"`, () => {
      assert.equal(upstreamVersion(text), expected);
    });
  }
});

describe('packageCarriesEngine', () => {
  const rows: readonly [string, string, boolean, string][] = [
    ['26.1.5+dfsg1-9+b9', '26.1.5', true, 'the whole version'],
    ['26.1.5+dfsg1-9+b9', '26.1', true, 'its leading parts'],
    ['26.1.5+dfsg1-9+b9', '26', true, 'its first part'],
    ['26.1.5+dfsg1-9+b9', '26.1.50', false, 'a longer number'],
    ['26.1.50-1', '26.1.5', false, 'a number that only begins alike'],
    ['26.10.1-1', '26.1', false, 'a part that only begins alike'],
    ['5:28.5.2-1~debian.13~trixie', '28.5.2', true, 'a version behind an epoch'],
    ['5:28.5.2-1~debian.13~trixie', '5', false, 'an epoch, which is no version'],
    ['5:29.0.0~rc.1-1~debian.13~trixie', '29.0.0', false, 'a release, of which it is a candidate'],
    ['5:29.0.0~rc.1-1~debian.13~trixie', '29.0.0-rc.1', true, 'the candidate itself'],
  ];
  for (const [offered, engine, expected, what] of rows) {
    it(`${offered} ${expected ? 'carries' : 'does not carry'} ${engine}: ${what}`, () => {
      assert.equal(packageCarriesEngine(offered, engine), expected);
    });
  }

  it('holds for every version that was packed in Debian’s way or in Docker’s', () => {
    const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99));
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [own, other] = [a.join('.'), b.join('.')];
        for (const packed of [`${own}+dfsg1-9+b9`, `5:${own}-1~debian.13~trixie`]) {
          assert.ok(packageCarriesEngine(packed, own));
          assert.equal(packageCarriesEngine(packed, other), own === other);
        }
      }),
    );
  });
});

describe('versionWithin', () => {
  it('never takes an empty wish for any version', () => {
    assert.ok(!versionWithin('26.1.5', ''));
    assert.ok(!versionWithin('', '26.1.5'));
  });
});

describe('choosePackageVersion', () => {
  const offered = ['5:28.5.2-1~debian.13~trixie', '5:28.5.1-1~debian.13~trixie', '26.1.5+dfsg1-9'];
  const rows: readonly [string | undefined, string | undefined, string][] = [
    [undefined, offered[0], 'the best one where none is asked for'],
    ['28', offered[0], 'the best one of those asked for'],
    ['28.5.1', offered[1], 'the one asked for'],
    ['26.1.5', offered[2], 'the one asked for, of another origin'],
    ['27', undefined, 'none where nobody offers it'],
  ];
  for (const [engine, expected, what] of rows) {
    it(`chooses ${what}`, () => {
      assert.equal(choosePackageVersion(offered, engine), expected);
    });
  }

  it('chooses none of nothing', () => {
    assert.equal(choosePackageVersion([], undefined), undefined);
  });
});

describe('planClient', () => {
  const [split, other] = ['26.1.5+dfsg1-9+b9', '28.5.2-1'];
  const rows: readonly [
    string,
    readonly string[],
    string | undefined,
    string | undefined,
    boolean,
    string,
  ][] = [
    ['26.1.5', [other, split], undefined, split, false, 'takes the one of this engine'],
    ['26.1.5', [other, split], other, split, false, 'takes it instead of another one'],
    ['20.10.24', [], undefined, undefined, false, 'takes none where none is split off'],
    ['20.10.24', [split], split, undefined, true, 'removes that of another engine'],
    ['20.10.24', [], split, undefined, true, 'removes one that is offered no more'],
    ['26.1.5', [], split, undefined, false, 'leaves that of this engine, offered or not'],
  ];
  for (const [engine, offered, installed, version, isInTheWay, what] of rows) {
    it(what, () => {
      assert.deepEqual(planClient(engine, offered, installed), { version, isInTheWay });
    });
  }
});

it('no hostile package version makes it throw, or carries a version that it does not begin with', () => {
  forHostileTexts((text) => {
    assert.ok(text.replace('~', '-').includes(upstreamVersion(text)));
    assert.equal(packageCarriesEngine(`x${text}`, '26.1.5'), false);
  });
});
