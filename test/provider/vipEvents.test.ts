import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { vrrpFiles } from '../../core/keepalived/vrrpFiles';
import type { Host } from '../../effects/effects';
import { takeOver } from '../../provider/operations/vip/handOverVip';
import { putVrrpFiles } from '../../provider/operations/vip/vrrpFilesOnHost';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';

const vip = '10.0.0.100';
const urn = 'urn:pulumi:test::test::swarm:index:VipMember::h1';

describe('a handover of the virtual IP', () => {
  let world: FakeWorld;
  let process: ProviderProcess;
  let h1: Host;
  let h2: Host;

  const prepare = async (name: string, address: string, priority: number): Promise<Host> => {
    world.addHost({ name, address });
    const host = await process.effects.hosts.connect({ host: address });
    await host.packages.install({ keepalived: undefined, 'docker.io': undefined });
    await host.systemd.start('docker.service');
    const spec = {
      ...{ name: 'vip', addresses: [`${vip}/24`], interface: 'eth0', sourceAddress: address },
      ...{ routerId: 51, priority, advertisementSeconds: 1 },
    };
    await putVrrpFiles(host, vrrpFiles(spec));
    const text = renderKeepalived(spec, { id: name, urn: `urn:${name}` });
    await host.files.write('/etc/keepalived/keepalived.conf', text);
    await host.systemd.start('keepalived.service');
    world.advance(10_000);
    return host;
  };

  beforeEach(async () => {
    world = new FakeWorld();
    process = new ProviderProcess(world);
    h1 = await prepare('h1', '10.0.0.1', 200);
    h2 = await prepare('h2', '10.0.0.2', 190);
  });

  /** Looks at h2 from the start of the wait, in fake milliseconds, and when h2 had the address. */
  async function handOver(isTold: boolean): Promise<{ looks: number[]; movedMs: number }> {
    const { clock } = process.effects;
    const looks: number[] = [];
    const peer = {
      ...h2,
      network: {
        ...h2.network,
        addresses: () => {
          looks.push(clock.monotonicMs());
          return h2.network.addresses();
        },
        ...(isTold ? {} : { listen: () => () => undefined }),
      },
    };
    const holder = isTold
      ? h1
      : { ...h1, network: { ...h1.network, listen: () => () => undefined } };
    let movedMs = 0;
    let isOver = false;
    const watch = async (): Promise<void> => {
      while (!isOver) {
        world.edit(({ vips, nowMs }) => {
          if (movedMs === 0 && vips[vip]?.holder === 'h2') movedMs = nowMs;
        });
        await clock.sleep(5);
      }
    };
    const watching = watch();
    try {
      await process.call('update', urn, (_, operation) =>
        takeOver(
          operation,
          { addresses: [`${vip}/24`] },
          { name: 'h2', host: peer },
          { name: 'h1', host: holder },
          60,
        ),
      );
    } finally {
      isOver = true;
      await watching;
    }
    const [first = 0] = looks;
    return { looks: looks.map((look) => look - first), movedMs: movedMs - first };
  }

  it('is seen at once when a host tells of its addresses', async () => {
    const { looks, movedMs } = await handOver(true);
    assert.ok(movedMs > 800, `moved after ${String(movedMs)} ms`);
    const last = looks.at(-1) ?? 0;
    assert.ok(last - movedMs <= 50, `seen ${String(last - movedMs)} ms after it`);
  });

  it('is seen by a question where none does', async () => {
    const { looks, movedMs } = await handOver(false);
    const last = looks.at(-1) ?? 0;
    assert.ok(last >= movedMs && last - movedMs <= 500 && looks.length <= 7, looks.join());
  });
});
