import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseConfiguration } from '../../core/configuration';
import {
  buildName,
  clearance,
  distributionFamily,
  dockerSuite,
  engineSourceSchema,
  knownPackages,
  packageFamilies,
  parseSourceNote,
  renderSourceNote,
  sourceChange,
  staticVersion,
} from '../../core/engineSource';
import { packageKind } from '../../core/packageKind';
import { forHostileTexts } from './support/hostileText';

const host = (os: string, codename: string) => ({ os, osLike: [], codename });

describe('a declared source', () => {
  const good: readonly object[] = [
    { kind: 'distribution' },
    { kind: 'docker' },
    { kind: 'docker', url: 'http://10.0.0.1:8080/docker/linux/' },
    { kind: 'docker', fingerprint: '9DC8 5822 9FC7 DD38 854A  E2D8 8D81 803C 0EBF CD88' },
    { kind: 'packages', directory: '/srv/debs' },
    { kind: 'static', path: 'docker-28.5.2.tgz', sha256: 'ab'.repeat(32) },
    { kind: 'static', url: 'http://m/docker-28.5.2.tgz', sha256: 'AB'.repeat(32) },
    { kind: 'preinstalled' },
  ];
  for (const source of good) {
    it(`${JSON.stringify(source)} is one`, () => {
      assert.ok(engineSourceSchema.safeParse(source).success);
    });
  }

  const bad: readonly [unknown, string, RegExp][] = [
    [{ kind: 'snap' }, 'engine.source', /no source of an engine; give a map with `kind`: dist/],
    ['docker', 'engine.source', /is not a map|no source of an engine/],
    [{ kind: 'distribution', url: 'x' }, 'engine.source.url', /is not a known key/],
    [{ kind: 'docker', url: 'https://u:p@mirror' }, 'engine.source.url', /without a login/],
    [{ kind: 'docker', url: 'https://a b' }, 'engine.source.url', /no address/],
    [{ kind: 'docker', url: 'file:///srv' }, 'engine.source.url', /no address/],
    [{ kind: 'docker', url: 'http://a/]\ndeb http://b' }, 'engine.source.url', /no address/],
    [{ kind: 'packages' }, 'engine.source.directory', /is missing/],
    [{ kind: 'static', sha256: 'ab'.repeat(32) }, 'engine.source', /one of `path` and `url`/],
    [{ kind: 'static', path: 'x', sha256: 'ab' }, 'engine.source.sha256', /no SHA-256/],
    [{ kind: 'docker', fingerprint: '0EBFCD88' }, 'engine.source.fingerprint', /no fingerprint/],
  ];
  for (const [source, property, reason] of bad) {
    it(`${JSON.stringify(source)} is none, and the configuration says why`, () => {
      const managers = [{ name: 'm1', address: '192.0.2.1' }];
      const result = parseConfiguration({ managers, engine: { source } });
      assert.ok('failures' in result);
      const fault = result.failures.find((one) => one.property === property);
      assert.match(fault?.reason ?? JSON.stringify(result.failures), reason);
    });
  }
});

describe('another source', () => {
  it('replaces the engine when it is of another kind, and else touches no engine', () => {
    assert.equal(sourceChange({ kind: 'distribution' }, { kind: 'docker' }), 'replace');
    assert.equal(sourceChange({ kind: 'docker' }, { kind: 'preinstalled' }), 'replace');
    assert.equal(sourceChange({ kind: 'docker' }, { kind: 'docker', url: 'http://m' }), 'update');
  });

  it('is another build of static programs when its content is another', () => {
    const old = { kind: 'static', path: '/a/docker-28.5.2.tgz', sha256: 'ab'.repeat(32) } as const;
    const moved = { kind: 'static', url: 'http://m/x.tgz', sha256: 'AB'.repeat(32) } as const;
    assert.equal(sourceChange(old, moved), 'update');
    assert.equal(sourceChange(old, { ...old, sha256: 'cd'.repeat(32) }), 'replace');
    assert.equal(buildName(old), '28.5.2-abababababab');
    assert.equal(buildName(moved), 'build-abababababab');
    assert.equal(staticVersion({ path: '/x/docker-29.0.0-rc.1.tgz' }), '29.0.0-rc.1');
    assert.equal(staticVersion({ path: '/x/docker-28.5.2.tgz.old' }), undefined);
    assert.equal(staticVersion({ url: 'http://m/rootless-docker-28.5.2.tgz' }), undefined);
  });

  const { distribution, docker } = packageFamilies;
  it('makes room where the former one is ours, and names strangers where it is not', () => {
    const there = ['docker.io', 'containerd'];
    assert.deepEqual(clearance(docker, distribution, there), { remove: there, strangers: [] });
    assert.deepEqual(clearance(docker, [], there), { remove: [], strangers: ['docker.io'] });
    assert.deepEqual(clearance(distribution, [], there), { remove: [], strangers: [] });
    // A runtime alone may be another program's: apt refuses by itself if it is in the way.
    assert.deepEqual(clearance(docker, [], ['containerd']), { remove: [], strangers: [] });
  });

  it('never removes what it needs itself, what is not there, or what is not noted', () => {
    const some = fc.subarray([...knownPackages]);
    fc.assert(
      fc.property(some, some, some, (own, noted, installed) => {
        const { remove, strangers } = clearance(own, noted, installed);
        for (const name of remove) {
          assert.ok(!own.includes(name) && noted.includes(name) && installed.includes(name));
        }
        for (const name of strangers) {
          assert.ok(!own.includes(name) && !noted.includes(name) && installed.includes(name));
        }
      }),
    );
  });
});

