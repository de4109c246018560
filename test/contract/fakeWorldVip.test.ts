import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { withRaised } from '../../core/keepalived/raiseKeepalived';
import { parseKeepalived } from '../../core/keepalived/parseKeepalived';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import type { Host } from '../../effects/effects';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';

const vip = '10.0.0.100';
const file = '/etc/keepalived/keepalived.conf';

describe('virtual addresses of the fake world', () => {
  let world: FakeWorld;
  let h1: Host;
  let h2: Host;

  const holders = (): readonly string[] =>
    world.edit((state) => Object.values(state.vips).flatMap(({ holder }) => holder ?? []));

  const prepare = async (name: string, address: string, priority: number): Promise<Host> => {
    world.addHost({ name, address });
    const host = await world.effects().hosts.connect({ host: address });
    await host.packages.install({ keepalived: undefined, 'docker.io': undefined });
    await host.systemd.start('docker.service');
    const spec = {
      name: 'vip',
      addresses: [`${vip}/24`],
      interface: 'eth0',
      sourceAddress: address,
      routerId: 51,
      priority,
      advertisementSeconds: 1,
    };
    await host.files.write(file, renderKeepalived(spec, { id: name, urn: `urn:${name}` }));
    await host.systemd.start('keepalived.service');
    return host;
  };

  beforeEach(async () => {
    world = new FakeWorld();
    h1 = await prepare('h1', '10.0.0.1', 200);
    world.advance(10_000);
    h2 = await prepare('h2', '10.0.0.2', 190);
    world.advance(10_000);
  });

  it('the running machine of highest priority shows the address, and nobody else', async () => {
    assert.deepEqual(holders(), ['h1']);
    const shown = async (host: Host): Promise<boolean> =>
      (await host.network.addresses()).some(({ address }) => address === vip);
    assert.deepEqual([await shown(h1), await shown(h2)], [true, false]);
    assert.equal(await h2.network.probe(vip, 22), 'open');
  });

  it('a stopped holder hands over in a second; with nopreempt it does not take the address back', async () => {
    await h1.systemd.stop('keepalived.service');
    assert.deepEqual(holders(), []);
    world.advance(2_000);
    assert.deepEqual(holders(), ['h2']);
    await h1.systemd.start('keepalived.service');
    world.advance(60_000);
    assert.deepEqual(holders(), ['h2']);
  });

  it('a dead holder is noticed after a second', () => {
    world.powerOff('h1');
    world.advance(100);
    assert.deepEqual(holders(), []);
    world.advance(2_000);
    assert.deepEqual(holders(), ['h2']);
  });

  it('a raised peer takes over while the old holder still has it: never nobody', async () => {
    const text = (await h2.files.read(file)) ?? '';
    await h2.files.write(file, withRaised(text, 'h1'));
    world.advance(5_000);
    assert.deepEqual(holders(), ['h1'], 'a file counts only when keepalived has read it');
    await h2.systemd.reload('keepalived.service');
    assert.deepEqual(holders(), ['h1']);
    world.advance(2_000);
    assert.deepEqual(holders(), ['h2']);
  });

  it('the track script gives the address up within a second when the engine is down, and does not take it back', async () => {
    await h1.systemd.stop('docker.service');
    assert.deepEqual(holders(), ['h1']);
    world.advance(3_000);
    assert.deepEqual(holders(), ['h2']);
    await h1.systemd.start('docker.service');
    world.advance(10_000);
    assert.deepEqual(holders(), ['h2']);
  });

  const allHolders = (): readonly string[] =>
    world.edit((state) => Object.values(state.vips).flatMap((one) => [...one.holders].sort()));

  it('two with another router ID do not hear each other: both have the address', async () => {
    const text = (await h2.files.read(file)) ?? '';
    await h2.files.write(file, text.replace('virtual_router_id 51', 'virtual_router_id 52'));
    await h2.systemd.reload('keepalived.service');
    world.advance(5_000);
    assert.deepEqual(allHolders(), ['h1', 'h2']);
    await h2.files.write(file, text);
    await h2.systemd.reload('keepalived.service');
    world.advance(10);
    assert.deepEqual(allHolders(), ['h1'], 'who comes back to a living holder lets go at once');
  });

  it('a holder that is given another router ID drops the address, and the other one follows', async () => {
    const text = (await h1.files.read(file)) ?? '';
    await h1.files.write(file, text.replace('virtual_router_id 51', 'virtual_router_id 52'));
    await h1.systemd.reload('keepalived.service');
    assert.deepEqual(allHolders(), []);
    world.advance(5_000);
    assert.deepEqual(allHolders(), ['h1', 'h2'], 'and it takes the address again, alone as it is');
  });

  it('a further address comes and goes without either losing or doubling the first', async () => {
    const text = (await h1.files.read(file)) ?? '';
    const spec = parseKeepalived(text);
    assert.ok(spec !== undefined);
    const addresses = [...spec.addresses, '10.0.0.101/24'];
    await h1.files.write(
      file,
      renderKeepalived({ ...spec, addresses }, { id: 'h1', urn: 'urn:h1' }),
    );
    await h1.systemd.reload('keepalived.service');
    world.advance(5_000);
    assert.deepEqual(allHolders(), ['h1', 'h1'], 'each of both addresses once');
  });

  it('VRRP that does not get through makes two holders, until it does', () => {
    world.editMachine('h2', (machine) => (machine.isVrrpBlocked = true));
    world.advance(5_000);
    assert.deepEqual(allHolders(), ['h1', 'h2']);
    world.editMachine('h2', (machine) => (machine.isVrrpBlocked = false));
    world.advance(5_000);
    assert.deepEqual(allHolders(), ['h1']);
  });
});
