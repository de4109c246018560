import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMadison } from '../../../core/parse/aptMadison';
import { lowerApiVersion, plainEngineVersion } from '../../../core/parse/engineVersion';
import { parseHostFacts } from '../../../core/parse/hostFacts';
import { parseIpAddresses } from '../../../core/parse/ipAddresses';
import { parseOsRelease } from '../../../core/parse/osRelease';

describe('parseOsRelease', () => {
  it('takes quoted and bare values', () => {
    const text = `PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nVERSION_ID="24.04"\nID_LIKE='debian extra'\n`;
    assert.deepEqual(parseOsRelease(text), {
      id: 'ubuntu',
      versionId: '24.04',
      codename: '',
      idLike: ['debian', 'extra'],
    });
  });

  it('takes the code name of a testing release', () => {
    assert.equal(parseOsRelease('ID=debian\nVERSION_CODENAME=forky\n').versionId, 'forky');
  });

  it('says nothing of an empty file', () => {
    assert.deepEqual(parseOsRelease(''), { id: '', versionId: '', codename: '', idLike: [] });
  });
});

describe('parseMadison', () => {
  it('gives each version once, in order, without sources', () => {
    const output = [
      ' docker.io | 28.5.2+dfsg1-1 | http://mirror/debian forky/main amd64 Packages',
      ' docker.io | 26.1.5+dfsg1-9+b3 | http://mirror/debian trixie/main amd64 Packages',
      ' docker.io | 26.1.5+dfsg1-9+b3 | http://security/debian trixie/main amd64 Packages',
      ' docker.io | 26.1.5+dfsg1-9 | http://mirror/debian trixie/main Sources',
      '',
    ].join('\n');
    assert.deepEqual(parseMadison(output), ['28.5.2+dfsg1-1', '26.1.5+dfsg1-9+b3']);
  });

  it('gives none for no output', () => {
    assert.deepEqual(parseMadison(''), []);
  });
});

describe('engine versions', () => {
  it('drops what only tells of the build', () => {
    assert.equal(plainEngineVersion('20.10.24+dfsg1'), '20.10.24');
    assert.equal(plainEngineVersion('v26.1.5'), '26.1.5');
    assert.equal(plainEngineVersion('29.0.0-rc.1'), '29.0.0-rc.1');
  });

  it('compares API versions by number', () => {
    assert.equal(lowerApiVersion('1.9', '1.44'), '1.9');
    assert.equal(lowerApiVersion('1.52', '1.44'), '1.44');
    assert.equal(lowerApiVersion('2.0', '1.44'), '1.44');
  });
});

describe('parseIpAddresses', () => {
  it('takes both families and skips links that were filtered out', () => {
    const json = JSON.stringify([
      {},
      {
        ifname: 'eth0',
        addr_info: [
          { family: 'inet', local: '10.0.0.2', prefixlen: 24 },
          { family: 'inet6', local: 'fe80::1', prefixlen: 64 },
        ],
      },
    ]);
    assert.deepEqual(parseIpAddresses(json), [
      { interface: 'eth0', address: '10.0.0.2', prefixLength: 24 },
      { interface: 'eth0', address: 'fe80::1', prefixLength: 64 },
    ]);
  });

  it('does not take an error for "no addresses"', () => {
    assert.throws(() => parseIpAddresses(''), SyntaxError);
    assert.throws(() => parseIpAddresses('{}'), TypeError);
  });
});

describe('parseHostFacts', () => {
  const output = [
    'hostname=n1',
    'bootId=0b1c',
    'architecture=amd64',
    'clockSeconds=1795248103',
    'freeBytes=  78476021760',
    '',
    'ID=debian',
    'VERSION_ID="13"',
    'VERSION_CODENAME=trixie',
    '',
  ].join('\n');

  it('reads the whole answer', () => {
    assert.deepEqual(parseHostFacts(output), {
      hostname: 'n1',
      os: 'debian:13',
      osLike: [],
      codename: 'trixie',
      bootId: '0b1c',
      architecture: 'amd64',
      clockSeconds: 1_795_248_103,
      freeBytes: 78_476_021_760,
      isPrivileged: true,
    });
  });

  it('says what is missing', () => {
    assert.equal(
      parseHostFacts(output.replace('bootId=0b1c', 'bootId=')),
      'it did not tell its bootId',
    );
    assert.equal(parseHostFacts(output.replace('ID=debian', '')), 'it has no /etc/os-release');
    assert.equal(typeof parseHostFacts(''), 'string');
  });
});
