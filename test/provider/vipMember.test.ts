import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  machine,
  vipHolder,
  watchSafety,
} from '../support/clusterState';
import { parseRaisedFor } from '../../core/keepalived/raiseKeepalived';
import type { DockerApi } from '../../effects/docker';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

const path = '/etc/keepalived/keepalived.conf';
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

/** The VipMember of m1 as this run's program would create it, after something happened. */
async function creating(
  happen: (world: FakeWorld) => void,
  more: object,
  error: object,
): Promise<void> {
  const { world, stack } = copyOf(origin.world, origin.stack);
  happen(world);
  const calls = world.calls().length;
  const wanted = { ...stack.inputsOf('VipMember', 'm1'), ...more };
  await assert.rejects(stack.create(new ProviderProcess(world), 'VipMember', 'm1', wanted), error);
  assert.deepEqual(changesSince(world, calls), []);
}

test('a keepalived.conf of somebody else is left alone', async () => {
  const theirs = { content: 'vrrp_instance theirs {\n}\n', mode: 0o644 };
  await creating(
    (world) => {
      world.editMachine('test/m1', ({ files }) => (files[path] = theirs));
    },
    {},
    {
      code: 'KeepalivedOfAnother',
      message: /m1: \/etc\/keepalived\/keepalived.conf was not written by this package/,
    },
  );
});

test('a virtual IP outside the subnet of its interface is refused with both', async () => {
  await creating(
    () => undefined,
    { addresses: ['10.99.0.100/24'] },
    {
      code: 'VipOutsideSubnet',
      message: 'm1: 10.99.0.100/24 is not in the subnet 10.88.0.11/24 of eth0; nothing was touched',
    },
  );
});

test('an interface that is not there is refused with those that are', async () => {
  await creating(
    () => undefined,
    { interface: 'bond7' },
    {
      code: 'VipInterfaceMissing',
      message: /m1: no interface bond7; it has lo \(127\.0\.0\.1\), eth0 \(10\.88\.0\.11\)/,
    },
  );
});

test('a holder whose peers cannot take the address is not taken down', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { hosts } = world.effects();
  for (const name of ['m2', 'm3']) {
    await (await hosts.connect({ lab: 'test', machine: name })).systemd.stop('keepalived.service');
  }
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'NoVipPeer',
    message:
      /m1: it holds 10\.88\.0\.100\/24, .*m[23]: keepalived is inactive.*nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(vipHolder(world), 'm1');
});

test('a handover that does not happen leaves the holder as it was', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  for (const name of ['m2', 'm3']) world.editMachine(`test/${name}`, (m) => (m.hasVipFault = true));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'TimedOut',
    message: /the handover of the virtual IP .* m2 does not hold it yet/,
  });
  for (const name of ['m2', 'm3']) {
    const text = machine(world, name).files[path]?.content ?? '';
    assert.equal(parseRaisedFor(text), undefined, `${name} was put back`);
  }
  assert.equal(vipHolder(world), 'm1');
  assert.equal(machine(world, 'm1').units['keepalived.service']?.state, 'active');
  for (const name of ['m2', 'm3'])
    world.editMachine(`test/${name}`, (m) => (m.hasVipFault = false));
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a peer that does not take the address is put back, and the next one is asked', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  world.editMachine('test/m3', (m) => (m.hasVipFault = true));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm1');
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm1');
  assert.equal(vipHolder(world), 'm2');
  assert.ok(
    warnings(transcript).some((line) =>
      /m3 did not take the virtual IP over .*; m2 is asked/.test(line),
    ),
  );
  assert.deepEqual([...faults], []);
  assertAsDeclared(world, stack);
});

test('with allowGap a holder goes whom nobody can follow, and the gap is told', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const { hosts } = world.effects();
  for (const name of ['m2', 'm3']) {
    await (await hosts.connect({ lab: 'test', machine: name })).systemd.stop('keepalived.service');
  }
  stack.declared = {
    ...changed(stack.declared, { os: 'debian:13' }, 'm1'),
    swarm: { ...stack.declared.swarm, roll: { vip: { allowGap: true } } },
  };
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  await stack.applySwarm(process);
  await stack.applyNode(process, 'm1');
  assert.ok(
    warnings(transcript).some((line) =>
      /m1 holds the virtual IP, and no other manager can take it: .*keepalived is inactive.*nobody answers at the virtual IP until m1 is rebuilt: \d+ s on lab machines/.test(
        line,
      ),
    ),
  );
  assert.equal(vipHolder(world), 'm1', 'it is back');
});

