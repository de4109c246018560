import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { excludedPackages, withExclusions } from '../../core/dnfConf';
import { choosePackageVersion, upstreamVersion } from '../../core/engineVersion';
import { chooseFiles, fileEngineVersions } from '../../core/packageFiles';
import { parseRepoquery } from '../../core/parse/repoquery';
import { parseRpmName } from '../../core/rpmFiles';
import { compareRpmVersions } from '../../core/rpmVersion';
import { forHostileTexts } from './support/hostileText';

describe('the order of rpm versions', () => {
  // As `rpmdev-vercmp` and rpm's own tests (tests/rpmvercmp.at) have it.
  const ascending = [
    '1.0~rc1-1',
    '1.0~rc1^git1-1',
    '1.0-1',
    '1.0-1.el9',
    '1.0-2',
    '1.0-10',
    '1.0^20160101-1',
    '1.0.1-1',
    '1.0.2a-1',
    '1.0.2.1-1',
    '2.0.1-1',
    '2.0.1a-1',
    '10xyz-1',
    '10.1xyz-1',
    '28.5.2-1.el9',
    '1:0.1-1',
    '3:27.5.1-1.el9',
    '3:28.5.2~rc.1-1.el9',
    '3:28.5.2-1.el9',
  ];
  it('is rpm’s', () => {
    ascending.forEach((lower, at) => {
      for (const higher of ascending.slice(at + 1)) {
        assert.ok(compareRpmVersions(lower, higher) < 0, `${lower} < ${higher}`);
        assert.ok(compareRpmVersions(higher, lower) > 0, `${higher} > ${lower}`);
      }
      assert.equal(compareRpmVersions(lower, lower), 0);
    });
    for (const [a, b] of [
      ['0:1.0-1', '1.0-1'],
      ['1.05-1', '1.5-1'],
      ['1_0-1', '1.0-1'],
    ] as const) {
      assert.equal(compareRpmVersions(a, b), 0, `${a} = ${b}`);
    }
  });

  it('is an order, of any texts', () => {
    const version = fc.stringMatching(/^([0-9]:)?[0-9a-c.~^]{0,6}(-[0-9a-c.]{0,3})?$/);
    const sign = (a: string, b: string): number => Math.sign(compareRpmVersions(a, b));
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        assert.equal(sign(a, b) + sign(b, a), 0);
        if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0);
      }),
    );
  });
});

describe('what dnf offers', () => {
  const output =
    'docker-ce-3:27.5.1-1.el9.x86_64\ndocker-ce-3:28.0.0~rc.1-1.el9.x86_64\n\n' +
    'docker-ce-3:28.5.2-1.el9.x86_64\ndocker-ce-3:28.5.2-1.el9.x86_64\ndocker-ce-cli-1:29.0.0-1.el9.x86_64\n';

  it('is each version of that package once, best first, with its epoch', () => {
    const versions = parseRepoquery(output, 'docker-ce');
    assert.deepEqual(versions, ['3:28.5.2-1.el9', '3:28.0.0~rc.1-1.el9', '3:27.5.1-1.el9']);
    assert.deepEqual(versions.map(upstreamVersion), ['28.5.2', '28.0.0-rc.1', '27.5.1']);
    assert.equal(choosePackageVersion(versions, '27.5'), '3:27.5.1-1.el9');
    assert.deepEqual(parseRepoquery('', 'docker-ce'), []);
  });

  it('is not known where a line is none of a package', () => {
    assert.match(
      String(parseRepoquery(`${output}docker-ce-3:28`, 'docker-ce')),
      /^no line of a list/,
    );
    forHostileTexts((text) => {
      const versions = parseRepoquery(text, 'docker-ce');
      assert.ok(typeof versions === 'string' || versions.length === 0);
    });
  });
});

