import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  vipHolder,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});

/** The same declaration with an empty state. */
function lost(): { readonly world: FakeWorld; readonly old: Stack; readonly fresh: Stack } {
  const { world, stack } = copyOf(origin.world, origin.stack);
  return { world, old: stack, fresh: new Stack(stack.declared) };
}

function adopting({ declared }: Stack, clusterId: string): Stack {
  return new Stack({ ...declared, swarm: { ...declared.swarm, adopt: clusterId } });
}

/** Everything that a take-over must leave as it is. */
function sight(world: FakeWorld): unknown {
  const { nodes, tasks, members, leader, services } = world.swarm();
  return {
    machines: world.machines().map(({ key, bootId, engine, hostPublicKey, installed }) => ({
      ...{ key, bootId, hostPublicKey, installed },
      ...{ version: engine.runningVersion, node: engine.membership?.nodeId },
    })),
    nodes: nodes.map(({ id, hostname, role, availability, state }) => ({
      ...{ id, hostname, role, availability, state },
    })),
    tasks: tasks.map(({ id, state }) => `${id} ${state}`),
    services: services.map(({ id }) => id),
    ...{ members, leader, vip: vipHolder(world) },
  };
}

test('an empty state, and no `adopt`: refused with the ID of the swarm and the way out, and nothing is touched', async () => {
  const { world, old, fresh } = lost();
  const calls = world.calls().length;
  const process = new ProviderProcess(world);
  await assert.rejects(fresh.applySwarm(process), {
    code: 'StateLost',
    message: new RegExp(
      `is in swarm ${old.clusterId}, which this very stack founded and whose 4 nodes .*nothing was touched; ` +
        `.*pulumi config set adopt ${old.clusterId}`,
    ),
  });
  await assert.rejects(fresh.applyLinks(process, 'm2', ['HostIdentity']), {
    code: 'LabMachineExists',
    message: new RegExp(`m2: .*does not know its host key; .*config set adopt ${old.clusterId}`),
  });
  assert.deepEqual(changesSince(world, calls), []);
  assert.equal(fresh.saved.size, 0);
});

test('an empty state is refused in a preview with the same words', async () => {
  const { world, old, fresh } = lost();
  const preview = (stack: Stack): Promise<readonly string[]> => {
    const process = new ProviderProcess(world);
    stack.registerSwarm(process);
    return process.call(
      'create',
      stack.urnOf('Swarm', 'cluster'),
      async (resource, operation) =>
        (await resource.previewCreate?.(stack.swarmInputs(), operation)) ?? [],
    );
  };
  const calls = world.calls().length;
  await assert.rejects(preview(fresh), { code: 'StateLost' });
  assert.deepEqual(await preview(adopting(fresh, old.clusterId)), [
    `take the running swarm ${old.clusterId} over as it is`,
  ]);
  await assert.rejects(preview(adopting(fresh, 'another')), { code: 'ForeignSwarm' });
  assert.deepEqual(changesSince(world, calls), []);
});

test('with `adopt` the whole cluster is taken over and nothing of it is touched', async () => {
  const { world, old, fresh } = lost();
  const before = sight(world);
  const labels = world.swarm().nodes.map((node) => node.labels['com.pulumi.swarm.joined']);
  const calls = world.calls().length;
  const transcript = emptyTranscript();
  const stack = adopting(fresh, old.clusterId);
  await stack.up(new ProviderProcess(world, { transcript }));
  assert.deepEqual(sight(world), before);
  assertAsDeclared(world, stack);
  assert.deepEqual(
    world.swarm().nodes.map((node) => node.labels['com.pulumi.swarm.joined']),
    labels,
  );
  assert.deepEqual(warnings(transcript), []);
  const kinds = new Set(changesSince(world, calls).map((call) => call.split(' ')[0]));
  assert.deepEqual([...kinds].sort(), [
    'docker.setSwarmLabels',
    'docker.updateNode',
    'docker.updateService',
    'files.write',
    'lab.adopt',
    'lab.ensure',
    'systemd.enable',
    'systemd.start',
  ]);
  for (const name of ['m1', 'm2', 'm3', 'w1']) {
    assert.deepEqual(
      stack.get('HostIdentity', name).outputs,
      old.get('HostIdentity', name).outputs,
      'the key of the machine',
    );
  }
  assert.ok(!sentences(transcript).some((sentence) => /install|container|join/.test(sentence)));
});

