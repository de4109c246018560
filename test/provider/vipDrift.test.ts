import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Host } from '../../effects/effects';
import type { PropertyMap } from '../../provider/server/resource';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  machine,
  vipHolder,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, warnings } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

const path = '/etc/keepalived/keepalived.conf';
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

const hostOf = (world: FakeWorld, name: string): Promise<Host> =>
  world.effects().hosts.connect({ lab: 'test', machine: name });

async function edit(
  world: FakeWorld,
  name: string,
  change: (text: string) => string,
  isReloaded: boolean,
): Promise<void> {
  const { files, systemd } = await hostOf(world, name);
  await files.write(path, change((await files.read(path)) ?? ''));
  if (isReloaded) await systemd.reload('keepalived.service');
  world.advance(10_000);
}

/** What a refresh of every member says. */
async function refreshed(world: FakeWorld, stack: Stack): Promise<readonly string[]> {
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  const calls = world.calls().length;
  for (const name of ['m1', 'm2', 'm3']) await stack.refresh(process, 'VipMember', name);
  assert.deepEqual(changesSince(world, calls), [], 'a refresh changes nothing');
  return warnings(transcript);
}

interface Row {
  readonly what: string;
  readonly spoil: (world: FakeWorld) => Promise<void>;
  readonly said: readonly RegExp[];
  /** Nobody is without the address while it is mended. */
  readonly isGapless: boolean;
}

const rows: readonly Row[] = [
  {
    what: 'keepalived stopped on a backup',
    spoil: async (world) => (await hostOf(world, 'm2')).systemd.stop('keepalived.service'),
    said: [/^m2: keepalived is inactive; `pulumi up` mends it$/],
    isGapless: true,
  },
  {
    what: 'keepalived stopped on the holder',
    spoil: async (world) => {
      await (await hostOf(world, 'm1')).systemd.stop('keepalived.service');
      world.advance(10_000);
    },
    said: [/^m1: keepalived is inactive;/],
    isGapless: true,
  },
  {
    what: 'a byte changed on the holder',
    spoil: (world) =>
      edit(world, 'm1', (text) => text.replace('priority 200', 'priority 201'), true),
    said: [
      /^m1: \/etc\/keepalived\/keepalived\.conf was changed by hand, at line \d+ \(priority\);/,
    ],
    isGapless: true,
  },
  {
    what: 'a line added at the end of a backup’s file',
    spoil: (world) => edit(world, 'm3', (text) => `${text}# mine\n`, false),
    said: [/^m3: .* was changed by hand, at line \d+/],
    isGapless: true,
  },
  {
    what: 'a peer left raised',
    spoil: (world) =>
      edit(
        world,
        'm2',
        (text) =>
          text
            .replace('\nglobal_defs', '\n# raised: takes over from m1\nglobal_defs')
            .replace('    nopreempt\n', '')
            .replace('priority 190\n    advert', 'priority 254\n    advert'),
        true,
      ),
    said: [/^m2: keepalived is raised to take over from m1, by a run that did not end;/],
    isGapless: true,
  },
  {
    what: 'another router ID on the holder',
    spoil: (world) =>
      edit(
        world,
        'm1',
        (text) => text.replace('virtual_router_id 88', 'virtual_router_id 51'),
        true,
      ),
    said: [
      /^m1: .* was changed by hand, at line \d+ \(virtual_router_id\);/,
      /^m2: m1 and m2 hold the virtual IP 10\.88\.0\.100 at the same time: m2 has another router ID than m1;/,
    ],
    isGapless: true,
  },
  {
    what: 'another router ID on a backup that nobody has reloaded',
    spoil: (world) =>
      edit(
        world,
        'm3',
        (text) => text.replace('virtual_router_id 88', 'virtual_router_id 51'),
        false,
      ),
    said: [/^m3: .* was changed by hand, at line \d+ \(virtual_router_id\);/],
    isGapless: true,
  },
  {
    what: 'a script beside the file changed',
    spoil: async (world) =>
      (await hostOf(world, 'm2')).files.write('/etc/keepalived/swarm-engine.sh', 'exit 0\n'),
    said: [/^m2: \/etc\/keepalived\/swarm-engine\.sh was changed by hand;/],
    isGapless: true,
  },
  {
    what: 'the file gone',
    spoil: async (world) => (await hostOf(world, 'm3')).files.remove(path),
    said: [/^m3: keepalived has no configuration:/],
    isGapless: true,
  },
  {
    what: 'nobody holding the address',
    spoil: async (world) => {
      for (const name of ['m1', 'm2', 'm3']) {
        await (await hostOf(world, name)).systemd.stop('keepalived.service');
      }
    },
    said: [
      /^m1: keepalived is inactive;/,
      /^m1: nobody holds the virtual IP 10\.88\.0\.100;/,
      /^m2: keepalived is inactive;/,
      /^m3: keepalived is inactive;/,
    ],
    isGapless: false,
  },
];

for (const { what, spoil, said, isGapless } of rows) {
  test(`${what}: a refresh says it, and the next run mends it`, async () => {
    const { watch, faults } = watchSafety();
    const { world, stack } = copyOf(origin.world, origin.stack, watch);
    await spoil(world);
    const holder = vipHolder(world);
    const lines = await refreshed(world, stack);
    assert.equal(lines.length, said.length, lines.join('\n'));
    said.forEach((pattern, index) => {
      assert.match(lines[index] ?? '', pattern);
    });
    (faults as Set<string>).clear();
    await stack.up(new ProviderProcess(world));
    if (isGapless) assert.deepEqual([...faults], []);
    if (isGapless && !/router ID on the holder/.test(what)) assert.equal(vipHolder(world), holder);
    assertAsDeclared(world, stack);
    assert.deepEqual(await refreshed(world, stack), [], 'nothing is left to mend');
  });
}

