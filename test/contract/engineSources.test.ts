import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { defaultDirectories } from '../../effects/labMachines/layout';
import type { Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import type { PropertyMap } from '../../provider/server/resource';
import { ProviderProcess } from '../support/providerHarness';
import {
  SigningKey,
  dockerPackageVersion,
  makeDockerPackages,
  serveRepository,
  type Repository,
} from './enginePackages';
import { sshdSkip } from './localSshd';

const lab = 'sources';
const address = '10.101.0.11';
const urn = 'urn:pulumi:test::project::swarm:index:Engine::s1';
const folder = '/srv/packages';

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
  let repository: Repository | undefined;
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

  it('docker: another key than the expected one is not trusted, and the engine stays', async () => {
    await makeDockerPackages(host, folder);
    const root = join(defaultDirectories.state, lab, 'machines', 's1', 'root');
    repository = await serveRepository(host, key, { root, folder, address: '10.101.0.1' });
    const source = { kind: 'docker', url: repository.url };
    await remove();
    await assert.rejects(install({ source }), { code: 'RepositoryKeyRefused' });
    assert.equal(await host.files.read('/etc/apt/keyrings/pulumi-swarm-docker.asc'), undefined);
    assert.ok((await host.packages.installed('docker.io')) !== undefined);
  });

  it('docker: in place of the distribution’s, with images and volumes kept', async () => {
    const source = { kind: 'docker', url: repository!.url, fingerprint: key.fingerprint };
    await assert.rejects(install({ version: '1.2.3', source }), {
      code: 'EngineVersionMissing',
      message: /engine 1\.2\.3 is not offered; the repository http.* has 26\.1\.5/,
    });
    assert.equal(await install({ version: '26.1.5', source }), '26.1.5');
    assert.equal(await host.packages.installed('docker-ce'), dockerPackageVersion);
    for (const name of ['docker.io', 'docker-cli', 'containerd', 'runc']) {
      assert.equal(await host.packages.installed(name), undefined, name);
    }
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

  it('preinstalled: as it is, not held, and not stopped by its delete', async () => {
    const source = { kind: 'preinstalled' };
    await assert.rejects(install({ version: '20.10', source }), {
      code: 'EngineVersionMissing',
      message: /engine 20\.10 is declared, and 26\.1\.5 is installed there/,
    });
    assert.equal(await install({ source }), '26.1.5');
    assert.deepEqual(await held(), ['']);
    for (const path of [
      'keyrings/pulumi-swarm-docker.asc',
      'sources.list.d/pulumi-swarm-docker.list',
    ]) {
      assert.equal(await host.files.read(`/etc/apt/${path}`), undefined);
    }
    await remove();
    assert.equal(await host.systemd.state('docker.service'), 'active');
    await assertKept();
  });

  it('distribution: an engine of somebody else is not removed', async () => {
    await assert.rejects(install({}), {
      code: 'EngineOfAnother',
      message: /docker-ce is installed there, and not by this package; nothing was touched/,
    });
    assert.equal(await host.packages.installed('docker-ce'), dockerPackageVersion);
  });
});
