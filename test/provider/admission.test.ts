import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import type { Link } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

/** Two managers; m3 is declared, and its machine is there with an engine. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(2, 0));
  stack.declared = cluster(3, 0);
  const links: readonly Link[] = ['HostIdentity', 'LabMachine', 'Engine'];
  await stack.applyLinks(new ProviderProcess(world), 'm3', links);
  origin = { world, stack };
});

/** m3's join after something happened to the world: it must be refused before anything is touched. */
async function refused(happen: (world: FakeWorld) => void, error: object): Promise<void> {
  const { world, stack } = copyOf(origin.world, origin.stack);
  happen(world);
  const calls = world.calls().length;
  await assert.rejects(stack.applyLinks(new ProviderProcess(world), 'm3', ['Node']), error);
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(world.swarm().nodes.length, 2);
}

test('closed ports are found before the join, both ways and all at once', async () => {
  await refused(
    (world) => {
      world.editMachine('test/m1', (machine) => (machine.blockedPorts = [7946]));
      world.editMachine('test/m3', (machine) => (machine.blockedPorts = [2377, 7946, 4789]));
    },
    {
      code: 'PortsClosed',
      message:
        'm3: 7946/tcp from m3 to m1 is silent; 2377/tcp from m1 to m3 is silent; ' +
        '7946/tcp from m1 to m3 is silent; ' +
        '7946/udp from m1 to m3 is silent (a free port answers by ICMP); ' +
        '4789/udp from m1 to m3 is silent (a free port answers by ICMP); it was not joined; ' +
        'open 2377/tcp, 7946/tcp, 7946/udp and 4789/udp between all nodes',
    },
  );
});

test('a datagram that stays without an answer is sent again: ICMP is answered once in a while only', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m3', (machine) => (machine.blockedPorts = [4789]));
  const opened = world
    .effects()
    .clock.sleep(3_000)
    .then(() => {
      world.editMachine('test/m3', (machine) => (machine.blockedPorts = []));
    });
  await stack.applyLinks(new ProviderProcess(world), 'm3', ['Node']);
  await opened;
  assert.equal(world.swarm().nodes.length, 3);
});

test('clocks that are apart are found before the join', async () => {
  await refused(
    (world) => {
      world.editMachine('test/m3', (machine) => (machine.clockSkewSeconds = -3_600));
    },
    {
      code: 'ClocksApart',
      message: /m3: its clock and that of m1 are 3600 s apart; it was not joined/,
    },
  );
});

test('an engine that does not answer is not joined', async () => {
  await refused(
    (world) => {
      world.setEngineStuck('test/m3', true);
    },
    { code: 'EngineUnknown', message: /m3: its engine does not answer|m3: .*no engine answers/ },
  );
});

test('an engine that is not offered is refused with those that are', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const wanted = { ...stack.inputsOf('Engine', 'm3'), version: '26.1.5' };
  const { systemd } = await world.effects().hosts.connect({ lab: 'test', machine: 'm3' });
  await systemd.stop('docker.socket');
  await systemd.stop('docker.service');
  const calls = world.calls().length;
  await assert.rejects(stack.create(new ProviderProcess(world), 'Engine', 'm3', wanted), {
    code: 'EngineVersionMissing',
    message:
      'm3: engine 26.1.5 is not offered; the distribution has 20.10.24; nothing was installed; declare one of these',
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('an engine that was upgraded by hand is put back, and its client that is a package of its own goes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const host = await world.effects().hosts.connect({ lab: 'test', machine: 'm3' });
  const before = await host.packages.installed('docker.io');
  const newer = '26.1.5+dfsg1-9+b9';
  world.editMachine('test/m3', ({ offered }) => {
    offered['docker.io']?.unshift(newer);
    offered['docker-cli'] = [newer];
  });
  await host.packages.install({ 'docker.io': newer, 'docker-cli': newer });
  await host.packages.hold(['docker.io', 'docker-cli']);
  for (const unit of ['docker.socket', 'docker.service']) await host.systemd.stop(unit);
  const wanted = { ...stack.inputsOf('Engine', 'm3'), version: '20.10' };
  await stack.create(new ProviderProcess(world), 'Engine', 'm3', wanted);
  assert.equal(await host.packages.installed('docker.io'), before);
  assert.equal(await host.packages.installed('docker-cli'), undefined);
  assert.equal(await host.docker.version(), '20.10.24');
});

test('an image archive that is not what was declared is not loaded', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const web = await webService();
  const wanted = { ...stack.inputsOf('Engine', 'm3'), ...web.engine };
  appendFileSync(web.archive, 'something else');
  const calls = world.calls().length;
  await assert.rejects(stack.create(new ProviderProcess(world), 'Engine', 'm3', wanted), {
    code: 'ImageArchiveChanged',
    message:
      /web\.tar has the SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is declared; nothing was loaded/,
  });
  assert.ok(!changesSince(world, calls).some((call) => call.startsWith('docker.loadImage')));
});

test('an image is loaded once, and again when its content changes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const web = await webService();
  const loads = (): number =>
    world.calls().filter(({ operation }) => operation === 'docker.loadImage').length;
  stack.declared = changed(stack.declared, { engine: web.engine }, 'm3');
  await stack.applyLinks(new ProviderProcess(world), 'm3', ['Engine']);
  assert.equal(loads(), 1);
  await stack.create(new ProviderProcess(world), 'Engine', 'm3', stack.inputsOf('Engine', 'm3'));
  assert.equal(loads(), 1, 'it is there already, by the record of its content');
  appendFileSync(web.archive, 'a new build');
  const sha256 = createHash('sha256').update(readFileSync(web.archive)).digest('hex');
  const engine = { images: [{ ...web.engine.images[0], sha256 }] };
  stack.declared = changed(stack.declared, { engine }, 'm3');
  await stack.applyLinks(new ProviderProcess(world), 'm3', ['Engine']);
  assert.equal(loads(), 2, 'in place');
});

test('an engine that starts no container is no engine', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m3', ({ engine }) => (engine.containerFault = 'AppArmor: no parser'));
  const wanted = stack.inputsOf('Engine', 'm3');
  await assert.rejects(stack.create(new ProviderProcess(world), 'Engine', 'm3', wanted), {
    code: 'ContainerCheckFailed',
  });
});