test('VRRP that does not get through is named, and the run stops there until it does', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m3', (one) => (one.isVrrpBlocked = true));
  world.advance(10_000);
  const cause =
    /m1 and m3 hold the virtual IP 10\.88\.0\.100 at the same time: their files agree, so VRRP \(IP protocol 112\) does not get through between them/;
  const lines = await refreshed(world, stack);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', cause);
  await assert.rejects(stack.up(new ProviderProcess(world)), { code: 'TimedOut', message: cause });
  world.editMachine('test/m3', (one) => (one.isVrrpBlocked = false));
  world.advance(10_000);
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a member whose host is silent is kept as it was, with a warning', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m2');
  world.advance(10_000);
  const known = stack.get('VipMember', 'm2').inputs;
  const lines = await refreshed(world, stack);
  assert.ok(lines.some((line) => /^m2: keepalived was not looked at:/.test(line)));
  assert.deepEqual(stack.get('VipMember', 'm2').inputs, known);
});

test('the preferred node that does not have the address says so, and takes it', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  const node = stack.declared.nodes.map((one) => ({ ...one, vip: { preferred: 'm1' } }));
  stack.declared = { ...stack.declared, nodes: node };
  await stack.up(new ProviderProcess(world));
  await (await hostOf(world, 'm1')).systemd.stop('keepalived.service');
  world.advance(10_000);
  await (await hostOf(world, 'm1')).systemd.start('keepalived.service');
  world.advance(10_000);
  assert.notEqual(vipHolder(world), 'm1');
  (faults as Set<string>).clear();
  const lines = await refreshed(world, stack);
  assert.match(lines[0] ?? '', /^m1: it is the preferred node, and m2 holds the virtual IP;/);
  await stack.up(new ProviderProcess(world));
  assert.equal(vipHolder(world), 'm1');
  assert.deepEqual([...faults], []);
  assert.equal(machine(world, 'm1').units['keepalived.service']?.state, 'active');
});

/** What somebody writes who knows keepalived, and not that it is managed here: another router ID, so both hold it. */
const byHand = `vrrp_instance theirs {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 250
    advert_int 1
    virtual_ipaddress {
        10.88.0.100/24 dev eth0
    }
}
`;

for (const [what, spoil] of [
  [
    'a file of somebody else',
    (world: FakeWorld, name: string) => edit(world, name, () => byHand, false),
  ],
  [
    'no file',
    async (world: FakeWorld, name: string) => (await hostOf(world, name)).files.remove(path),
  ],
] as const) {
  describe(`a holder with ${what}`, () => {
    const begin = async (more: PropertyMap = {}) => {
      const { world, stack } = copyOf(origin.world, origin.stack);
      await spoil(world, 'm1');
      stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
      const transcript = emptyTranscript();
      const process = new ProviderProcess(world, { transcript });
      const roll = { vip: more };
      stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, roll } };
      await stack.applySwarm(process);
      return { world, stack, process, transcript, calls: world.calls().length };
    };

    test('is not taken down by a roll, and nothing is touched', async () => {
      const { world, stack, process, calls } = await begin();
      await assert.rejects(stack.applyNode(process, 'm1'), {
        code: 'KeepalivedOfAnother',
        message:
          /^m1: it holds 10\.88\.0\.100\/24 and its \/etc\/keepalived\/keepalived\.conf was not written by this package, or is gone: .*nothing was touched; move that file away/,
      });
      assert.deepEqual(changesSince(world, calls), []);
    });

    test('is taken down with a warning where a gap is allowed', async () => {
      const { world, stack, process, transcript } = await begin({ allowGap: true });
      await stack.applyNode(process, 'm1');
      assert.ok(warnings(transcript).some((line) => /m1: it holds .* not handed over/.test(line)));
      assertAsDeclared(world, stack);
    });

    test('is rolled when what the refusal says was done', async () => {
      const { world, stack, process } = await begin();
      await assert.rejects(stack.applyNode(process, 'm1'));
      const { nodes } = stack.declared;
      stack.declared = { ...stack.declared, nodes: origin.stack.declared.nodes };
      await (await hostOf(world, 'm1')).files.remove(path);
      await stack.refresh(new ProviderProcess(world), 'VipMember', 'm1');
      await stack.up(new ProviderProcess(world));
      stack.declared = { ...stack.declared, nodes };
      await stack.up(new ProviderProcess(world));
      assertAsDeclared(world, stack);
    });

    test('is left to who wrote it when the virtual IP is no longer declared', async () => {
      const { world, stack } = await begin();
      const declared = { managers: ['m1', 'm2', 'm3'], workers: [], vips: [] };
      stack.declared = { ...stack.declared, swarm: { declared } };
      const process = new ProviderProcess(world);
      await stack.applySwarm(process);
      const calls = world.calls().length;
      await stack.callDelete(process, 'VipMember', 'm1');
      assert.deepEqual(changesSince(world, calls), []);
    });
  });
}