describe('what dnf leaves as it is', () => {
  it('is added beside what others exclude, and taken away again', () => {
    const before =
      '# x\n[main]\ngpgcheck=1\nexclude = kernel*,\n  php\nbest=False\n[other]\nexclude=a\n';
    assert.deepEqual(excludedPackages(before), ['kernel*', 'php']);
    const held = withExclusions(before, { add: ['docker-ce', 'php'] });
    assert.equal(
      held,
      '# x\n[main]\ngpgcheck=1\nexcludepkgs=kernel* php docker-ce\nbest=False\n[other]\nexclude=a\n',
    );
    assert.equal(withExclusions(held, { add: ['docker-ce'] }), held);
    assert.deepEqual(excludedPackages(withExclusions(held, { remove: ['docker-ce'] })), [
      'kernel*',
      'php',
    ]);
  });

  it('is written where nothing was, and leaves nothing', () => {
    for (const before of [undefined, '', '[main]\nbest=1\n', '# nothing\n', '[a]\nx=1\n']) {
      const held = withExclusions(before, { add: ['docker-ce'] });
      assert.match(held, /^\[main\]\nexcludepkgs=docker-ce$/m);
      const without = withExclusions(held, { remove: ['docker-ce'] });
      assert.deepEqual(excludedPackages(without), []);
      assert.ok(without.startsWith(before ?? ''));
    }
    assert.equal(withExclusions('[main]\n', { remove: ['docker-ce'] }), '[main]\n');
  });

  it('is what was asked for, whatever was there', () => {
    const name: fc.Arbitrary<string> = fc.constantFrom('docker-ce', 'kernel*', 'runc', 'php');
    const line = fc.constantFrom(
      '[main]',
      '[x]',
      'exclude=kernel*',
      'excludepkgs=a,\n b',
      'k=v',
      '',
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.uniqueArray(name),
        fc.uniqueArray(name),
        (lines, add, remove) => {
          const text = lines.join('\n');
          const held = withExclusions(text, { add });
          assert.deepEqual(
            new Set(excludedPackages(held)),
            new Set([...excludedPackages(text), ...add]),
          );
          const rest = excludedPackages(withExclusions(held, { remove }));
          assert.deepEqual(
            rest,
            excludedPackages(held).filter((each) => !remove.includes(each)),
          );
        },
      ),
    );
  });
});

describe('rpms in a directory', () => {
  const rpms = { kind: 'rpm', architecture: 'amd64' } as const;
  const files = [
    'docker-ce-27.5.1-1.el9.x86_64.rpm',
    'docker-ce-28.5.2-1.el9.x86_64.rpm',
    'docker-ce-29.0.0-1.el9.aarch64.rpm',
    'docker-ce-cli-27.5.1-1.el9.x86_64.rpm',
    'docker-ce-cli-28.5.2-1.el9.x86_64.rpm',
    'containerd.io-1.7.9-1.el9.x86_64.rpm',
    'containerd.io-1.7.29-3.1.el9.x86_64.rpm',
    'container-selinux-2.232.1-1.el9.noarch.rpm',
    'docker-ce_28.5.2-1_amd64.deb',
  ];

  it('are read by their names', () => {
    assert.deepEqual(parseRpmName('container-selinux-2.232.1-1.el9.noarch.rpm'), {
      file: 'container-selinux-2.232.1-1.el9.noarch.rpm',
      name: 'container-selinux',
      version: '2.232.1-1.el9',
      architecture: 'noarch',
    });
    for (const file of ['', 'x.rpm', 'docker.tgz', '-o-1-1.noarch.rpm', '../a-1-1.noarch.rpm']) {
      assert.equal(parseRpmName(file), undefined, file);
    }
    forHostileTexts((text) => {
      assert.equal(parseRpmName(text), undefined);
    });
  });

  it('are the newest for the host’s architecture, or what is asked for', () => {
    const chosen = (asked: string | undefined, from = files): readonly string[] => {
      const choice = chooseFiles(rpms, from, asked);
      return 'missing' in choice
        ? [choice.missing, ...choice.versions]
        : choice.chosen.map(({ file }) => file).sort();
    };
    const others = [
      'container-selinux-2.232.1-1.el9.noarch.rpm',
      'containerd.io-1.7.29-3.1.el9.x86_64.rpm',
    ];
    const both = (version: string): string[] => [
      `docker-ce-${version}-1.el9.x86_64.rpm`,
      `docker-ce-cli-${version}-1.el9.x86_64.rpm`,
    ];
    assert.deepEqual(chosen(undefined), [...others, ...both('28.5.2')]);
    assert.deepEqual(chosen('27.5'), [...others, ...both('27.5.1')]);
    assert.deepEqual(chosen('29'), ['no engine 29', '28.5.2', '27.5.1']);
    assert.deepEqual(chosen(undefined, []), ['no package docker-ce or moby-engine for x86_64']);
    assert.deepEqual(fileEngineVersions(rpms, files), ['28.5.2', '27.5.1']);
  });
});
