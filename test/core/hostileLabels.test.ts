import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readHostLock } from '../../core/hostLock';
import { localDataChoice, localDataLabel } from '../../core/localData';
import { readBaseline } from '../../core/lease';
import { parseMarker, renderMarker } from '../../core/marker';
import { parseCertificateSubject } from '../../core/parse/certificateSubject';
import { withoutSecrets } from '../../core/redaction';
import { parseRenames, renamedLabel } from '../../core/renames';
import { parseRollPolicy, renderRollPolicy, rollPolicyLabel } from '../../core/rollPolicy';
import { forCutTexts, forHostileTexts, forSpoiltJson } from './support/hostileText';

describe('choices about local data in a label that is damaged', () => {
  const nodes = ['m1', 'w1', 'constructor', '__proto__', ''];
  const choices = (text: string): readonly unknown[] =>
    nodes.map((node) => localDataChoice({ [localDataLabel]: text }, node));

  it('are none at all: half of them would be a guess', () => {
    const none = nodes.map(() => undefined);
    for (const text of [
      'm1=discard,w1',
      'm1=discard,w1=ke',
      'm1=discard=keep',
      'm1=keep,m1=discard',
      'm1=discard,=keep',
      'm1=discard,',
      'm1=discard\n',
      'm1=Discard',
      'm1=constructor',
    ]) {
      assert.deepEqual(choices(text), none, text);
    }
  });

  it('are none wherever the text was cut, but between two of them', () => {
    forCutTexts('m1=discard,w1=keep', (text) => {
      const isWhole = text === 'm1=discard';
      assert.equal(choices(text)[0], isWhole ? 'discard' : undefined, text);
    });
  });

  it('never throw', () => {
    forHostileTexts((text) => void choices(text));
  });
});

describe('renames in a label that is damaged', () => {
  it('are none at all', () => {
    for (const text of ['m9=m3,w9', 'm9=m3=m4', 'm9=m3,m9=m4', 'm9=,w9=w1', '=m3', 'm9=m3,']) {
      assert.deepEqual(parseRenames({ [renamedLabel]: text }), {}, text);
    }
    assert.deepEqual(parseRenames({ [renamedLabel]: 'm9=m3,__proto__=m4' })['m9'], 'm3');
  });
});

describe('JSON on hosts and in labels that is damaged', () => {
  it('a roll policy is whole, or none', () => {
    const policy = { maxUnavailable: 2, timeouts: { gate: 5, drain: 7 }, standIn: 'w1' };
    const parse = (text: string): unknown => parseRollPolicy({ [rollPolicyLabel]: text });
    assert.deepEqual(parse(renderRollPolicy(policy)), policy);
    forCutTexts(renderRollPolicy(policy), (text) => {
      assert.equal(parse(text), undefined);
    });
    forSpoiltJson(policy, (text) => {
      const { maxUnavailable = 1, timeouts = {} } =
        parseRollPolicy({ [rollPolicyLabel]: text }) ?? {};
      assert.ok(Number.isSafeInteger(maxUnavailable) && maxUnavailable >= 1);
      for (const seconds of Object.values(timeouts)) assert.ok(seconds > 0 && seconds < Infinity);
    });
  });

  it('a marker is whole, or none', () => {
    const marker = { id: 'node-1', urn: 'urn:pulumi:a::b::c::d' };
    forCutTexts(renderMarker(marker).trimEnd(), (text) => {
      assert.equal(parseMarker(text), undefined);
    });
    forSpoiltJson(marker, (text) => {
      const found = parseMarker(text);
      if (found === undefined) return;
      assert.deepEqual([typeof found.id, typeof found.urn], ['string', 'string']);
    });
  });

  it('a baseline is whole, or none', () => {
    const parse = (text: string): unknown => readBaseline({ 'baseline.m1': text }, 'm1');
    forCutTexts('{"web":3,"constructor":1}', (text) => {
      assert.equal(parse(text), undefined);
    });
    forSpoiltJson({ web: 3, api: 1 }, (text) => {
      const counts = Object.values(readBaseline({ 'baseline.m1': text }, 'm1') ?? {});
      assert.ok(
        counts.every((one) => Number.isSafeInteger(one) && one >= 0),
        text.slice(0, 80),
      );
    });
  });

  it('a lock of a host is somebody’s, whatever is in it', () => {
    assert.equal(readHostLock(undefined).holder, undefined);
    forHostileTexts((text) => {
      assert.ok(readHostLock(text).holder !== undefined);
    });
    const lock = { holder: 'a', operation: 'b', since: 'c', renewal: 1 };
    forSpoiltJson(lock, (text) => {
      assert.ok(typeof readHostLock(text).holder === 'string');
    });
  });
});

describe('hostile text', () => {
  it('is nobody’s certificate', () => {
    forHostileTexts((text) => {
      assert.equal(parseCertificateSubject(text), undefined);
    });
    forCutTexts(
      'O=abcdefghij0123456789abcde\nOU=swarm-manager\nCN=zzzzzzzzzz0123456789abcde',
      (text) => {
        const found = parseCertificateSubject(text);
        assert.ok(found === undefined || /^z{10}[0-9a-e]+$/.test(found.nodeId));
      },
    );
  });

  it('is told without secrets, however long it is', () => {
    forHostileTexts((text) => {
      assert.equal(typeof withoutSecrets(text), 'string');
    });
  });
});
