import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { engineChange, engineTarget, isOnTarget, type EngineWish } from '../../core/engineChange';
import type { EngineSourceSpec } from '../../core/engineSource';

const sha256 = 'a'.repeat(64);
const other = 'b'.repeat(64);
const distribution: EngineSourceSpec = { kind: 'distribution' };
const archive = (path: string, sum = sha256): EngineSourceSpec => ({
  kind: 'static',
  path,
  sha256: sum,
});
const wish = (more: Partial<EngineWish> = {}): EngineWish => ({
  version: '26.1.5',
  source: distribution,
  daemon: {},
  ...more,
});

describe('what a change of an engine costs', () => {
  const rows: readonly (readonly [string, EngineWish, EngineWish, string, string])[] = [
    ['a newer version', wish(), wish({ version: '28.5' }), 'replace', 'update'],
    ['an older version', wish(), wish({ version: '20.10' }), 'replace', 'replace'],
    [
      'the one that runs, by its leading parts',
      wish(),
      wish({ version: '26.1' }),
      'update',
      'update',
    ],
    ['whatever there is', wish(), wish({ version: undefined }), 'update', 'update'],
    ['an option of a reload', wish(), wish({ daemon: { debug: true } }), 'update', 'update'],
    ['an option of a start', wish(), wish({ daemon: { mtu: 1400 } }), 'replace', 'update'],
    ['another kind of source', wish(), wish({ source: { kind: 'docker' } }), 'replace', 'replace'],
    [
      'another build of the same kind',
      wish({ source: archive('/x.tgz') }),
      wish({ source: archive('/x.tgz', other) }),
      'replace',
      'update',
    ],
    [
      'an older build, by its name',
      wish({ version: undefined, source: archive('/docker-28.5.2.tgz') }),
      wish({ version: undefined, source: archive('/docker-20.10.5.tgz', other) }),
      'replace',
      'replace',
    ],
    [
      'an engine of somebody else',
      wish({ source: { kind: 'preinstalled' } }),
      wish({ version: '28.5', source: { kind: 'preinstalled' } }),
      'replace',
      'replace',
    ],
  ];
  for (const [what, old, wanted, replaced, inPlace] of rows) {
    it(`${what}: ${replaced}, and ${inPlace} with inPlace`, () => {
      const cost = (upgrade: 'replace' | 'inPlace'): string =>
        Object.values(engineChange('26.1.5', old, wanted, upgrade)).includes('replace')
          ? 'replace'
          : 'update';
      assert.equal(cost('replace'), replaced);
      assert.equal(cost('inPlace'), inPlace);
    });
  }

  it('the engine that is kept goes back in place, and no other older one', () => {
    const kept = { version: '26.1.5', build: undefined, digest: '' };
    const runs = wish({ version: '28.5' });
    const cost = (wanted: EngineWish): string =>
      engineChange('28.5.2', runs, wanted, 'inPlace', kept).version;
    assert.equal(cost(wish()), 'update');
    assert.equal(cost(wish({ version: '26' })), 'update');
    assert.equal(cost(wish({ version: '20.10' })), 'replace');
    assert.equal(cost(wish({ daemon: { mtu: 1400 } })), 'replace');
    assert.equal(cost(wish({ source: { kind: 'docker' } })), 'replace');
    assert.equal(engineChange('28.5.2', runs, wish(), 'replace', kept).version, 'update');
    assert.equal(engineChange('28.5.2', runs, wish(), 'replace').version, 'replace');
  });

  it('what is there is what is wanted in version, build and options, or not', () => {
    const there = { version: '26.1.5', build: undefined, digest: '' };
    assert.ok(isOnTarget(there, engineTarget(wish({ version: '26.1' }))));
    assert.ok(isOnTarget(there, engineTarget(wish({ version: undefined }))));
    assert.ok(!isOnTarget(there, engineTarget(wish({ version: '28' }))));
    assert.ok(!isOnTarget(there, engineTarget(wish({ daemon: { mtu: 1400 } }))));
    assert.ok(isOnTarget(there, engineTarget(wish({ daemon: { debug: true } }))));
    assert.ok(!isOnTarget(there, engineTarget(wish({ source: archive('/x.tgz') }))));
  });
});