describe('a host', () => {
  it('has a suite of Docker’s repository by its code name, or a sentence why not', () => {
    assert.deepEqual(dockerSuite(host('debian:13', 'trixie')), {
      folder: 'debian',
      suite: 'trixie',
    });
    assert.deepEqual(dockerSuite(host('ubuntu:24.04', 'noble')), {
      folder: 'ubuntu',
      suite: 'noble',
    });
    assert.match(dockerSuite(host('linuxmint:22', 'wilma')) as string, /it runs linuxmint:22/);
    assert.match(dockerSuite(host('debian:13', '')) as string, /names no VERSION_CODENAME/);
  });

  it('has a release of it where it takes rpms, what is built from RHEL by CentOS’', () => {
    const like = ['rhel', 'centos', 'fedora'];
    const place = (os: string, osLike: readonly string[]): unknown => {
      const suite = dockerSuite({ os, osLike, codename: '' });
      return typeof suite === 'string' ? suite : `${suite.folder}/${suite.suite}`;
    };
    assert.equal(place('fedora:43', []), 'fedora/43');
    assert.equal(place('centos:9', ['rhel', 'fedora']), 'centos/9');
    assert.equal(place('rhel:9.4', ['fedora']), 'rhel/9');
    assert.equal(place('rocky:9.4', like), 'centos/9');
    assert.match(String(place('rocky:', like)), /names no VERSION_ID/);
    assert.match(String(place('amzn:2023', ['fedora'])), /and it runs amzn:2023/);
  });

  it('has an engine of its distribution, or a sentence why not', () => {
    assert.equal(distributionFamily({ os: 'linuxmint:22', osLike: ['ubuntu'] })[0], 'docker.io');
    assert.equal(distributionFamily({ os: 'fedora:43', osLike: [] })[0], 'moby-engine');
    assert.equal(
      distributionFamily({ os: 'rocky:9.4', osLike: ['rhel'] }),
      'its distribution, rocky:9.4, has no Docker Engine of its own',
    );
  });

  it('takes .deb packages, rpms, or neither, by its kin', () => {
    assert.equal(packageKind({ os: 'debian:12', osLike: [] }), 'deb');
    assert.equal(packageKind({ os: 'linuxmint:22', osLike: ['ubuntu', 'debian'] }), 'deb');
    assert.equal(packageKind({ os: 'rocky:9.4', osLike: ['rhel', 'centos', 'fedora'] }), 'rpm');
    assert.equal(packageKind({ os: 'fedora:43', osLike: [] }), 'rpm');
    assert.equal(packageKind({ os: 'opensuse-leap:15.6', osLike: ['suse'] }), undefined);
  });
});

describe('the note of a source', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (kind, packages) => {
        const note = { kind, packages };
        assert.deepEqual(parseSourceNote(renderSourceNote(note)), note);
      }),
    );
  });

  it('is none where it cannot be read as one: then nothing on the host is ours', () => {
    assert.equal(parseSourceNote(undefined), undefined);
    assert.equal(parseSourceNote('{"kind":"docker","packages":[1]}'), undefined);
    forHostileTexts((text) => {
      assert.equal(parseSourceNote(text), undefined);
    });
  });
});
