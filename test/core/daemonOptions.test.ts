import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseConfiguration } from '../../core/configuration';
import {
  changedOptions,
  daemonChange,
  mergeDaemonOptions,
  parseDaemonNote,
  renderDaemonNote,
  restartDigest,
} from '../../core/daemonOptions';
import { forHostileTexts } from './support/hostileText';

describe('declared options of the daemon', () => {
  const rows: readonly [object, string | undefined, RegExp][] = [
    [{ 'log-driver': 'json-file', 'log-opts': { 'max-size': '10m' } }, undefined, /./],
    [{ 'default-address-pools': [{ base: '10.1.0.0/16', size: 24 }] }, undefined, /./],
    [{ 'live-restore': true }, 'engine.daemon.live-restore', /a swarm’s engine does not start/],
    [{ 'firewall-backend': 'nftables' }, 'engine.daemon.firewall-backend', /before 29\.6/],
    [{ 'data-root': '/x' }, 'engine.daemon.data-root', /is not a known key/],
    [{ debug: 'yes' }, 'engine.daemon.debug', /is not true or false/],
  ];
  for (const [daemon, property, reason] of rows) {
    it(`${JSON.stringify(daemon)}: ${property === undefined ? 'taken' : 'refused'}`, () => {
      const managers = [{ name: 'm1', address: '192.0.2.1' }];
      const result = parseConfiguration({ managers, engine: { daemon } });
      if (property === undefined) {
        assert.ok('configuration' in result);
        return;
      }
      assert.ok('failures' in result);
      const fault = result.failures.find((one) => one.property === property);
      assert.match(fault?.reason ?? JSON.stringify(result.failures), reason);
    });
  }
});

describe('a change of options', () => {
  it('is a reload where each of them is reloaded, and else a replacement', () => {
    assert.equal(daemonChange({}, { debug: true, labels: ['a=b'] }), 'update');
    assert.equal(daemonChange({ labels: ['a=b'] }, {}), 'update');
    assert.equal(daemonChange({ debug: true }, { debug: true, mtu: 1400 }), 'replace');
    assert.equal(
      daemonChange({ 'log-opts': { a: '1', b: '2' } }, { 'log-opts': { b: '2', a: '1' } }),
      'update',
    );
    // What is not known here may be anything.
    assert.equal(daemonChange({ unheard: 1 }, {}), 'replace');
  });

  it('is of the digest exactly when it is a replacement', () => {
    const some = fc.record(
      {
        debug: fc.boolean(),
        labels: fc.array(fc.constantFrom('a=1', 'b=2')),
        mtu: fc.constantFrom(1400, 1500),
        'log-opts': fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2')),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, some, (old, wanted) => {
        const isSame = restartDigest(old) === restartDigest(wanted);
        assert.equal(daemonChange(old, wanted), isSame ? 'update' : 'replace');
        if (changedOptions(old, wanted).length === 0) assert.ok(isSame);
      }),
    );
    assert.equal(restartDigest({ debug: true }), '');
  });
});

describe('the merged file', () => {
  const merged = (present: string | undefined, ours: readonly string[], wanted: object) => {
    const result = mergeDaemonOptions(present, ours, wanted as Record<string, unknown>);
    return typeof result === 'string'
      ? result
      : {
          ...result,
          text: result.text === undefined ? undefined : (JSON.parse(result.text) as unknown),
        };
  };

  it('keeps what is not ours, and drops what was', () => {
    const present = JSON.stringify({ 'data-root': '/data', mtu: 1400, 'log-driver': 'local' });
    assert.deepEqual(merged(present, ['mtu', 'log-driver'], { 'log-driver': 'journald' }), {
      text: { 'data-root': '/data', 'log-driver': 'journald' },
      keys: ['log-driver'],
    });
  });

  it('says what an option is when it goes that a reload would leave as it was', () => {
    const present = JSON.stringify({ labels: ['a=b'], debug: true, 'max-download-attempts': 7 });
    assert.deepEqual(merged(present, ['labels', 'debug', 'max-download-attempts'], {}), {
      text: { labels: [], debug: false },
      keys: ['debug', 'labels'],
    });
  });

  it('is none where nobody wants one, and the same text where nothing differs', () => {
    assert.deepEqual(mergeDaemonOptions(undefined, [], {}), { text: undefined, keys: [] });
    const present = ' { "mtu" : 1400 } ';
    assert.deepEqual(mergeDaemonOptions(present, ['mtu'], { mtu: 1400 }), {
      text: present,
      keys: ['mtu'],
    });
  });

  it('is refused where the present one is none, or forbids a swarm', () => {
    assert.equal(merged('[]', [], {}), 'it is no JSON object');
    assert.match(merged('{"live-restore":true}', [], {}) as string, /it has live-restore/);
    forHostileTexts((text) => {
      const result = mergeDaemonOptions(text, ['debug'], { mtu: 1400 });
      if (typeof result === 'string') return;
      assert.equal((JSON.parse(result.text ?? '{}') as { mtu?: number }).mtu, 1400);
    });
  });

  it('merged once more is the same', () => {
    const keys = ['debug', 'labels', 'mtu', 'data-root', 'hosts'];
    const some = fc.dictionary(fc.constantFrom(...keys), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(some, fc.subarray(keys), some, (there, ours, wanted) => {
        const once = mergeDaemonOptions(JSON.stringify(there), ours, wanted);
        assert.ok(typeof once !== 'string');
        assert.deepEqual(mergeDaemonOptions(once.text, once.keys, wanted), once);
        const after = JSON.parse(once.text ?? '{}') as Record<string, unknown>;
        for (const key of Object.keys(there)) {
          if (!ours.includes(key) && !(key in wanted)) assert.equal(after[key], there[key]);
        }
      }),
    );
  });
});

describe('the note of options', () => {
  it('is read as it was written, and else none', () => {
    const note = { keys: ['mtu'], digest: 'ab' };
    assert.deepEqual(parseDaemonNote(renderDaemonNote(note)), note);
    assert.equal(parseDaemonNote(undefined), undefined);
    forHostileTexts((text) => {
      assert.equal(parseDaemonNote(text), undefined);
    });
  });
});