test('what was taken over is the new state’s: the old one’s deletes touch nothing, and the new one rolls', async () => {
  const { world, old, fresh } = lost();
  const stack = adopting(fresh, old.clusterId);
  await stack.up(new ProviderProcess(world));
  const calls = world.calls().length;
  const late = new ProviderProcess(world);
  old.registerSwarm(late);
  for (const kind of ['VipMember', 'Node', 'Engine', 'LabMachine']) {
    await old.callDelete(late, kind, 'm2');
  }
  const touched = changesSince(world, calls).filter((call) => !call.startsWith('lab.remove'));
  assert.deepEqual(touched, []);

  stack.declared = changed(fresh.declared, { os: 'debian:13' }, 'm2');
  await stack.up(new ProviderProcess(world));
  assertAsDeclared(world, stack);
});

test('a take-over that is killed after any of its changes is finished by the next run', async () => {
  const whole = lost();
  const first = whole.world.calls().length;
  await adopting(whole.fresh, whole.old.clusterId).up(new ProviderProcess(whole.world));
  const last = whole.world.calls().length;
  const before = sight(origin.world);
  for (let count = first + 1; count <= last; count += 3) {
    const dying: { process?: ProviderProcess } = {};
    const { world, stack: old } = copyOf(origin.world, origin.stack, (state) => {
      if (state.calls.length >= count) dying.process?.kill();
    });
    const stack = adopting(new Stack(old.declared), old.clusterId);
    dying.process = new ProviderProcess(world);
    await assert.rejects(stack.up(dying.process), { name: 'Killed' });
    await stack.up(new ProviderProcess(world));
    assert.deepEqual(sight(world), before, `killed after change ${String(count - first)}`);
    assertAsDeclared(world, stack);
  }
});

test('`adopt` where no swarm is founds none', async () => {
  const { world, old, fresh } = lost();
  for (const name of ['m1', 'm2', 'm3']) {
    const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: name });
    await docker.swarmLeave({ force: true });
  }
  const calls = world.calls().length;
  await assert.rejects(adopting(fresh, old.clusterId).applySwarm(new ProviderProcess(world)), {
    code: 'NothingToAdopt',
    message: /none of m1, m2, m3 is in a swarm, .*nothing was founded in its place/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a lab machine that shows another key than its record’s is not taken over', async () => {
  const { world, old, fresh } = lost();
  world.editMachine('test/w1', (machine) => (machine.hostPublicKey = 'ssh-ed25519 AAAAother'));
  const stack = adopting(fresh, old.clusterId);
  await assert.rejects(stack.applyLinks(new ProviderProcess(world), 'w1', ['HostIdentity']), {
    code: 'LabHostKeyLost',
  });
});

test('nodes that joined by hand are taken over with the labels that they have', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.edit(({ swarms, machines }) => {
    // As if this package had never been here: no label, no marker, no lease.
    for (const swarm of Object.values(swarms)) {
      swarm.labels = {};
      swarm.configs = [];
      swarm.services = [];
      for (const node of swarm.nodes) node.labels = { zone: node.hostname };
    }
    for (const { files } of Object.values(machines)) {
      for (const path of Object.keys(files).filter((each) => each.startsWith('/etc/pulumi'))) {
        Reflect.deleteProperty(files, path);
      }
    }
  });
  const { services: _, ...declared } = stack.declared;
  const before = world.swarm().nodes.map(({ id }) => id);
  const fresh = new Stack({ ...declared, swarm: { adopt: stack.clusterId } });
  await fresh.up(new ProviderProcess(world));
  assertAsDeclared(world, fresh);
  assert.deepEqual(
    world.swarm().nodes.map(({ id }) => id),
    before,
  );
  for (const { hostname, labels } of world.swarm().nodes) {
    assert.equal(labels['zone'], hostname);
    assert.equal(labels['com.pulumi.swarm.managed'], 'true');
  }
  const seen = await fresh.refresh(new ProviderProcess(world), 'Node', 'w1');
  assert.deepEqual(seen?.inputs['labels'], { zone: 'w1' }, 'the next plan shows it');
});

for (const isAdopting of [false, true]) {
  test(`an empty state and no quorum${isAdopting ? ', with `adopt`' : ''}: nobody is told to leave the swarm`, async () => {
    const { world, old, fresh } = lost();
    for (const name of ['m2', 'm3']) world.powerOff(`test/${name}`);
    world.advance(60_000);
    const calls = world.calls().length;
    const stack = isAdopting ? adopting(fresh, old.clusterId) : fresh;
    await assert.rejects(stack.applySwarm(new ProviderProcess(world)), {
      code: 'NoLeader',
      message:
        /m1 \(.*\) is a manager of a swarm that has no leader at present \(The swarm does not have a leader.*nothing was touched; bring its other managers back .*docs\/recovery\.md$/,
    });
    assert.deepEqual(changesSince(world, calls), []);
  });
}
