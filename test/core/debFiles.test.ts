import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { compareDebVersions, parseDebName } from '../../core/debFiles';
import { chooseFiles, fileEngineVersions, isSamePackageVersion } from '../../core/packageFiles';
import { forHostileTexts } from './support/hostileText';

const debs = { kind: 'deb', architecture: 'amd64' } as const;

describe('names of .deb files', () => {
  it('are read as apt and Docker write them', () => {
    assert.deepEqual(parseDebName('docker-ce_5%3a28.5.2-1~debian.13~trixie_amd64.deb'), {
      file: 'docker-ce_5%3a28.5.2-1~debian.13~trixie_amd64.deb',
      name: 'docker-ce',
      version: '5:28.5.2-1~debian.13~trixie',
      architecture: 'amd64',
    });
    assert.equal(parseDebName('iptables_1.8.11-2_all.deb')?.version, '1.8.11-2');
  });

  it('are none of other files', () => {
    for (const file of [
      '',
      'x.deb',
      'docker.tgz',
      '-o_1_all.deb',
      '../a_1_all.deb',
      'a_1_all.deb\n',
    ]) {
      assert.equal(parseDebName(file), undefined, file);
    }
    forHostileTexts((text) => {
      assert.equal(parseDebName(text), undefined);
      assert.deepEqual(fileEngineVersions(debs, [text]), []);
    });
  });
});

describe('the order of package versions', () => {
  // As `dpkg --compare-versions` has it.
  const ascending = [
    '1.0~rc1-1',
    '1.0-1',
    '1.0-1+b1',
    '1.0-2',
    '1.0-10',
    '1.0a-1',
    '1.0+dfsg-1',
    '1.1~-1',
    '1.1-1',
    '1.009-1',
    '1.10-1',
    '26.1.5+dfsg1-9+b9',
    '28.5.2-1',
    '1:0.1-1',
    '5:27.5.1-1~debian.13~trixie',
    '5:28.5.2-1~debian.13~trixie',
  ];
  it('is dpkg’s', () => {
    ascending.forEach((lower, at) => {
      for (const higher of ascending.slice(at + 1)) {
        assert.ok(compareDebVersions(lower, higher) < 0, `${lower} < ${higher}`);
        assert.ok(compareDebVersions(higher, lower) > 0, `${higher} > ${lower}`);
      }
      assert.equal(compareDebVersions(lower, lower), 0);
    });
  });

  it('is an order, of any texts', () => {
    const version = fc.stringMatching(/^([0-9]:)?[0-9a-c.+~-]{0,8}$/);
    const sign = (a: string, b: string): number => Math.sign(compareDebVersions(a, b));
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        assert.equal(sign(a, b) + sign(b, a), 0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0);
      }),
    );
  });

  it('knows a version without its epoch again', () => {
    assert.ok(isSamePackageVersion('5:28.5.2-1', '28.5.2-1'));
    assert.ok(isSamePackageVersion('28.5.2-1', '28.5.2-1'));
    assert.ok(!isSamePackageVersion('5:28.5.2-1', '4:28.5.2-1'));
    assert.ok(!isSamePackageVersion('28.5.2-1', '28.5.2-2'));
  });
});

describe('what of a directory is installed', () => {
  const files = [
    'docker-ce_27.5.1-1_amd64.deb',
    'docker-ce_28.5.2-1_amd64.deb',
    'docker-ce_29.0.0-1_arm64.deb',
    'docker-ce-cli_27.5.1-1_amd64.deb',
    'docker-ce-cli_28.5.2-1_amd64.deb',
    'containerd.io_1.7.9-1_amd64.deb',
    'containerd.io_1.7.29-1_amd64.deb',
    'iptables_1.8.11-2_amd64.deb',
    'tzdata_2025b-1_all.deb',
    'README',
  ];
  const chosen = (asked: string | undefined, from = files): readonly string[] => {
    const choice = chooseFiles(debs, from, asked);
    return 'missing' in choice
      ? [choice.missing, ...choice.versions]
      : choice.chosen.map(({ file }) => file).sort();
  };

  it('is the newest, or what is asked for with the client of the same version', () => {
    const others = [
      'containerd.io_1.7.29-1_amd64.deb',
      'iptables_1.8.11-2_amd64.deb',
      'tzdata_2025b-1_all.deb',
    ];
    const both = (version: string): string[] => [
      `docker-ce-cli_${version}_amd64.deb`,
      `docker-ce_${version}_amd64.deb`,
    ];
    assert.deepEqual(chosen(undefined), [...both('28.5.2-1'), ...others].sort());
    assert.deepEqual(chosen('27.5'), [...both('27.5.1-1'), ...others].sort());
  });

  it('is nothing where the version, or the engine, is missing, with the versions that there are', () => {
    assert.deepEqual(chosen('29'), ['no engine 29', '28.5.2', '27.5.1']);
    assert.deepEqual(chosen(undefined, ['iptables_1.8_all.deb']), [
      'no package docker-ce or docker.io for amd64',
    ]);
    assert.deepEqual(chosen(undefined, [...files, 'docker.io_26.1.5-1_amd64.deb']), [
      'both docker-ce and docker.io',
    ]);
    assert.deepEqual(fileEngineVersions(debs, files), ['28.5.2', '27.5.1']);
  });

  it('is of each package one file at most, and never of another architecture', () => {
    const file = fc
      .tuple(
        fc.constantFrom('docker-ce', 'docker-ce-cli', 'containerd.io', 'iptables'),
        fc.constantFrom('1.0-1', '1.0-2', '5%3a1.0-2', '2.0~rc1-1'),
        fc.constantFrom('amd64', 'arm64', 'all'),
      )
      .map(([name, version, architecture]) => `${name}_${version}_${architecture}.deb`);
    fc.assert(
      fc.property(fc.array(file, { maxLength: 12 }), (some) => {
        const choice = chooseFiles(debs, some, undefined);
        if ('missing' in choice) return;
        const names = choice.chosen.map(({ name }) => name);
        assert.equal(new Set(names).size, names.length);
        assert.ok(choice.chosen.every(({ architecture }) => architecture !== 'arm64'));
        assert.ok(names.includes('docker-ce'));
      }),
    );
  });
});
