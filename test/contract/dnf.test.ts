import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { defaultDirectories } from '../../effects/labMachines/layout';
import type { Host } from '../../effects/effects';
import type { PackageRepository } from '../../effects/packages';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import type { PropertyMap } from '../../provider/server/resource';
import { ProviderProcess } from '../support/providerHarness';
import { SigningKey } from './enginePackages';
import { sshdSkip } from './localSshd';
import { makeDockerRpms, rockyRelease, rpms } from './rpmPackages';
import { serveFolder, type ServedFolder } from './serveFolder';

const lab = 'rpms';
const folder = '/srv/rpms';
const root = join(defaultDirectories.state, lab, 'machines', 'r1', 'root');
const kept = '/var/lib/pulumi-swarm/kept';
const urn = 'urn:pulumi:test::project::swarm:index:Engine::r1';
const engine = { ...rpms.engine, ...rpms.runtime };
const names = Object.keys(engine);

/** The real dnf and rpm, on a machine that says of itself that it is Rocky. One step after the other, as in engineSources. */
describe('packages of a host with dnf', { skip: sshdSkip, concurrency: 1 }, () => {
  const effects = realEffects();
  let host: Host;
  let key: SigningKey;
  let served: ServedFolder | undefined;
  let repository: PackageRepository;

  const removeMachines = async (): Promise<void> => {
    for (const record of await effects.lab.records(lab)) {
      await effects.lab.remove(lab, record.name, record.id);
    }
  };
  const versions = async (): Promise<Record<string, string>> => {
    const there: Record<string, string> = {};
    for (const name of names) {
      const version = await host.packages.installed(name);
      if (version !== undefined) there[name] = version;
    }
    return there;
  };
  const dnf = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await host.run(['dnf', '-y', ...args]);
    assert.equal(code, 0, stdout + stderr);
  };
  const rpmPath = (name: string, version: string): string =>
    join(root, folder, 'rpms', `${name}-${version}.x86_64.rpm`);

  before(async () => {
    assert.deepEqual(await effects.lab.missing(), []);
    await removeMachines();
    const { privateKey: hostPrivateKey, publicKey: hostPublicKey } = generateSshKeyPair('test');
    await effects.lab.ensure(
      {
        ...{ id: 'r1', lab, subnet: '10.107.0.0/24', name: 'r1', os: 'debian:13' },
        ...{ address: '10.107.0.11', hostPrivateKey, hostPublicKey, labels: {} },
      },
      () => undefined,
    );
    host = await effects.hosts.connect({ lab, machine: 'r1' });
    key = new SigningKey();
    await makeDockerRpms(host, folder, key.secret);
    await host.files.write('/etc/os-release', rockyRelease);
    // What it is is asked once on each connection.
    await effects.hosts.close();
    host = await effects.hosts.connect({ lab, machine: 'r1' });
    served = await serveFolder(
      join(root, folder, 'rpms'),
      { address: '10.107.0.1', prefix: '/centos/9/x86_64/stable/' },
      new Map([['/centos/gpg', key.armored]]),
    );
    repository = {
      ...{ name: 'pulumi-swarm-docker', url: `${served.url}/centos`, suite: '9' },
      ...{ component: 'stable', architecture: 'amd64', key: key.armored },
    };
  });

  after(async () => {
    served?.close();
    key.remove();
    await effects.hosts.close();
    await removeMachines();
  });

  it('are offered by a repository that can be read, best first', async () => {
    const nowhere = { ...repository, suite: '10' };
    await assert.rejects(host.packages.addRepository(nowhere), { code: 'RepositoryUnreadable' });
    await host.packages.addRepository(repository);
    assert.deepEqual(await host.packages.available('docker-ce'), [
      rpms.next['docker-ce'],
      rpms.working['docker-ce'],
      rpms.engine['docker-ce'],
    ]);
    assert.deepEqual(await host.packages.available('docker'), []);
    assert.deepEqual(await versions(), {});
  });

  it('are installed in exactly the asked version, not started, and nothing unsigned', async () => {
    await assert.rejects(host.packages.install(rpms.unsigned), {
      code: 'PackageInstallFailed',
      message: /is not signed/,
    });
    await assert.rejects(host.packages.install({ 'docker-ce': '3:1.2.3-1.el9' }), {
      code: 'PackageInstallFailed',
      message: /No match|Unable to find/,
    });
    for (const word of ['--help', '-x', '$(reboot)', 'a b']) {
      await assert.rejects(host.packages.install({ [word]: undefined }), {
        message: /is no name and version of a package/,
      });
    }
    await host.packages.install(engine);
    assert.deepEqual(await versions(), engine);
    assert.equal(await host.systemd.state('docker.service'), 'inactive');
  });

  it('are downloaded and tried, and nothing of what is there changes', async () => {
    const missing = { code: 'PackageUnfit', message: /No match|Unable to find/ };
    await assert.rejects(host.packages.fetch({ 'docker-ce': '3:1.2.3-1.el9' }, []), missing);
    await host.packages.fetch(rpms.next, ['runc']);
    const { stdout } = await host.run(['find', '/var/cache', '-name', 'docker-ce-*28.5.2-1*.rpm']);
    assert.equal(stdout.trim().split('\n').length, 2, stdout);
    const version = '28.5.2-1.el9';
    const file = (name: string) => ({ name, version, path: rpmPath(name, version) });
    await host.packages.fetchFiles([file('docker-ce'), file('docker-ce-cli')], []);
    assert.deepEqual(await versions(), engine);
    await host.packages.remove(...names);
    await assert.rejects(host.packages.fetchFiles([file('docker-ce')], []), {
      code: 'PackageUnfit',
      message: /nothing provides (docker-ce-cli|containerd\.io)/,
    });
    assert.deepEqual(await versions(), {});
    await host.packages.install(engine);
  });

  it('are moved by nobody while they are held, and by us all the same', async () => {
    await host.files.write('/etc/dnf/dnf.conf', '[main]\nexclude=kernel*\nbest=False\n');
    await host.packages.hold(names);
    await dnf('upgrade');
    assert.deepEqual(await versions(), engine);
    assert.equal((await host.packages.available('docker-ce'))[0], rpms.next['docker-ce']);
    await host.packages.install(rpms.next);
    assert.deepEqual(await versions(), { ...engine, ...rpms.next });
    await host.packages.install(rpms.engine);
    assert.deepEqual(await versions(), engine);
    await host.packages.unhold(names);
    assert.equal(
      await host.files.read('/etc/dnf/dnf.conf'),
      '[main]\nexcludepkgs=kernel*\nbest=False\n',
    );
    // That they would have been moved.
    await dnf('upgrade', 'docker-ce', '--exclude=docker-ce-cli');
    assert.equal((await versions())['docker-ce'], rpms.next['docker-ce']);
    await host.packages.install(engine);
  });

  it('are kept, bit by bit as they are, and put back without a source', async () => {
    await host.packages.hold(names);
    await host.packages.keep([...names, 'moby-engine'], kept);
    await host.packages.install(rpms.next);
    await host.packages.removeRepository(repository.name);
    await host.packages.putBack(kept);
    await host.packages.putBack(kept);
    assert.deepEqual(await versions(), engine);
    const { stdout } = await host.run(['rpm', '--verify', '--nodeps', '--nomtime', ...names]);
    assert.equal(stdout, '');
    const before = await host.run(['ls', '-A', kept]);
    await assert.rejects(host.packages.keep(names, kept), { code: 'PackageKeepFailed' });
    assert.deepEqual(await host.run(['ls', '-A', kept]), before);
  });

  it('are installed from files without a source, and then kept from these', async () => {
    const version = '28.5.2-1.el9';
    const file = (name: string) => ({ name, version, path: rpmPath(name, version) });
    await assert.rejects(
      host.packages.installFiles([{ ...file('docker-ce'), name: 'docker-ce-cli' }]),
      {
        code: 'PackageFileUnfit',
      },
    );
    await host.packages.installFiles([file('docker-ce'), file('docker-ce-cli')]);
    assert.deepEqual(await versions(), { ...engine, ...rpms.next });
    await host.packages.keep(Object.keys(rpms.next), kept);
    assert.equal((await host.run(['ls', kept])).stdout, 'docker-ce-cli.rpm\ndocker-ce.rpm\n');
    await host.packages.addRepository(repository);
    await host.packages.install(engine);
    await host.packages.putBack(kept);
    assert.deepEqual(await versions(), { ...engine, ...rpms.next });
  });

  it('wait for another transaction', async () => {
    const other = dnf('install', 'lasting');
    await host.run(['sh', '-c', 'until pgrep -f "sleep 3" >/dev/null; do sleep 0.1; done'], {
      timeoutSeconds: 60,
    });
    await host.packages.install(engine);
    await other;
    assert.deepEqual(await versions(), engine);
  });

  it('are whole again after a transaction that was killed', async () => {
    const script = `dnf -y --setopt=disable_excludes=main install docker-ce-cli-1:29.0.0 & pid=$!
      until [ "$(rpm -q docker-ce-cli | wc -l)" = 2 ]; do sleep 0.1; done; kill -9 $pid`;
    await host.run(['sh', '-c', script], { timeoutSeconds: 60 });
    const twice = await host.run(['rpm', '-q', 'docker-ce-cli']);
    assert.equal(twice.stdout.trim().split('\n').length, 2);
    await host.packages.install(engine);
    assert.deepEqual(await versions(), engine);
    assert.match(
      (await host.run(['rpm', '-q', 'docker-ce-cli'])).stdout,
      /^docker-ce-cli-26[^\n]*\n$/,
    );
    assert.equal((await host.run(['dnf', 'check'])).code, 0);
    assert.equal((await host.run(['rpm', '--verify', 'docker-ce-cli'])).stdout, '');
  });

  it('are removed alone, and not where another one needs them', async () => {
    await assert.rejects(host.packages.remove('docker-ce-cli'), { code: 'PackageRemoveFailed' });
    assert.deepEqual(await versions(), engine);
    await host.packages.remove(...names, 'moby-engine');
    assert.deepEqual(await versions(), {});
    await host.packages.removeRepository(repository.name);
  });

  it('come with downloads that have the expected checksum, or none', async () => {
    const { url } = served!;
    assert.equal(await host.packages.download(`${url}/centos/gpg`), key.armored);
    await assert.rejects(host.packages.download(`${url}/none`), { code: 'DownloadFailed' });
    const path = '/var/cache/pulumi-swarm/engine.tgz';
    const file = `${url}/centos/9/x86_64/stable/repodata/repomd.xml`;
    await assert.rejects(host.packages.downloadFile(file, path, '0'.repeat(64)), {
      code: 'DownloadFailed',
    });
    assert.equal(await host.files.read(path), undefined);
    const sha256 = await effects.local.sha256(join(root, folder, 'rpms/repodata/repomd.xml'));
    await host.packages.downloadFile(file, path, sha256);
    assert.match(String(await host.files.read(path)), /<repomd/);
  });

  it('make an engine that a container has run on, from Docker’s repository', async () => {
    const provider = new ProviderProcess({ effects: () => effects });
    const inputs = (source: PropertyMap): PropertyMap => ({
      ...{ name: 'r1', machineId: 'r1', connection: { lab, machine: 'r1' }, managers: [] },
      ...{ version: '26.1', source },
    });
    const install = async (source: PropertyMap): Promise<{ id: string; outputs: PropertyMap }> =>
      provider.call('create', urn, (resource, operation) =>
        resource.create(inputs(source), operation),
      );
    await assert.rejects(install({ kind: 'distribution' }), {
      code: 'EngineSourceUnfit',
      message: /rocky:9\.4, has no Docker Engine of its own/,
    });
    const source = { kind: 'docker', url: served!.url };
    await assert.rejects(install(source), { code: 'RepositoryKeyRefused' });
    assert.deepEqual(await versions(), {});
    const { outputs, id } = await install({ ...source, fingerprint: key.fingerprint });
    assert.equal(outputs['engineVersion'], '26.1.5');
    assert.deepEqual(await versions(), rpms.working);
    const conf = String(await host.files.read('/etc/dnf/dnf.conf'));
    assert.match(conf, /^excludepkgs=kernel\* docker-ce docker-ce-cli containerd\.io$/m);
    await provider.call('delete', urn, (resource, operation) =>
      resource.delete(id, { inputs: inputs(source), state: {} }, operation),
    );
    assert.equal(await host.systemd.state('docker.service'), 'inactive');
  });
});
