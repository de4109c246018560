import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { fingerprintedBytes } from '../../../core/parse/openPgpKey';
import { forCutTexts, forHostileTexts } from '../support/hostileText';

/** Made by gpg 2.2.40 (`--quick-gen-key … ed25519 sign never`), which shows this fingerprint. */
const fingerprint = '5e3ce312c5f947065654d0aac10d2eeaa5e76a64';
const body = `mDMEawHaqBYJKwYBBAHaRw8BAQdAXTZ7QWmfFGFt2ZYaOe41BAKJxHfdqjmIslKU
wLURzWW0EVRlc3QgcmVwb3NpdG9yeSAxiJAEExYIADgWIQRePOMSxflHBlZU0KrB
DS7qpedqZAUCawHaqAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRDBDS7q
pedqZELHAP9cAcAwFtfKRVxI/XVxeLGsF9vo3Ht4ZIbhatzbsTPDRAD/TE5zI6/h
gfKmaKWd9JDRcnby7gbVUG8ReMN2D7rR8g0=`;
const other = `mDMEawHaqBYJKwYBBAHaRw8BAQdA2TMyT08YG37E7XxTzlyYGhH8sz/S6h+cLSqO
2/MGswS0EVRlc3QgcmVwb3NpdG9yeSAyiJAEExYIADgWIQQC661Fy1DdQJlxVvSb
XeHjG7hM3gUCawHaqAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRCbXeHj
G7hM3s6FAQDewpsP/Mk8VjaLEWhQPtamhXGmBtLh0Fnt4vF5z1j8vwD/cUlUusEl
E91UoZa098H8k38OjY/e/3rmIqt+KEH7VA0=`;

const armored = (base64: string): string =>
  `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${base64}\n=aN3T\n-----END PGP PUBLIC KEY BLOCK-----\n`;
const packets = (...blocks: readonly string[]): string =>
  armored(
    Buffer.concat(blocks.map((block) => Buffer.from(block, 'base64'))).toString('base64') + '\n',
  ).replace('\n\n=', '\n=');

function sum(text: string): string {
  const bytes = fingerprintedBytes(text);
  return typeof bytes === 'string' ? bytes : createHash('sha1').update(bytes).digest('hex');
}

describe('the fingerprint of a public key', () => {
  it('is what gpg shows, with line ends and headers of either kind', () => {
    assert.equal(sum(armored(body)), fingerprint);
    assert.equal(sum(armored(body).replaceAll('\n', '\r\n')), fingerprint);
    const header = armored(body).replace('BLOCK-----\n\n', 'BLOCK-----\nComment: x\n\n');
    assert.equal(sum(header), fingerprint);
  });

  it('is none of two keys, in one block or in two', () => {
    assert.equal(sum(packets(body, other)), 'it holds more than one key');
    assert.equal(sum(armored(body) + armored(other)), 'it is no single public key in armor');
  });

  it('is none of anything else', () => {
    assert.equal(sum(armored('aGVsbG8gd29ybGQ=')), 'its packets are damaged');
    assert.equal(sum(armored(body).replaceAll('PUBLIC', 'PRIVATE')), sum(''));
    // A literal data packet behind the key.
    const data = Buffer.from([0xcb, 0x01, 0x62]).toString('base64');
    assert.equal(sum(packets(body, data)), 'it holds more than a public key');
    assert.equal(sum(packets(data)), 'it does not begin with a public key');
  });

  it('is none of a text that was cut off, and of hostile ones', () => {
    const whole = armored(body);
    forCutTexts(whole.trimEnd(), (cut) => {
      assert.equal(typeof fingerprintedBytes(cut), 'string');
    });
    forHostileTexts((text) => {
      assert.equal(typeof fingerprintedBytes(text), 'string');
      fingerprintedBytes(armored(text));
    });
  });

  it('is another one when a bit of the key is another one', () => {
    const bytes = Buffer.from(body, 'base64');
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 52 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        assert.notEqual(sum(packets(changed.toString('base64'))), fingerprint);
      }),
    );
  });
});
