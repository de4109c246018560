import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeRole } from '../../core/facts';
import type { Host } from '../../effects/effects';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { eventually } from './waiting';

describe('swarms of the fake world', () => {
  it('law: after every cut and every return there is a leader exactly while a majority is linked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ index: fc.nat(4), isUp: fc.boolean() }), { maxLength: 12 }),
        async (events) => {
          const { world } = await swarmOf(5);
          for (const { index, isUp } of events) {
            world.setLink(`m${String(index + 1)}`, isUp ? 'up' : 'cut');
            world.advance(60_000);
            const linked = world.machines().filter((machine) => machine.link === 'up').length;
            const { leader, nodes } = world.swarm();
            assert.equal(leader !== undefined, linked * 2 > 5, `${String(linked)} of 5`);
            const ready = nodes.filter((node) => node.state === 'ready').length;
            if (leader !== undefined) assert.equal(ready, linked);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('after a change of leader nodes are unknown, then ready', async () => {
    const { world, manager } = await swarmOf(3);
    world.powerOff('m1');
    world.advance(11_000);
    const states = async (): Promise<readonly string[]> =>
      (await manager(2).docker.nodes()).map((node) => node.state);
    assert.deepEqual(await states(), ['unknown', 'unknown', 'unknown']);
    world.advance(6_000);
    assert.deepEqual(await states(), ['unknown', 'ready', 'ready']);
    world.advance(30_000);
    assert.deepEqual(await states(), ['down', 'ready', 'ready']);
  });

  it('a demotion that the leader refuses answers 200, and nothing happens until it no longer does', async () => {
    const { world, manager } = await swarmOf(3);
    const id = (await manager(3).docker.info()).nodeId;
    world.refuseDemotions(3);
    await manager(1).docker.updateNode(id, { role: 'worker' });
    world.advance(10_000);
    assert.equal(world.swarm().members.length, 3);
    assert.equal((await manager(3).docker.info()).isControlAvailable, true);
    world.advance(30_000);
    assert.equal(world.swarm().members.length, 2);
    assert.equal((await manager(3).docker.info()).isControlAvailable, false);
  });

  it('quorum lost between the call and the removal: the demotion hangs until it is back', async () => {
    const { world, manager } = await swarmOf(3);
    const id = (await manager(2).docker.info()).nodeId;
    await manager(1).docker.updateNode(id, { role: 'worker' });
    world.powerOff('m3');
    world.advance(120_000);
    assert.equal(world.swarm().members.length, 3);
    world.powerOn('m3');
    world.advance(30_000);
    assert.equal(world.swarm().members.length, 2);
  });

  it('a demoted manager that was off loses control when it comes back; a removed disk stays out', async () => {
    const { world, manager } = await swarmOf(3);
    const id = (await manager(3).docker.info()).nodeId;
    world.powerOff('m3');
    await manager(1).docker.updateNode(id, { role: 'worker' });
    world.advance(60_000);
    await manager(1).docker.removeNode(id, { force: false });
    world.powerOn('m3');
    world.advance(60_000);
    assert.equal((await manager(3).docker.info()).isControlAvailable, false);
    assert.equal(world.swarm().nodes.length, 2);
  });

  it('a join through a silent manager times out, stays pending and goes on when it is back', async () => {
    const { world, manager } = await swarmOf(3);
    const joiner = await addEngine(world, 'w1', '10.0.0.21');
    const token = await manager(1).docker.joinToken('worker');
    world.setLink('m3', 'cut');
    const request = {
      advertiseAddress: '10.0.0.21',
      remoteAddress: '10.0.0.13:2377',
      token,
      availability: 'drain' as const,
    };
    await assert.rejects(
      joiner.docker.swarmJoin(request),
      /Timeout was reached before node joined/,
    );
    assert.equal((await joiner.docker.info()).localNodeState, 'pending');
    await assert.rejects(joiner.docker.swarmJoin(request), /already part of a swarm/);
    world.setLink('m3', 'up');
    const { clock } = world.effects();
    await eventually(clock, 60, 'joined', async () => {
      const { localNodeState } = await joiner.docker.info();
      return localNodeState === 'active' ? undefined : localNodeState;
    });
  });

  it('a service whose image is nowhere is rejected, and runs once the image is there', async () => {
    const { world, manager } = await swarmOf(1);
    const host = manager(1);
    const serviceId = await host.docker.createService({
      name: 'web',
      image: 'web:1',
      command: [],
      environment: {},
      mode: { global: true },
      constraints: [],
      ports: [{ target: 80, published: 8080, protocol: 'tcp', mode: 'host' }],
      endpointMode: 'dnsrr',
      stopGraceSeconds: 1,
      labels: {},
    });
    world.advance(3_000);
    const [task] = await host.docker.tasks({ serviceId });
    assert.equal(task?.state, 'rejected');
    assert.equal(task.error, 'No such image: web:1');
    assert.equal(await host.network.probe('10.0.0.11', 8080), 'refused');
    world.editMachine('m1', (machine) => machine.engine.images.push('web:1'));
    world.advance(30_000);
    const tasks = await host.docker.tasks({ serviceId });
    assert.equal(tasks.filter(({ state }) => state === 'running').length, 1);
    assert.equal(await host.network.probe('10.0.0.11', 8080), 'open');
  });
});

/** Managers m1…mN, m1 first. */
async function swarmOf(
  managers: number,
): Promise<{ readonly world: FakeWorld; readonly manager: (number: number) => Host }> {
  const world = new FakeWorld();
  const hosts: Host[] = [];
  for (let index = 1; index <= managers; index += 1) {
    const address = `10.0.0.1${String(index)}`;
    const host = await addEngine(world, `m${String(index)}`, address);
    const [first] = hosts;
    if (first === undefined) {
      await host.docker.swarmInit({
        advertiseAddress: address,
        availability: 'active',
        addressPools: [],
        subnetSize: undefined,
        labels: {},
      });
    } else {
      const role: NodeRole = 'manager';
      await host.docker.swarmJoin({
        advertiseAddress: address,
        remoteAddress: '10.0.0.11:2377',
        token: await first.docker.joinToken(role),
        availability: 'active',
      });
    }
    hosts.push(host);
  }
  const manager = (number: number): Host => {
    const host = hosts[number - 1];
    assert.ok(host !== undefined);
    return host;
  };
  return { world, manager };
}

async function addEngine(world: FakeWorld, name: string, address: string): Promise<Host> {
  world.addHost({ name, address });
  const host = await world.effects().hosts.connect({ host: address });
  await host.packages.install({ 'docker.io': undefined });
  await host.systemd.start('docker.service');
  return host;
}
