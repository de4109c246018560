import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { DockerApiError } from '../../effects/docker';
import type { Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { sshdSkip } from './localSshd';
import { eventually } from './waiting';

const lab = 'hosttest';
const policy = '/usr/sbin/policy-rc.d';

describe('packages, units and engine of a real Debian host', { skip: sshdSkip }, () => {
  const effects = realEffects();
  let host: Host;
  let asUser: Host;
  let scratch: string;

  const removeMachines = async (): Promise<void> => {
    for (const record of await effects.lab.records(lab)) {
      await effects.lab.remove(lab, record.name, record.id);
    }
  };

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'swarm-host-'));
    assert.deepEqual(await effects.lab.missing(), []);
    // A run that was killed leaves its machine behind.
    await removeMachines();
    const key = generateSshKeyPair('test');
    await effects.lab.ensure(
      {
        id: 'h',
        lab,
        subnet: '10.94.0.0/24',
        name: 'h',
        os: 'debian:13',
        address: '10.94.0.11',
        hostPrivateKey: key.privateKey,
        hostPublicKey: key.publicKey,
        labels: {},
      },
      () => undefined,
    );
    host = await effects.hosts.connect({ lab, machine: 'h' });
  });

  after(async () => {
    await effects.hosts.close();
    await removeMachines();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('installs exactly the version, without starting its services', async () => {
    // What a run that was killed has left behind.
    await host.files.write(policy, '#!/bin/sh\n# Written by swarm while it installs packages\n');
    const [version] = await host.packages.available('docker.io');
    assert.ok(version?.startsWith('26.1.5') === true, version);
    assert.equal(await host.packages.installed('docker.io'), undefined);
    await host.packages.install({ 'docker.io': version, 'docker-cli': undefined, sudo: undefined });
    assert.equal(await host.packages.installed('docker.io'), version);
    assert.equal(await host.systemd.state('docker.service'), 'inactive');
    assert.equal(await host.files.read(policy), undefined);
    await host.packages.install({ 'docker.io': version });
  });

  it("leaves somebody else's policy in place", async () => {
    await host.files.write(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await host.packages.install({ less: undefined });
    assert.equal(await host.files.read(policy), '#!/bin/sh\nexit 101\n');
    await host.files.remove(policy);
  });

  it('says why a package cannot be installed, and leaves no policy', async () => {
    await assert.rejects(host.packages.install({ tree: '9.9' }), (error) => {
      assert.ok(error instanceof SwarmError && error.code === 'PackageInstallFailed');
      assert.match(error.message, /Version '9.9' for 'tree' was not found/);
      return true;
    });
    assert.equal(await host.files.read(policy), undefined);
    assert.deepEqual(await host.packages.available('no-such-package'), []);
  });

  it('completes an installation that was cut', async () => {
    const unpack = 'cd /tmp && apt-get download tree && dpkg --unpack tree_*.deb';
    assert.equal((await host.run(['sh', '-c', unpack])).code, 0);
    assert.equal(await host.packages.installed('tree'), undefined, 'unpacked is not installed');
    await host.packages.install({ less: undefined });
    assert.notEqual(await host.packages.installed('tree'), undefined);
  });

  it('holds packages', async () => {
    await host.packages.hold(['docker.io']);
    assert.equal((await host.run(['apt-mark', 'showhold'])).stdout, 'docker.io\n');
    await host.packages.unhold(['docker.io']);
    assert.equal((await host.run(['apt-mark', 'showhold'])).stdout, '');
  });

  it('tells an engine that is off from one that answers', async () => {
    await rejects(host.docker.info(), 'EngineUnreachable');
    await host.systemd.start('docker.service');
    assert.equal(await host.docker.version(), '26.1.5');
    assert.equal((await host.docker.info()).localNodeState, 'inactive');
  });

  it('runs units, and quotes the journal of one that fails', async () => {
    assert.equal(await host.systemd.state('none.service'), 'absent');
    await host.systemd.stop('none.service');
    await host.systemd.disable('none.service');
    const unit = '[Service]\nExecStart=/bin/sh -c "echo the reason; exit 3"\nType=oneshot\n';
    await host.files.write('/etc/systemd/system/bad.service', unit);
    await host.systemd.daemonReload();
    await rejects(host.systemd.start('bad.service'), 'UnitFailed', /the reason/);
    assert.equal(await host.systemd.state('bad.service'), 'failed');
  });

  it('does the same as a user with sudo, without a forwarded socket', async () => {
    await host.run(['useradd', '--create-home', 'ops']);
    await host.files.write('/etc/sudoers.d/ops', 'ops ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
    const keys = await host.files.read('/root/.ssh/authorized_keys');
    await host.files.write('/home/ops/.ssh/authorized_keys', keys ?? '');
    await host.run(['chown', '--recursive', 'ops', '/home/ops/.ssh']);
    asUser = await effects.hosts.connect({
      ...(await effects.lab.connection(lab, 'h')),
      user: 'ops',
    });
    await asUser.docker.runContainerCheck();
    await asUser.docker.runContainerCheck();
    assert.deepEqual(await asUser.docker.images(), ['swarm-check:1']);
    const versions = await Promise.all(Array.from({ length: 20 }, () => asUser.docker.version()));
    assert.equal(versions.length, 20);
  });

  it('goes through where sshd forbids forwarding', async () => {
    const file = '/etc/ssh/sshd_config.d/no-forwarding.conf';
    await host.files.write(file, 'AllowStreamLocalForwarding no\n');
    await host.systemd.reload('ssh.service');
    const fresh = realEffects();
    try {
      // A reload of sshd closes its socket for a moment.
      await eventually(fresh.clock, 30, 'the engine answers', async () => {
        const again = await fresh.hosts.connect({ lab, machine: 'h' });
        assert.equal(await again.docker.version(), '26.1.5');
        return undefined;
      });
    } finally {
      await fresh.hosts.close();
    }
  });

  it('finds data that would be lost', async () => {
    assert.deepEqual(await host.docker.localData(), { volumes: [], containers: [] });
    await host.run(['docker', 'volume', 'create', 'empty']);
    await host.run(['docker', 'volume', 'create', 'full']);
    await host.files.write('/var/lib/docker/volumes/full/_data/file', 'x');
    await host.run(['docker', 'create', '--name', 'byhand', 'swarm-check:1', '/exit-zero']);
    const expected = { volumes: ['full'], containers: ['byhand'] };
    assert.deepEqual(await host.docker.localData(), expected);
    assert.deepEqual(await asUser.docker.localData(), expected);
  });

  it("gives the engine's sentence for an archive that is none", async () => {
    const local = join(scratch, 'bad.tar');
    writeFileSync(local, 'nonsense');
    await assert.rejects(host.docker.loadImage(local), DockerApiError);
    await rejects(host.docker.loadImage(join(scratch, 'none.tar')), 'FileMissing');
  });

  it('removes exactly one package, held or not', async () => {
    await host.packages.hold(['docker.io', 'docker-cli']);
    const engine = await host.packages.installed('docker.io');
    await host.packages.remove('docker-cli');
    assert.equal(await host.packages.installed('docker-cli'), undefined);
    assert.equal(await host.packages.installed('docker.io'), engine);
    await host.packages.remove('docker-cli');
    await rejects(host.packages.remove('containerd'), 'PackageRemoveFailed', /docker\.io/);
    await host.packages.install({ 'docker-cli': undefined });
  });

  it('says that an engine which answers runs no container', async () => {
    // A runtime that always fails, as a missing AppArmor profile or a broken cgroup makes it.
    await host.files.write('/etc/docker/daemon.json', brokenRuntime);
    await host.systemd.restart('docker.service');
    await rejects(host.docker.runContainerCheck(), 'ContainerCheckFailed', /runs no container/);
    const left = await host.run(['docker', 'ps', '--all', '--format', '{{.Names}}']);
    assert.equal(left.stdout, 'byhand\n');
  });

  it('installs an engine that brings its client only where no other client is', async () => {
    const sources = (await host.files.read('/etc/apt/sources.list')) ?? '';
    const older = sources.replaceAll('trixie', 'bookworm');
    await host.files.write('/etc/apt/sources.list.d/bookworm.list', older);
    assert.equal((await host.run(['apt-get', 'update'])).code, 0);
    const [version] = (await host.packages.available('docker.io')).filter((each) =>
      each.startsWith('20.10.'),
    );
    assert.notEqual(version, undefined);
    await rejects(
      host.packages.install({ 'docker.io': version }),
      'PackageInstallFailed',
      /remove is disabled/,
    );
    await host.packages.remove('docker-cli');
    await host.packages.install({ 'docker.io': version });
    assert.equal(await host.packages.installed('docker.io'), version);
  });
});

const brokenRuntime = JSON.stringify({
  'default-runtime': 'broken',
  runtimes: { broken: { path: '/bin/false' } },
});

async function rejects(
  promise: Promise<unknown>,
  code: string,
  message: RegExp = /./,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SwarmError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
