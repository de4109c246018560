import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { DockerApiError } from '../../effects/docker';
import type { Host } from '../../effects/effects';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';

const machine = {
  lab: 'l',
  subnet: '10.0.0.0/24',
  name: 'm1',
  address: '10.0.0.11',
  hostPrivateKey: 'private',
  hostPublicKey: 'ssh-ed25519 AAAAm1',
  labels: {},
};

describe('machines of the fake world', () => {
  it('time: sleepers wake in the order of their due times, at their due times', async () => {
    const { clock } = new FakeWorld().effects();
    const start = clock.monotonicMs();
    const woken: string[] = [];
    const nap = async (name: string, seconds: number): Promise<void> => {
      await clock.sleep(seconds * 1000);
      woken.push(`${name}@${String((clock.monotonicMs() - start) / 1000)}`);
    };
    await Promise.all([nap('c', 30), nap('a', 1), nap('b', 20).then(() => nap('d', 15))]);
    assert.deepEqual(woken, ['a@1', 'b@20', 'c@30', 'd@35']);
  });

  it('time: an aborted sleep rejects with the reason of its signal', async () => {
    const { clock } = new FakeWorld().effects();
    const controller = new AbortController();
    const sleeping = clock.sleep(600_000, controller.signal);
    controller.abort(new Error('the CLI is gone'));
    await assert.rejects(sleeping, /the CLI is gone/);
    await assert.rejects(clock.sleep(1, controller.signal), /the CLI is gone/);
  });

  it('a silent host costs the timeout, in fake time, side by side', async () => {
    const world = new FakeWorld();
    const { clock, hosts } = world.effects();
    const h1 = await addHost(world, 'h1', '10.0.0.1');
    const h2 = await addHost(world, 'h2', '10.0.0.2');
    world.powerOff('h1');
    world.setLink('h2', 'managementCut');
    const start = clock.monotonicMs();
    const refusals = [h1.facts(), h2.files.read('/x'), hosts.connect({ host: '10.0.0.9' })];
    await Promise.all(refusals.map((call) => rejectsWith(call, 'HostUnreachable')));
    const seconds = (clock.monotonicMs() - start) / 1000;
    assert.ok(seconds >= 10 && seconds < 11, String(seconds));
    world.powerOn('h1');
    assert.equal((await h1.facts()).hostname, 'h1');
  });

  it('login: host key, user and sudo are checked', async () => {
    const world = new FakeWorld();
    world.addHost({
      name: 'h',
      address: '10.0.0.1',
      users: { deploy: { isPrivileged: true }, guest: { isPrivileged: false } },
    });
    const { hosts } = world.effects();
    const host = '10.0.0.1';
    await rejectsWith(hosts.connect({ host, hostKey: 'ssh-ed25519 other' }), 'HostKeyChanged');
    await rejectsWith(hosts.connect({ host, user: 'nobody' }), 'HostLoginRefused');
    await rejectsWith(hosts.connect({ host, user: 'guest' }), 'HostNotPrivileged');
    assert.equal((await hosts.connect({ host, user: 'deploy' })).description, 'deploy@10.0.0.1:22');
    world.edit((state) => (state.knownHosts = {}));
    await rejectsWith(hosts.connect({ host }), 'HostKeyUnknown');
  });

  it('lab: a machine is made once, refused by name and address, rebuilt under an open host', async () => {
    const world = new FakeWorld();
    const { lab, hosts } = world.effects();
    const sentences: string[] = [];
    const progress = (sentence: string): void => void sentences.push(sentence);
    await lab.ensure({ ...machine, id: '1', os: 'debian:12' }, progress);
    assert.equal(sentences.length, 1);
    const host = await hosts.connect({ lab: 'l', machine: 'm1' });
    const { bootId } = await host.facts();
    await lab.ensure({ ...machine, id: '1', os: 'debian:12' }, progress);
    assert.equal((await host.facts()).bootId, bootId);
    await rejectsWith(
      lab.ensure({ ...machine, id: '2', os: 'debian:13' }, progress),
      'LabMachineExists',
    );
    await rejectsWith(
      lab.ensure({ ...machine, name: 'm2', id: '2', os: 'debian:13' }, progress),
      'LabAddressTaken',
    );
    await lab.remove('l', 'm1', 'not its id');
    assert.equal((await host.facts()).os, 'debian:12');
    await lab.remove('l', 'm1', '1');
    await rejectsWith(host.facts(), 'HostUnreachable');
    assert.equal(await lab.record('l', 'm1'), undefined);
    await lab.ensure({ ...machine, id: '2', os: 'debian:13' }, progress);
    const facts = await host.facts();
    assert.equal(facts.os, 'debian:13');
    assert.notEqual(facts.bootId, bootId);
    await lab.powerOff('l', 'm1');
    assert.equal((await lab.record('l', 'm1'))?.isRunning, false);
    await lab.powerOn('l', 'm1');
    assert.notEqual((await host.facts()).bootId, facts.bootId);
  });

  it('packages and units: offered versions, nothing started, a newer package needs a restart', async () => {
    const world = new FakeWorld();
    const host = await addHost(world, 'h', '10.0.0.1');
    const [version] = await host.packages.available('docker.io');
    assert.equal(version, '20.10.24+dfsg1-1+deb12u1');
    assert.equal(await host.systemd.state('docker.service'), 'absent');
    await host.systemd.stop('docker.service');
    await rejectsWith(host.systemd.start('docker.service'), 'UnitFailed');
    await rejectsWith(host.packages.install({ 'docker.io': '1.0' }), 'PackageInstallFailed');
    await rejectsWith(host.packages.install({ nonsense: undefined }), 'PackageInstallFailed');
    await host.packages.install({ 'docker.io': version });
    assert.equal(await host.systemd.state('docker.service'), 'inactive');
    await rejectsWith(host.docker.version(), 'EngineUnreachable');
    await host.systemd.start('docker.service');
    assert.equal(await host.docker.version(), '20.10.24');
    world.editMachine('h', (h) => h.offered['docker.io']?.unshift('26.1.5+dfsg1-9+b9'));
    await host.packages.install({ 'docker.io': undefined });
    assert.equal(await host.docker.version(), '20.10.24');
    await host.systemd.restart('docker.service');
    assert.equal(await host.docker.version(), '26.1.5');
    world.editMachine('h', (h) => (h.offered['docker-cli'] = ['26.1.5+dfsg1-9+b9']));
    await host.packages.install({ 'docker-cli': undefined });
    await rejectsWith(host.packages.install({ 'docker.io': version }), 'PackageInstallFailed');
    await host.packages.remove('docker-cli');
    await host.packages.remove('docker-cli');
    assert.equal(await host.packages.installed('docker-cli'), undefined);
    await host.packages.install({ 'docker.io': version });
    assert.equal(await host.packages.installed('docker.io'), version);
  });

  it('engine: socket activation, a stuck daemon, a broken configuration', async () => {
    const world = new FakeWorld();
    const { clock } = world.effects();
    const host = await addHost(world, 'h', '10.0.0.1');
    await host.packages.install({ 'docker.io': undefined });
    await host.systemd.start('docker.service');
    await host.systemd.stop('docker.service');
    assert.equal(await host.docker.version(), '20.10.24');
    assert.equal(await host.systemd.state('docker.service'), 'active');
    world.setEngineStuck('h', true);
    const start = clock.monotonicMs();
    await rejectsWith(host.docker.info(), 'EngineUnreachable');
    assert.ok(clock.monotonicMs() - start >= 30_000);
    world.setEngineStuck('h', false);
    await host.files.write('/etc/docker/daemon.json', '{"live-restore": true}');
    await host.systemd.restart('docker.service');
    await host.files.write('/etc/docker/daemon.json', '{');
    await rejectsWith(host.systemd.restart('docker.service'), 'UnitFailed');
    assert.equal(await host.systemd.state('docker.service'), 'failed');
  });

  it('run: an unknown command is no success; scripted ones answer; a reboot changes the boot ID', async () => {
    const world = new FakeWorld();
    const host = await addHost(world, 'h', '10.0.0.1');
    assert.equal((await host.run(['swarm-magic', 'x'])).code, 127);
    world.setCommand('h', ['swarm-magic'], { stdout: 'done' });
    assert.deepEqual(await host.run(['swarm-magic', 'x']), { code: 0, stdout: 'done', stderr: '' });
    const { bootId } = await host.facts();
    await host.files.write('/run/mark', '');
    await host.run(['systemctl', 'reboot']);
    assert.notEqual((await host.facts()).bootId, bootId);
    assert.equal(await host.files.read('/run/mark'), undefined);
  });

  it('faults: named, by host, after some calls, before or after the act', async () => {
    const world = new FakeWorld();
    const h1 = await addHost(world, 'h1', '10.0.0.1');
    const h2 = await addHost(world, 'h2', '10.0.0.2');
    world.failNext('files.write', { code: 'HostUnreachable', message: 'cut' }, { host: 'h2' });
    await h1.files.write('/a', '1');
    await rejectsWith(h2.files.write('/a', '1'), 'HostUnreachable');
    assert.equal(await h2.files.read('/a'), undefined);
    await h2.files.write('/a', '1');
    world.failNext(
      '*',
      { statusCode: 500, message: 'node lost leader status' },
      { skip: 1, after: true },
    );
    await h1.files.write('/b', '1');
    await assert.rejects(h1.files.write('/c', '1'), DockerApiError);
    assert.equal(await h1.files.read('/c'), '1');
    assert.deepEqual(
      world.calls().map(({ operation, host }) => `${operation} ${host}`),
      ['h1', 'h2', 'h2', 'h1', 'h1'].map((name) => `files.write ${name}`),
    );
  });
});

async function addHost(world: FakeWorld, name: string, address: string): Promise<Host> {
  world.addHost({ name, address });
  return world.effects().hosts.connect({ host: address });
}

async function rejectsWith(call: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof SwarmError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}