test('the preferred node takes the address when it is built, and nobody is without it', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, watch);
  const preferring = changed(stack.declared, { vip: { preferred: 'm2' } });
  stack.declared = preferring;
  await stack.up(new ProviderProcess(world));
  assert.equal(vipHolder(world), 'm2', 'taken in place');
  stack.declared = changed(preferring, { os: 'debian:13' }, 'm2');
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm2');
  const handovers = sentences(transcript).filter((line) => line.startsWith('hand the virtual IP'));
  assert.deepEqual(handovers, [
    'hand the virtual IP over from m2 to m1',
    'hand the virtual IP over from m1 to m2',
  ]);
  assert.equal(vipHolder(world), 'm2');
  assert.deepEqual([...faults], []);
  assertAsDeclared(world, stack);
});

test('a preferred node that cannot take the address leaves it where it is served, with a warning', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m2', (m) => (m.hasVipFault = true));
  stack.declared = changed(stack.declared, { vip: { preferred: 'm2' } });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.equal(vipHolder(world), 'm1');
  assert.ok(
    warnings(transcript).some((line) => /m2 is the preferred node and did not take/.test(line)),
  );
  assertAsDeclared(world, stack);
});

test('a changed priority is a reload in place: the address does not move', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { vip: { priority: 7 } }, 'm1');
  const calls = world.calls().length;
  await stack.up(new ProviderProcess(world));
  assert.match(machine(world, 'm1').keepalivedConfiguration ?? '', /priority 7$/m);
  assert.ok(changesSince(world, calls).includes('systemd.reload test/m1'));
  assert.ok(!changesSince(world, calls).some((call) => call.startsWith('systemd.restart')));
  assert.equal(vipHolder(world), 'm1');
});

for (const [what, spoil] of [
  ['was stopped by hand', 'stop'],
  ['was left raised by a run that nobody goes on with', 'raise'],
] as const) {
  test(`keepalived that ${what} is drift, and the next run mends it`, async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const { systemd, files } = await world.effects().hosts.connect({ lab: 'test', machine: 'm2' });
    if (spoil === 'stop') await systemd.stop('keepalived.service');
    else {
      const text = (await files.read(path)) ?? '';
      await files.write(
        path,
        text.replace('\nglobal_defs', '\n# raised: takes over from m1\nglobal_defs'),
      );
      await systemd.reload('keepalived.service');
    }
    const transcript = emptyTranscript();
    await stack.refresh(new ProviderProcess(world, { transcript }), 'VipMember', 'm2');
    assert.ok(warnings(transcript).some((line) => /m2: keepalived .*mends it/.test(line)));
    await stack.up(new ProviderProcess(world));
    assertAsDeclared(world, stack);
  });
}

test('the address of a dead holder moves by itself, and its member is let go with a warning', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/m1');
  const names = { managers: ['m1', 'm2', 'm3'], workers: [] };
  stack.declared = {
    ...stack.declared,
    swarm: { declared: { ...names, localData: { m1: 'discard' } } },
  };
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  await stack.applySwarm(process);
  await stack.callDelete(process, 'VipMember', 'm1');
  assert.ok(['m2', 'm3'].includes(vipHolder(world) ?? ''));
  assert.ok(warnings(transcript).some((line) => /m1 does not answer .*was not stopped/.test(line)));
});

