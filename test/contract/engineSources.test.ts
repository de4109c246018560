import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { defaultDirectories } from '../../effects/labMachines/layout';
import type { Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { makeStaticArchive } from '../../scenarios/engineFiles';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import type { PropertyMap } from '../../provider/server/resource';
import { ProviderProcess } from '../support/providerHarness';
import {
  SigningKey,
  dockerPackageVersion,
  makeDockerPackages,
  serveRepository,
  staticArchive,
} from './enginePackages';
import { sshdSkip } from './localSshd';
import type { ServedFolder } from './serveFolder';
import { eventually } from './waiting';

const lab = 'sources';
const address = '10.101.0.11';
const urn = 'urn:pulumi:test::project::swarm:index:Engine::s1';
const folder = '/srv/packages';
const root = join(defaultDirectories.state, lab, 'machines', 's1', 'root');

/**
 * One machine, whose engine comes from one source after the other, just as a replaced Engine does it. Each
 * step begins where the one before ended: machines are dear. "Works" is always a container that has run.
 */
describe('engines of each source on a real machine', { skip: sshdSkip, concurrency: 1 }, () => {
  const effects = realEffects();
  const process = new ProviderProcess({ effects: () => effects });
  let host: Host;
  let engineId = '';
  let key: SigningKey;
  let repository: ServedFolder | undefined;
  let declared: PropertyMap = {};

  const removeMachines = async (): Promise<void> => {
    for (const record of await effects.lab.records(lab)) {
      await effects.lab.remove(lab, record.name, record.id);
    }
  };
  const inputs = (engine: PropertyMap): PropertyMap => ({
    name: 's1',
    machineId: 's1',
    connection: { lab, machine: 's1' },
    managers: [],
    ...engine,
  });
  const install = async (engine: PropertyMap): Promise<string> => {
    const created = await process.call('create', urn, (resource, operation) =>
      resource.create(inputs(engine), operation),
    );
    engineId = created.id;
    declared = engine;
    return created.outputs['engineVersion'] as string;
  };
  const remove = async (): Promise<void> => {
    await process.call('delete', urn, (resource, operation) =>
      resource.delete(engineId, { inputs: inputs(declared), state: {} }, operation),
    );
  };
  const held = async (): Promise<readonly string[]> =>
    (await host.run(['apt-mark', 'showhold'])).stdout.trim().split('\n');
  const assertKept = async (): Promise<void> => {
    assert.ok((await host.docker.images()).includes('swarm-check:1'), 'images stay');
    assert.equal(await host.files.read('/var/lib/docker/volumes/kept/_data/file'), 'x');
  };

  before(async () => {
    assert.deepEqual(await effects.lab.missing(), []);
    await removeMachines();
    const { privateKey: hostPrivateKey, publicKey: hostPublicKey } = generateSshKeyPair('test');
    const spec = { id: 's1', lab, subnet: '10.101.0.0/24', name: 's1', os: 'debian:13', address };
    await effects.lab.ensure(
      { ...spec, hostPrivateKey, hostPublicKey, labels: {} },
      () => undefined,
    );
    host = await effects.hosts.connect({ lab, machine: 's1' });
    key = new SigningKey();
  });

  after(async () => {
    repository?.close();
    key.remove();
    await effects.hosts.close();
    await removeMachines();
  });

  it('distribution', async () => {
    assert.equal(await install({ version: '26.1' }), '26.1.5');
    assert.deepEqual(await held(), ['docker-cli', 'docker.io']);
    await host.run(['docker', 'volume', 'create', 'kept']);
    await host.files.write('/var/lib/docker/volumes/kept/_data/file', 'x');
  });

  it('packages that are kept are put back as they were, held again by whoever wants it, with images and volumes kept', async () => {
    const names = ['docker.io', 'docker-cli', 'containerd', 'runc'];
    const kept = '/var/lib/pulumi-swarm/kept';
    const versions = (): Promise<readonly (string | undefined)[]> =>
      Promise.all(names.map((name) => host.packages.installed(name)));
    const before = await versions();
    await host.packages.keep([...names, 'docker-ce'], kept);
    const { stdout } = await host.run(['ls', '-A', kept]);
    assert.deepEqual(stdout.trim().split('\n').sort(), names.map((name) => `${name}.deb`).sort());
    for (const unit of ['docker.socket', 'docker.service', 'containerd.service']) {
      await host.systemd.stop(unit);
    }
    await host.packages.remove(...names);
    await host.packages.putBack(kept);
    await host.packages.putBack(kept);
    assert.deepEqual(await versions(), before);
    for (const argv of [
      ['dpkg', '--verify', ...names],
      ['dpkg', '--audit'],
    ]) {
      assert.equal((await host.run(argv)).stdout, '', argv.join(' '));
    }
    assert.equal(await host.systemd.state('docker.service'), 'inactive');
    await host.systemd.start('docker.service');
    await host.docker.runContainerCheck();
    assert.equal(await host.docker.version(), '26.1.5');
    await assertKept();
    await host.packages.hold(['docker-cli', 'docker.io']);
  });

  it('daemon options: those of a start, one by a reload and gone by a reload, next to somebody’s own', async () => {
    await remove();
    await host.files.write('/etc/docker/daemon.json', '{"max-concurrent-uploads":2}');
    const logs = { 'log-driver': 'local', 'log-opts': { 'max-size': '5m' } };
    await install({ daemon: logs });
    const info = async (field: string): Promise<string> =>
      (await host.run(['docker', 'info', '--format', `{{json .${field}}}`])).stdout.trim();
    assert.equal(await info('LoggingDriver'), '"local"');
    const update = async (daemon: PropertyMap): Promise<void> => {
      const old = { inputs: inputs(declared), state: inputs(declared) };
      await process.call('update', urn, (resource, operation) =>
        resource.update(engineId, old, inputs({ daemon }), operation),
      );
      declared = { daemon };
    };
    const since = await host.run(['systemctl', 'show', '--property=MainPID', 'docker.service']);
    await update({ ...logs, labels: ['rack=1'], debug: true });
    await eventually(effects.clock, 10, 'the label', async () => {
      const labels = await info('Labels');
      return labels === '["rack=1"]' ? undefined : labels;
    });
    assert.equal(await info('Debug'), 'true');
    await update(logs);
    await eventually(effects.clock, 10, 'no label', async () => {
      const labels = await info('Labels');
      return labels === '[]' || labels === 'null' ? undefined : labels;
    });
    assert.equal(await info('Debug'), 'false');
    assert.deepEqual(
      await host.run(['systemctl', 'show', '--property=MainPID', 'docker.service']),
      since,
    );
    await assert.rejects(update({ ...logs, labels: ['no label'] }), {
      code: 'DaemonOptionsRefused',
    });
    declared = { daemon: logs };
    const file = JSON.parse((await host.files.read('/etc/docker/daemon.json')) ?? '') as object;
    assert.deepEqual(file, { 'max-concurrent-uploads': 2, ...logs, labels: [], debug: false });
  });

  it('docker: another key than the expected one is not trusted, and the engine stays', async () => {
    await makeDockerPackages(host, folder);
    repository = await serveRepository(host, key, { root, folder, address: '10.101.0.1' });
    const source = { kind: 'docker', url: repository.url };
    await remove();
    await assert.rejects(install({ source }), { code: 'RepositoryKeyRefused' });
    assert.equal(await host.files.read('/etc/apt/keyrings/pulumi-swarm-docker.asc'), undefined);
    assert.ok((await host.packages.installed('docker.io')) !== undefined);
  });

  it('packages: from files alone, in place of the distribution’s, with images and volumes kept', async () => {
    const source = { kind: 'packages', directory: join(root, folder) };
    await assert.rejects(install({ version: '1.2.3', source }), {
      code: 'EngineVersionMissing',
      message: /holds no engine 1\.2\.3, and has 26\.1\.5/,
    });
    const others = ['docker.io', 'docker-cli', 'containerd', 'runc'];
    const files = ['docker-ce', 'docker-ce-cli', 'containerd.io'].map((name) => {
      const version = name === 'containerd.io' ? '1.7.24-1' : dockerPackageVersion;
      const file = `${name}_${version.replace('5:', '')}_amd64.deb`;
      return { name, version, path: join(root, folder, file) };
    });
    for (const [given, without, message] of [
      [files.slice(0, 2), others, /Depends: containerd\.io/],
      [files, others.slice(1), /Conflicts: docker\.io/],
    ] as const) {
      await assert.rejects(host.packages.fetchFiles(given, without), {
        code: 'PackageUnfit',
        message,
      });
    }
    await host.packages.fetchFiles(files, others);
    for (const name of others) assert.ok((await host.packages.installed(name)) !== undefined, name);
    assert.equal(await install({ version: '26.1.5', source }), '26.1.5');
    assert.equal(await host.packages.installed('docker-ce'), dockerPackageVersion);
    for (const name of ['docker.io', 'docker-cli', 'containerd', 'runc']) {
      assert.equal(await host.packages.installed(name), undefined, name);
    }
    assert.deepEqual(await held(), ['containerd.io', 'docker-ce', 'docker-ce-cli']);
    assert.equal((await host.run(['ls', '-A', '/var/cache/pulumi-swarm'])).stdout, '');
    await assertKept();
  });

  it('docker: what the repository lacks is refused with what it has, and what is there already is kept', async () => {
    const source = { kind: 'docker', url: repository!.url, fingerprint: key.fingerprint };
    await remove();
    await assert.rejects(install({ version: '1.2.3', source }), {
      code: 'EngineVersionMissing',
      message: /engine 1\.2\.3 is not offered; the repository http.* has 26\.1\.5/,
    });
    await host.packages.remove('docker-ce', 'docker-ce-cli');
    await assert.rejects(host.packages.fetch({ 'docker-ce': '5:1.2.3' }, []), {
      code: 'PackageUnfit',
    });
    await host.packages.fetch({ 'docker-ce': dockerPackageVersion }, []);
    assert.equal(await host.packages.installed('docker-ce'), undefined);
    const archives = await host.run(['ls', '/var/cache/apt/archives']);
    assert.match(
      archives.stdout,
      /^docker-ce_5%3a26\.1\.5/m,
      'the installation takes it from here',
    );
    assert.equal(await install({ version: '26.1.5', source }), '26.1.5');
    assert.deepEqual(await held(), ['containerd.io', 'docker-ce', 'docker-ce-cli']);
    await assertKept();
  });

  it('docker: lists that another key has signed are not trusted', async () => {
    const other = new SigningKey();
    const path = '/debian/dists/trixie/InRelease';
    const signed = repository!.files.get(path)!;
    repository!.files.set(path, other.sign('Origin: Docker\n'));
    other.remove();
    const source = { kind: 'docker', url: repository!.url, fingerprint: key.fingerprint };
    await remove();
    await assert.rejects(install({ source }), { code: 'RepositoryUnreadable' });
    repository!.files.set(path, signed);
  });

  it('static: a newer engine by its archive, in place of packages, with images and volumes kept', async () => {
    const sha256 = await makeStaticArchive(host, folder, staticArchive);
    const url = `${repository!.url}/${staticArchive.file}`;
    await assert.rejects(install({ source: { kind: 'static', url, sha256: '0'.repeat(64) } }), {
      code: 'DownloadFailed',
    });
    await assert.rejects(install({ version: '26', source: { kind: 'static', url, sha256 } }), {
      code: 'EngineVersionMissing',
      message: /engine 26 is not offered; http.* has 28\.5\.2/,
    });
    const source = { kind: 'static', url, sha256 };
    assert.equal(await install({ version: '28.5', source }), staticArchive.version);
    for (const name of ['docker-ce', 'docker-ce-cli', 'containerd.io']) {
      assert.equal(await host.packages.installed(name), undefined, name);
    }
    assert.equal(
      await host.files.read('/etc/apt/sources.list.d/pulumi-swarm-docker.list'),
      undefined,
    );
    assert.match((await host.run(['docker', 'version'])).stdout, /28\.5\.2/);
    await assertKept();
  });

  it('preinstalled: as it is, not held, and not stopped by its delete', async () => {
    const source = { kind: 'preinstalled' };
    await remove();
    await assert.rejects(install({ version: '20.10', source }), {
      code: 'EngineVersionMissing',
      message: /engine 20\.10 is declared, and 28\.5\.2 is installed there/,
    });
    assert.equal(await install({ source }), staticArchive.version);
    assert.deepEqual(await held(), ['']);
    await remove();
    assert.equal(await host.systemd.state('docker.service'), 'active');
    await assertKept();
  });

  it('distribution: what was unpacked goes, and an engine of somebody else does not', async () => {
    const path = join(root, folder, staticArchive.file);
    const sha256 = await effects.local.sha256(path);
    await install({ source: { kind: 'static', path, sha256 } });
    await remove();
    assert.equal(await install({}), '26.1.5');
    assert.equal((await host.run(['test', '-e', '/opt/pulumi-swarm/engine'])).code, 1);
    assert.equal((await host.run(['test', '-e', '/usr/local/bin/docker'])).code, 1);
    await assertKept();
    await remove();
    await host.files.remove('/etc/pulumi-swarm/source.json');
    const source = { kind: 'static', path, sha256 };
    await assert.rejects(install({ source }), {
      code: 'EngineOfAnother',
      message: /docker\.io is installed there, and not by this package; nothing was touched/,
    });
    assert.ok((await host.packages.installed('docker.io')) !== undefined);
  });
});
