import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

interface Plan {
  readonly managers: readonly string[];
  readonly turns: readonly string[];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

async function plan(world: FakeWorld, stack: Stack, vip: PropertyMap = {}): Promise<Plan> {
  const process = new ProviderProcess(world);
  const managers = stack.declared.nodes.map(({ name, address, os }) => ({
    ...{ name, address, os, connection: { lab: 'test', machine: name } },
  }));
  const answer = await process.call(
    'call',
    stack.urnOf('Swarm', 'cluster'),
    (_resource, operation) =>
      planRollout.call(
        {
          ...{ managers, workers: [], maxUnavailable: 1 },
          ...{ vipAddresses: [stack.declared.vip ?? ''], vip },
        },
        operation,
      ),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return answer.result as unknown as Plan;
}

const handover = /hand the virtual IP over from \S+ to [a-z0-9]+/g;

for (const holder of ['m1', 'm2', 'm3']) {
  for (const preferred of [undefined, 'm1', 'm2', 'm3']) {
    const wish = preferred === undefined ? 'nobody preferred' : `${preferred} preferred`;
    test(`a roll moves the address as its preview said: on ${holder}, ${wish}`, async () => {
      const { world, stack } = copyOf(origin.world, origin.stack);
      const vip = preferred === undefined ? {} : { preferred };
      if (holder !== 'm1') {
        const first = stack.declared;
        stack.declared = changed(first, { vip: { preferred: holder } });
        await stack.up(new ProviderProcess(world));
        stack.declared = first;
        await stack.up(new ProviderProcess(world));
      }
      stack.declared = changed(stack.declared, { os: 'debian:13', vip });
      const { managers, turns, reasons } = await plan(world, stack, vip);
      assert.deepEqual(reasons, []);
      assert.match(turns[0] ?? '', new RegExp(`^VIP 10\\.88\\.0\\.100 is on ${holder}; goes to `));
      const transcript = emptyTranscript();
      const process = new ProviderProcess(world, { transcript });
      stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, roll: { vip } } };
      await stack.applySwarm(process);
      for (const name of managers) await stack.applyNode(process, name);
      assert.deepEqual(
        sentences(transcript).filter((line) => line.startsWith('hand the virtual IP')),
        turns.slice(1).flatMap((turn) => [...turn.matchAll(handover)].map(([step]) => step)),
      );
    });
  }
}

test('a holder that nobody can follow is refused in the preview, unless a gap is allowed', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  for (const name of ['m2', 'm3']) {
    const host = await world.effects().hosts.connect({ lab: 'test', machine: name });
    await host.systemd.stop('keepalived.service');
  }
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const refused = await plan(world, stack);
  assert.equal(refused.reasons.length, 1);
  assert.match(
    refused.reasons[0] ?? '',
    /m1: it holds 10\.88\.0\.100\/24, and no other manager can take it: m2: keepalived is inactive; m3: keepalived is inactive; mend one of them \(`pulumi up` without this change does\), or declare `allowGap`/,
  );
  const allowed = await plan(world, stack, { allowGap: true });
  assert.deepEqual(allowed.reasons, []);
  assert.ok(allowed.warnings.some((line) => line.includes('until m1 is rebuilt: ')));
});

test('a holder whose keepalived is not ours is named, and refused only where it goes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { files } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
  await files.write('/etc/keepalived/keepalived.conf', 'vrrp_instance theirs {\n}\n');
  const fact =
    /^m1: it holds 10\.88\.0\.100\/24 and its \S+ was not written by this package, or is gone[:;]/;
  const said = (lines: readonly string[]): number => lines.filter((line) => fact.test(line)).length;
  const { reasons, warnings } = await plan(world, stack);
  assert.deepEqual([reasons, said(warnings)], [[], 1]);
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  const refused = await plan(world, stack);
  assert.deepEqual([said(refused.reasons), said(refused.warnings)], [1, 0]);
  const allowed = await plan(world, stack, { allowGap: true });
  assert.deepEqual([allowed.reasons, said(allowed.warnings)], [[], 1]);
});