test('two managers that left the swarm by hand join anew, one after the other: neither waits for the other', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const dockerOf = async (name: string): Promise<DockerApi> =>
    (await world.effects().hosts.connect({ lab: 'test', machine: name })).docker;
  const remaining = await dockerOf('m1');
  for (const name of ['m2', 'm3']) {
    const id = world.swarm().nodes.find(({ hostname }) => hostname === name)?.id ?? '';
    await remaining.updateNode(id, { role: 'worker' });
    world.advance(60_000);
    await (await dockerOf(name)).swarmLeave({ force: true });
    await remaining.removeNode(id, { force: true });
  }
  const process = new ProviderProcess(world);
  for (const name of ['m1', 'm2', 'm3']) await stack.refresh(process, 'Node', name);
  await stack.up(process);
  assertAsDeclared(world, stack);
});

const foreign = '4 2 87 100 10.88.0.5 10.88.0.99\n';
const listening = ['perl', '/etc/keepalived/swarm-listen.pl'];

test('a router ID that somebody else in the network uses is refused before it is taken', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.setCommand('test/m2', listening, { code: 0, stdout: foreign, stderr: '' });
  stack.declared = changed(stack.declared, { vip: { routerId: 87 } }, 'm2');
  const before = machine(world, 'm2').keepalivedConfiguration;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'RouterIdTaken',
    message:
      /m2: 10\.88\.0\.5 on the network of eth0 advertises router ID 87 as well .*10\.88\.0\.99/,
  });
  assert.equal(machine(world, 'm2').keepalivedConfiguration, before);
  assert.equal(machine(world, 'm2').files['/etc/keepalived/swarm-listen.pl'], undefined);
});

test('a host that cannot listen is no host where nobody uses the router ID', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.setCommand('test/m2', ['perl'], { code: 127, stdout: '', stderr: 'not found' });
  stack.declared = changed(stack.declared, { vip: { routerId: 89 } }, 'm2');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'VrrpNotHeard',
    message: /not found.*nothing was started; install perl-base/,
  });
});

test('another priority is not listened for: the router ID is in use by this node itself', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.setCommand('test/m1', ['perl'], { code: 127, stdout: '', stderr: 'not found' });
  stack.declared = changed(stack.declared, { vip: { priority: 7 } }, 'm1');
  await stack.up(new ProviderProcess(world));
});

test('a router ID by which a peer holds the address is not listened for again when a member is rebuilt', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  for (const name of ['m1', 'm2', 'm3']) {
    world.setCommand(`test/${name}`, ['perl'], { code: 127, stdout: '', stderr: 'not found' });
  }
  const rebuilt = await world.effects().hosts.connect({ lab: 'test', machine: 'm2' });
  const lose = async (): Promise<void> => {
    await rebuilt.systemd.stop('keepalived.service');
    await rebuilt.files.remove('/etc/keepalived/keepalived.conf');
    world.advance(10_000);
    await stack.refresh(new ProviderProcess(world), 'VipMember', 'm2');
  };
  await lose();
  assert.equal(vipHolder(world), 'm1');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);

  // Nobody holds it: somebody else may have it.
  await lose();
  for (const name of ['m1', 'm3']) {
    const { systemd } = await world.effects().hosts.connect({ lab: 'test', machine: name });
    await systemd.stop('keepalived.service');
  }
  world.advance(10_000);
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), { code: 'VrrpNotHeard' });
});

test('a command that is not on the host is refused before anything is put in place', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const before = machine(world, 'm1').files;
  const commands = { notify: ['/opt/tell'], checks: [{ command: ['/opt/check'] }] };
  stack.declared = changed(stack.declared, { vip: commands }, 'm1');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
    code: 'VipCommandMissing',
    message: /m1: \/opt\/check, \/opt\/tell is no program there/,
  });
  assert.deepEqual(machine(world, 'm1').files, before);
});

test('a password never comes back from what keepalived says of it', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const said = '(Line 30) Unknown keyword hunter2';
  for (const name of ['m1', 'm2', 'm3']) {
    world.setCommand(`test/${name}`, ['keepalived', '-t'], { code: 5, stderr: said });
  }
  stack.declared = changed(
    stack.declared,
    { vip: { vrrpVersion: 2, password: 'hunter2', advertisementSeconds: 1 } },
    'm1',
  );
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), (error: Error) => {
    assert.match(error.message, /Unknown keyword \[secret\]/);
    return !error.message.includes('hunter2');
  });
});
