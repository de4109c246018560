import { addressOf } from '../../core/addresses';
import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import { countRequests } from './countRequests';
import { untilHolders } from './vipHolders';

export const vipChanged: Scenario = {
  name: 'vip-changed',
  number: 24,
  title:
    'an address added and advertised first, the interval, the router ID, the preferred node, unicast, VRRP version 2 and its password changed in place',
  holds: 'each is one up, one manager has the address afterwards, and no request fails',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await stage.untilServed();
    const boots = await stage.bootIds();
    const vip = stage.declared('vip') as {
      readonly addresses: readonly string[];
      readonly routerId: number;
    };
    const second = addressOf(vip.addresses[0] ?? '').replace(/\d+$/, '101');
    const managers = stage.cluster.managers;
    const [holder] = await untilHolders(stage, 1);
    const other = managers.find((name) => name !== holder) ?? '';
    const changes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
      [`added ${second}`, { addresses: [...vip.addresses, `${second}/24`] }],
      [`${second} advertised first`, { addresses: [`${second}/24`, ...vip.addresses] }],
      ['another interval', { advertisementSeconds: 0.5 }],
      ['another router ID', { routerId: vip.routerId === 255 ? 1 : vip.routerId + 1 }],
      [`${other} preferred`, { preferred: other }],
      ['unicast', { unicast: true }],
      [
        'VRRP version 2 with a password',
        { vrrpVersion: 2, password: 'first', advertisementSeconds: 1 },
      ],
      ['another password', { password: 'second' }],
    ];
    let declared: Readonly<Record<string, unknown>> = { ...vip };
    const figures: Record<string, string> = {};
    let failures = 0;
    for (const [what, change] of changes) {
      declared = { ...declared, ...change };
      stage.declare('vip', declared, `declared the virtual IP with ${what}`);
      const { client } = await countRequests(stage, what, async () => {
        await stage.runToTheEnd('up');
        await untilHolders(stage, 1);
      });
      failures += client.failures;
      figures[what] =
        `${String(client.failures)} of ${String(client.requests)} failed, longest gap ${client.longestPathGapMs.toFixed(0)} ms`;
    }
    stage.figures(figures);
    stage.checkEqual(failures, 0, 'no request failed');
    stage.checkEqual(await untilHolders(stage, 1), [other], 'the preferred node has the address');
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    await stage.checkNothingPending();
  },
};
