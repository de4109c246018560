import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseDrained } from '../../core/balancer/drainedServers';
import type { BalancerSpec } from '../../core/balancer/balancerSpec';
import { parseDescription } from '../../core/balancer/parseBalancer';
import { renderBalancer } from '../../core/balancer/renderBalancer';
import type { Clock } from '../../effects/clock';
import type { Host } from '../../effects/effects';
import {
  markServers,
  presentConfiguration,
  putBalancer,
  removeBalancer,
} from '../../provider/operations/balancer/balancerHost';
import { balancerPath, balancerUnit } from '../../provider/operations/balancer/balancerSpec';
import {
  runningDescription,
  serverFacts,
  setServers,
} from '../../provider/operations/balancer/runtimeSocket';
import { eventually } from './waiting';

/** Two machines; what the suite needs of the world beside them. */
export interface BalancerHosts {
  readonly clock: Clock;
  readonly a: { readonly host: Host; readonly address: string };
  readonly b: { readonly host: Host; readonly address: string };
  /** An address of their network that is nobody's. */
  readonly freeAddress: string;
  /** Somebody listens on the port of `b`, or nobody does. */
  readonly serve: (port: number, isOn: boolean) => Promise<void>;
}

const port = 8080;
const marker = { id: 'balancer-1', urn: 'urn:pulumi:contract::p::swarm:index:Balancer::a' };
const [fromA, fromB] = ['port-80/a', 'port-80/b'];

/** What the balancer's operations rely on of HAProxy, its package and its unit: on the fake and on the real one. */
export function balancerContract(
  title: string,
  setUp: () => Promise<BalancerHosts>,
  tearDown: () => Promise<void>,
): void {
  describe(title, () => {
    let world: BalancerHosts;
    let host: Host;
    let spec: BalancerSpec;

    before(async () => {
      world = await setUp();
      host = world.a.host;
      spec = {
        addresses: [`${world.freeAddress}/24`],
        ports: [{ listen: 80, target: port }],
        servers: [
          { name: 'a', address: world.a.address },
          { name: 'b', address: world.b.address },
        ],
        drainSeconds: 30,
      };
      await world.serve(port, true);
    });
    after(tearDown);

    const put = async (text: string): Promise<boolean> =>
      putBalancer(host, 'a', await presentConfiguration(host, 'a'), text);
    const runs = async (text: string): Promise<void> => {
      await eventually(world.clock, 20, 'HAProxy', async () =>
        (await runningDescription(host, 'a').catch(() => '')) === parseDescription(text)
          ? undefined
          : 'it runs with another configuration',
      );
    };
    const statusOf = async (key: string): Promise<string> =>
      (await serverFacts(host, 'a')).find((server) => server.key === key)?.status ?? 'none';
    const becomes = async (key: string, wanted: RegExp): Promise<void> => {
      await eventually(world.clock, 20, 'HAProxy', async () => {
        const status = await statusOf(key);
        return wanted.test(status) ? undefined : `${key} is ${status}`;
      });
    };

    test('the package’s own configuration is known as such, until somebody edits it', async () => {
      await host.packages.install({ haproxy: undefined });
      const present = await presentConfiguration(host, 'a');
      assert.ok(present.kind === 'package');
      const { text } = present;
      await host.files.write(balancerPath, `${text}# edited\n`);
      await assert.rejects(presentConfiguration(host, 'a'), { code: 'BalancerOfAnother' });
      await host.files.write(balancerPath, text);
      assert.equal((await presentConfiguration(host, 'a')).kind, 'package');
    });

    test('nobody answers at the socket of one that does not run', async () => {
      await assert.rejects(serverFacts(host, 'a'), { code: 'BalancerSilent' });
    });

    test('what HAProxy refuses stays out', async () => {
      const wrong = renderBalancer(spec, marker).replace('defaults', 'nonsense');
      await assert.rejects(put(wrong), { code: 'BalancerRefuses' });
      assert.equal((await presentConfiguration(host, 'a')).kind, 'package');
    });

    test('it starts with an address that is not on the host, and checks its servers', async () => {
      const text = renderBalancer(spec, marker);
      assert.equal(await put(text), true);
      await host.systemd.enable(balancerUnit);
      await host.systemd.start(balancerUnit);
      assert.equal(await host.systemd.state(balancerUnit), 'active');
      await runs(text);
      await becomes(fromB, /^UP/);
      await becomes(fromA, /^DOWN/);
    });

    test('a drained server stays drained over a reload by its mark, and is given back without one', async () => {
      await markServers(host, 'a', [fromB], true);
      await setServers(host, 'a', [fromB], 'drain');
      assert.match(await statusOf(fromB), /^DRAIN/);
      await host.systemd.reload(balancerUnit);
      await becomes(fromB, /^MAINT/);
      assert.equal(
        (await serverFacts(host, 'a')).find(({ key }) => key === fromB)?.isDrained,
        true,
      );
      await setServers(host, 'a', [fromB], 'ready');
      await becomes(fromB, /^UP/);
      await markServers(host, 'a', [fromB], false);
      const present = await presentConfiguration(host, 'a');
      assert.deepEqual(present.kind === 'ours' ? parseDrained(present.text) : undefined, []);
    });

    test('a server that dies and comes back is seen both times', async () => {
      await world.serve(port, false);
      await becomes(fromB, /^DOWN/);
      await world.serve(port, true);
      await becomes(fromB, /^UP/);
    });

    test('a reload takes a changed configuration, and a server that is not there is an error', async () => {
      const text = renderBalancer({ ...spec, ports: [{ listen: 81, target: port }] }, marker);
      assert.equal(await put(text), true);
      await host.systemd.reload(balancerUnit);
      await runs(text);
      await becomes('port-81/b', /^UP/);
      await assert.rejects(setServers(host, 'a', [fromB], 'drain'), { code: 'BalancerSilent' });
    });

    test('stopped and removed, the package’s own configuration is back', async () => {
      await host.systemd.stop(balancerUnit);
      await host.systemd.disable(balancerUnit);
      await removeBalancer(host);
      assert.equal((await presentConfiguration(host, 'a')).kind, 'package');
      await assert.rejects(serverFacts(host, 'a'), { code: 'BalancerSilent' });
    });
  });
}
