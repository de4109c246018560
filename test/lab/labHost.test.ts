import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseSavedRules } from '../../effects/labMachines/firewall';
import {
  carriedOptions,
  findArchive,
  parseDeb822Sources,
  parseSourcesList,
} from '../../effects/labMachines/hostApt';
import { bridgeName, hardwareAddress, linkName } from '../../effects/labMachines/layout';
import { hostsFile } from '../../effects/labMachines/machineDisk';
import { plainText } from '../../effects/labMachines/sshReady';
import { isOverlapping, parseSubnet, requireHostAddress } from '../../effects/labMachines/subnet';

describe('the package sources of this computer', () => {
  test('the archive of a deb822 file is the source with the host’s own suite', () => {
    const sources = parseDeb822Sources(
      [
        'Types: deb',
        '# a comment',
        'URIs: http://mirror.example/debian',
        'Suites: bookworm bookworm-updates',
        'Components: main',
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
        '',
        'Types: deb',
        'URIs: http://mirror.example/debian-security',
        'Suites: bookworm-security',
        'Components: main',
        '',
        'Enabled: no',
        'Types: deb',
        'URIs: http://off.example/debian',
        'Suites: bookworm',
        'Components: main',
      ].join('\n'),
    );
    assert.equal(sources.length, 2);
    assert.deepEqual(findArchive(sources, 'bookworm'), {
      uri: 'http://mirror.example/debian',
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
      signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
    });
    assert.equal(findArchive(sources, 'trixie'), undefined);
  });

  test('a key that stands in the stanza itself is no keyring file', () => {
    const [source] = parseDeb822Sources(
      'Types: deb\nURIs: http://m.example\nSuites: x\nComponents: main\nSigned-By:\n -----BEGIN PGP\n .\n abc\n',
    );
    assert.equal(source?.signedBy, undefined);
  });

  test('a one-line file gives options, components and no source packages', () => {
    const text = [
      '# deb http://old.example/debian bookworm main',
      'deb-src http://m.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bookworm main contrib # note',
    ].join('\n');
    assert.deepEqual(parseSourcesList(text), [
      {
        uri: 'http://m.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: '/k.gpg',
      },
    ]);
  });

  test('of apt’s options those go along that say how to reach a mirror', () => {
    const dump = [
      'Acquire "";',
      'Acquire::Check-Valid-Until "false";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::http::Proxy-Auto-Detect "/usr/bin/detect";',
      'Acquire::https::CaInfo "/only/here.pem";',
      'Acquire::IndexTargets::deb::Packages "";',
      'APT::Architecture "amd64";',
    ].join('\n');
    const environment = {
      http_proxy: 'http://ignored.example',
      HTTPS_PROXY: 'http://tls.example:8080',
    };
    assert.deepEqual(carriedOptions(dump, environment), [
      'Acquire::Check-Valid-Until "false";',
      'Acquire::http::Proxy "http://proxy.example:3128";',
      'Acquire::https::Proxy "http://tls.example:8080";',
    ]);
  });
});

describe('addresses of a lab', () => {
  test('the first address of the subnet is the bridge’s', () => {
    assert.deepEqual(parseSubnet('10.88.0.77/24'), {
      cidr: '10.88.0.0/24',
      prefixLength: 24,
      gateway: '10.88.0.1',
    });
  });

  for (const cidr of ['10.88.0.0', '10.88.0.0/8', '10.88.0.0/30', 'fd00::/64', '300.0.0.0/24']) {
    test(`${cidr} is refused`, () => {
      assert.throws(() => parseSubnet(cidr), { code: 'LabAddressInvalid' });
    });
  }

  for (const address of ['10.88.0.0', '10.88.0.1', '10.88.0.255', '10.88.1.2', '10.88.2', 'm1']) {
    test(`${address} is no machine’s address in 10.88.0.0/24`, () => {
      assert.throws(
        () => {
          requireHostAddress(parseSubnet('10.88.0.0/24'), address);
        },
        { code: 'LabAddressInvalid' },
      );
    });
  }

  test('networks overlap with themselves, with what holds them, and both ways round', () => {
    const cidr = fc
      .tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 16, max: 29 }))
      .map(([b, c, prefix]) => `10.${b}.${c}.0/${prefix}`);
    fc.assert(fc.property(cidr, (one) => isOverlapping(one, one)));
    fc.assert(fc.property(cidr, cidr, (a, b) => isOverlapping(a, b) === isOverlapping(b, a)));
    assert.ok(isOverlapping('10.0.0.0/8', '10.91.0.0/24'));
    assert.ok(!isOverlapping('10.90.0.0/24', '10.91.0.0/24'));
  });
});

describe('names that a lab gives', () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);

  test('links fit the kernel’s 15 characters and start as their bridge does', () => {
    fc.assert(
      fc.property(name, name, (lab, machine) => {
        const link = linkName(lab, machine);
        return link.length <= 15 && link.startsWith(bridgeName(lab)) && link !== bridgeName(lab);
      }),
    );
  });

  test('hardware addresses are local, unicast, and stay the same', () => {
    fc.assert(
      fc.property(name, name, (lab, machine) => {
        const address = hardwareAddress(lab, machine);
        return /^02(:[0-9a-f]{2}){5}$/.test(address) && address === hardwareAddress(lab, machine);
      }),
    );
  });
});

describe('texts of this computer', () => {
  test('rules of labs are found among those of others', () => {
    const saved = [
      '*nat',
      '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
      '-A POSTROUTING -s 10.91.0.0/24 ! -o swl-1 -m comment --comment "swarm-lab:demo" -j MASQUERADE',
      'COMMIT',
      '*filter',
      '-A FORWARD -i swl-2 -m comment --comment swarm-lab:demo-2 -j ACCEPT',
      'COMMIT',
    ].join('\n');
    assert.deepEqual(
      parseSavedRules(saved).map(({ table, lab, specification }) => [
        table,
        lab,
        specification.at(-3),
      ]),
      [
        ['nat', 'demo', 'swarm-lab:demo'],
        ['filter', 'demo-2', 'swarm-lab:demo-2'],
      ],
    );
  });

  test('a machine’s hosts file takes over names, but not those of loopback', () => {
    const own = '127.0.0.1 localhost\n::1 ip6-localhost\n192.0.2.9 mirror.example # ours\n';
    assert.equal(
      hostsFile({ name: 'm1', address: '10.88.0.11' }, own),
      '127.0.0.1 localhost\n10.88.0.11 m1\n192.0.2.9 mirror.example\n',
    );
  });

  test('a console is shown without colours and titles', () => {
    assert.equal(
      plainText('\u001b]3008;start=1\u001b\\[\u001b[0;32m  OK  \u001b[0m] Started.\r\n'),
      '[  OK  ] Started.\n',
    );
  });
});
