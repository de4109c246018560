import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Effects, Host } from '../../effects/effects';
import { copyOf, founded } from '../support/clusterState';
import { changed, cluster, type DeclaredNode } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(1, 1)) };
});

/** What is asked of systemd about w1's engine, before it is started again. */
async function asksOf(
  change: Partial<DeclaredNode>,
  run: (process: ProviderProcess, stack: Stack) => Promise<void>,
): Promise<readonly string[]> {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, change, 'w1');
  const asks: string[] = [];
  await run(new ProviderProcess({ effects: () => heard(world.effects(), asks) }), stack);
  const start = asks.findIndex((ask) => ask.startsWith('start '));
  return [...new Set(asks.slice(0, start < 0 ? undefined : start))].sort();
}

function heard(effects: Effects, asks: string[]): Effects {
  const hear = (host: Host): Host => {
    const note =
      (ask: 'start' | 'stop' | 'disable') =>
      (unit: string): Promise<void> => {
        if (unit.startsWith('docker')) asks.push(`${ask} ${unit}`);
        return host.systemd[ask](unit);
      };
    const systemd = { start: note('start'), stop: note('stop'), disable: note('disable') };
    return { ...host, systemd: { ...host.systemd, ...systemd } };
  };
  const connect: Effects['hosts']['connect'] = async (connection) =>
    hear(await effects.hosts.connect(connection));
  return { ...effects, hosts: { ...effects.hosts, connect } };
}

const rebuilt = { os: 'debian:13' };
const begun = ['stop docker.service', 'stop docker.socket'];
const inOrder = ['disable docker.service', 'disable docker.socket', ...begun];

test('the end of an engine whose machine goes next is begun, and its units stay as they are', async () => {
  const asks = await asksOf(rebuilt, (process, stack) => stack.applyNode(process, 'w1'));
  assert.deepEqual(asks, begun);
});

test('one whose machine stays is stopped in order, and does not start with it any more', async () => {
  const restarted = { engine: { daemon: { dns: ['10.88.0.1'] } } };
  const asks = await asksOf(restarted, (process, stack) => stack.applyNode(process, 'w1'));
  assert.deepEqual(asks, inOrder);
});

test('a run whose program has not come to the machine does not know that it goes', async () => {
  const asks = await asksOf(rebuilt, async (process, stack) => {
    const swarm = stack.get('Swarm', 'cluster');
    process.check(swarm.urn, swarm.inputs);
    await stack.remove(process, 'Node/w1');
    await stack.remove(process, 'Engine/w1');
  });
  assert.deepEqual(asks, inOrder);
});
