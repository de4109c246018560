import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { heldLabel } from '../../core/held';
import { keptDirectory, parseUpgradeMark, upgradeMarkPath } from '../../core/upgradeMark';
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
import { offerNewerEngine, olderPackage } from '../support/newerEngine';
import { shutDown, stopUnit } from '../support/fakeWorld/machines';
import { ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

/** The leader last. */
const order = ['m2', 'm3', 'm1', 'w1', 'w2'];

let origin: { readonly world: FakeWorld; readonly stack: Stack };
let engine: PropertyMap = {};

before(async () => {
  const world = new FakeWorld();
  const { engine: images, ...services } = await webService();
  engine = { ...images, version: '26.1', upgrade: 'inPlace', hold: true };
  const declared = changed(cluster(3, 2, services), { os: 'debian:13', engine });
  const stack = await founded(world, declared);
  offerNewerEngine(world);
  // The activation is made by the first run after the founding.
  await stack.up(new ProviderProcess(world));
  origin = { world, stack };
});

function begin(): ReturnType<typeof copyOf> & { readonly faults: ReadonlySet<string> } {
  const { watch, faults } = watchSafety();
  const copy = copyOf(origin.world, origin.stack, watch);
  copy.stack.declared = upTo(copy.stack, '28.5');
  return { ...copy, faults };
}

function upTo(stack: Stack, version: string): Stack['declared'] {
  return changed(stack.declared, { engine: { ...engine, version } });
}

const held = (world: FakeWorld): readonly string[] =>
  world
    .swarm()
    .nodes.filter(({ labels }) => labels[heldLabel] !== undefined)
    .map(({ hostname }) => hostname);

test('managers one by one, held until the last of them, then together, then workers: nobody leaves', async () => {
  const { world, stack, faults } = begin();
  const ids = world.swarm().nodes.map(({ hostname, id }) => `${hostname} ${id}`);
  const boots = world.machines().map(({ bootId }) => bootId);
  const transcript = emptyTranscript();
  const process = new ProviderProcess(world, { transcript });
  for (const name of ['m2', 'm3', 'm1']) await stack.applyNode(process, name);
  assert.deepEqual([...held(world)].sort(), ['m1', 'm2', 'm3']);
  assert.ok(
    world
      .swarm()
      .nodes.every(
        ({ labels, availability }) =>
          (availability === 'drain') === (labels[heldLabel] === 'active'),
      ),
  );
  assert.deepEqual(sentences(transcript).slice(0, 13), [
    'bring the engine near m2, and try its installation',
    'wait at the gate before m2',
    'keep the present engine of m2',
    'drain m2',
    'wait at the gate before m2',
    'stop the engine of m2',
    'install the engine on m2',
    'start the engine of m2',
    'wait until m2 is ready',
    'start a container on m2',
    'try the overlay between m2 and m1',
    'load images on m2',
    'bring the engine near m3, and try its installation',
  ]);
  assert.notEqual(vipHolder(world), 'm1', 'the holder handed the address over');
  await stack.up(process, order);
  assertAsDeclared(world, stack);
  assert.deepEqual(held(world), []);
  assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
  assert.deepEqual(
    world.swarm().nodes.map(({ hostname, id }) => `${hostname} ${id}`),
    ids,
  );
  assert.deepEqual(
    world.machines().map(({ bootId }) => bootId),
    boots,
  );
  for (const { hostname, engineVersion } of world.swarm().nodes) {
    assert.equal(engineVersion, '28.5.2', hostname);
    const { files, held: kept } = machine(world, hostname);
    assert.equal(files[`${keptDirectory}/docker.io.deb`]?.content, olderPackage);
    assert.equal(parseUpgradeMark(files[upgradeMarkPath]?.content)?.phase, 'done');
    assert.deepEqual([...kept].sort(), ['docker-cli', 'docker.io']);
  }
  const calls = world.calls().length;
  await stack.refreshBefore(new ProviderProcess(world));
  await stack.up(new ProviderProcess(world), order);
  assert.equal(world.calls().length, calls, 'a second run touches nothing');
});

test('packages that cannot be installed are refused while the node serves, and nothing of it is touched', async () => {
  const { world, stack, faults } = begin();
  for (const name of ['m2', 'w1']) {
    world.editMachine(`test/${name}`, ({ unmet }) => (unmet['docker.io'] = 'tini'));
    const availabilities = new Set<string>();
    const { watch } = watchSafety();
    const copy = copyOf(world, stack, (state) => {
      watch(state);
      const [swarm] = Object.values(state.swarms);
      for (const node of Object.values(swarm?.nodes ?? {})) availabilities.add(node.availability);
    });
    await assert.rejects(copy.stack.applyNode(new ProviderProcess(copy.world), name), {
      code: 'PackageUnfit',
      message: /docker\.io : Depends: tini but it is not installable/,
    });
    assert.deepEqual([...availabilities], ['active'], `${name} was never drained`);
    const { files, engine: there } = machine(copy.world, name);
    assert.equal(there.runningVersion, '26.1.5');
    assert.equal(files[upgradeMarkPath], undefined);
    // Mended, it goes on.
    copy.world.editMachine(`test/${name}`, (state) => (state.unmet = {}));
    await copy.stack.applyNode(new ProviderProcess(copy.world), name);
    assert.equal(machine(copy.world, name).engine.runningVersion, '28.5.2');
  }
  assert.deepEqual([...faults], []);
});

test('the gate is asked again right before an engine stops: of two managers that are left neither is stopped', async () => {
  const { watch, faults } = watchSafety();
  const { world, stack } = copyOf(origin.world, origin.stack, (state) => {
    const [swarm] = Object.values(state.swarms);
    const isDrained = Object.values(swarm?.nodes ?? {}).some(
      ({ hostname, labels }) => hostname === 'm2' && labels[heldLabel] !== undefined,
    );
    const dying = state.machines['test/m3'];
    if (isDrained && dying?.isOn === true) shutDown(dying);
    watch(state);
  });
  stack.declared = upTo(stack, '28.5');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), { code: 'TimedOut' });
  assert.equal(machine(world, 'm2').engine.runningVersion, '26.1.5');
  assert.deepEqual(held(world), [], 'it serves again');
  assert.deepEqual([...faults], [], 'the majority was there at every moment');
});

test('two runs at once: the activation of one lets no manager go whose engine the other one is exchanging', async () => {
  const wrong: string[] = [];
  for (let moment = 0; moment < 40; moment += 4) {
    let changes = 0;
    let isTime: () => void = () => undefined;
    const time = new Promise<void>((resolve) => (isTime = resolve));
    const { world, stack } = copyOf(origin.world, origin.stack, (state) => {
      const [swarm] = Object.values(state.swarms);
      const node = Object.values(swarm?.nodes ?? {}).find(({ hostname }) => hostname === 'm2');
      const isStopped = state.machines['test/m2']?.units['docker.service']?.state !== 'active';
      if (isStopped && node?.availability !== 'drain') wrong.push(`${String(moment)}: stopped`);
      if (node?.labels[heldLabel] !== undefined && (changes += 1) > moment) isTime();
    });
    stack.declared = upTo(stack, '28.5');
    const { id, urn, inputs, outputs } = stack.get('Activation', 'cluster-activation');
    const exchanged = stack.applyNode(new ProviderProcess(world), 'm2');
    await Promise.race([time, exchanged]);
    await new ProviderProcess(world).call('update', urn, (resource, operation) =>
      resource.update(id, { inputs, state: outputs }, inputs, operation),
    );
    await exchanged;
    assert.equal(machine(world, 'm2').engine.runningVersion, '28.5.2');
    assert.deepEqual(held(world), []);
  }
  assert.deepEqual(wrong, []);
});

test('a manager that died while it was held keeps no other one drained', async () => {
  const { world, stack } = begin();
  const process = new ProviderProcess(world);
  for (const name of ['m2', 'm3', 'm1']) await stack.applyNode(process, name);
  world.powerOff('test/m2');
  world.advance(60_000);
  await assert.rejects(stack.applyActivation(process), { code: 'TimedOut', message: /m2 is down/ });
  assert.deepEqual(held(world), ['m2']);
  world.powerOn('test/m2');
  await stack.up(new ProviderProcess(world), order);
  assertAsDeclared(world, stack);
});

test('an engine that does not answer is not taken for the one that is wanted', async () => {
  const { world, stack } = begin();
  world.editMachine('test/w1', (stopped) => {
    for (const name of ['docker.socket', 'docker.service']) stopUnit(stopped, name);
  });
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
    code: 'EngineUnreachable',
  });
});

test('an engine that does not come up is put back, and its node serves again', async () => {
  for (const name of ['m2', 'w1']) {
    const { world, stack, faults } = begin();
    world.editMachine(`test/${name}`, (broken) => {
      broken.engine.brokenVersions = ['28.5.2'];
    });
    await assert.rejects(stack.applyNode(new ProviderProcess(world), name), {
      code: 'EngineUpgradeFailed',
      message:
        /engine 28\.5\.2 did not take the place of 26\.1\.5, which was put back: .* is active again.*28\.5\.2 is broken/s,
    });
    assertAsDeclared(world, stack);
    assert.deepEqual(held(world), []);
    assert.equal(machine(world, name).engine.runningVersion, '26.1.5');
    assert.equal(machine(world, name).installed['docker.io'], olderPackage);
    assert.equal(machine(world, name).files[upgradeMarkPath], undefined);
    assert.deepEqual([...faults], []);
    world.editMachine(`test/${name}`, (mended) => {
      mended.engine.brokenVersions = [];
    });
    await stack.up(new ProviderProcess(world), order);
    assertAsDeclared(world, stack);
  }
});

test('an engine that cannot be stopped as it should be is put back too', async () => {
  const { world, stack } = begin();
  world.failNext('systemd.stop', { code: 'CommandTimedOut', message: 'no answer' });
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'EngineUpgradeFailed',
    message: /no answer/,
  });
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'm2').engine.runningVersion, '26.1.5');
});

test('an engine that comes up and starts no container is put back too', async () => {
  const { world, stack } = begin();
  world.failNext('docker.runContainerCheck', { code: 'ContainerCheckFailed', message: 'no runc' });
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'EngineUpgradeFailed',
    message: /no runc/,
  });
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'm2').engine.runningVersion, '26.1.5');
});

test('where an interrupted run is taken back, what it held serves again, and half an engine is made whole', async () => {
  for (const step of ['installEngine', 'hold'] as const) {
    const { world, stack } = begin();
    const former = origin.stack.declared;
    const process = new ProviderProcess(world);
    if (step === 'installEngine') {
      world.failNext('packages.install', 'kill', { after: true });
      const dying = stack.applyNode(process, 'm2');
      process.kill();
      await assert.rejects(dying);
    } else {
      await stack.applyNode(process, 'm2');
      assert.deepEqual(held(world), ['m2']);
    }
    stack.declared = step === 'hold' ? upTo(stack, '28.5') : former;
    if (step === 'hold')
      stack.declared = changed(former, { engine: { ...engine, version: '28.5' } }, 'm2');
    await stack.refreshBefore(new ProviderProcess(world));
    await stack.up(new ProviderProcess(world), order);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.deepEqual(held(world), []);
  }
});

test('a change that is taken back while managers are held: what was kept is put back, nobody leaves, and all serve', async () => {
  for (const names of [['m2'], ['m2', 'm3', 'm1']]) {
    const { world, stack, faults } = begin();
    const ids = world.swarm().nodes.map(({ id }) => id);
    for (const name of names) await stack.applyNode(new ProviderProcess(world), name);
    assert.deepEqual([...held(world)].sort(), [...names].sort());
    stack.declared = origin.stack.declared;
    await stack.refreshBefore(new ProviderProcess(world));
    const transcript = emptyTranscript();
    // No mirror may have it any more.
    for (const { key } of world.machines()) {
      world.editMachine(key, ({ offered }) => (offered['docker.io'] = ['28.5.2+dfsg4-1']));
    }
    await stack.up(new ProviderProcess(world, { transcript }), order);
    assertAsDeclared(world, stack);
    assert.deepEqual(held(world), []);
    assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
    assert.deepEqual(
      world.swarm().nodes.map(({ id }) => id),
      ids,
      'nobody left',
    );
    for (const name of names) {
      assert.equal(machine(world, name).engine.runningVersion, '26.1.5');
      assert.ok(sentences(transcript).includes(`put engine 26.1.5 back on ${name}`));
    }
    await stack.refreshBefore(new ProviderProcess(world));
    assert.equal(stack.get('Engine', 'm2').outputs['kept'], undefined);
    // And forth again.
    offerNewerEngine(world);
    stack.declared = upTo(stack, '28.5');
    await stack.up(new ProviderProcess(world), order);
    assertAsDeclared(world, stack);
    assert.equal(machine(world, 'm2').engine.runningVersion, '28.5.2');
  }
});

test('a change that is taken back with `inPlace` itself: nobody leaves, and all serve with the engine that is declared', async () => {
  for (const version of ['26.1', undefined]) {
    const { world, stack, faults } = begin();
    const ids = world.swarm().nodes.map(({ id }) => id);
    for (const name of ['m2', 'm3']) await stack.applyNode(new ProviderProcess(world), name);
    const { upgrade: _upgrade, hold: _hold, version: _version, ...plain } = engine;
    stack.declared = changed(origin.stack.declared, {
      engine: { ...plain, ...(version === undefined ? {} : { version }) },
    });
    await stack.refreshBefore(new ProviderProcess(world));
    await stack.up(new ProviderProcess(world), order);
    assertAsDeclared(world, stack);
    assert.deepEqual(held(world), []);
    assert.deepEqual([...faults], [], 'quorum and virtual IP at every moment');
    assert.deepEqual(
      world.swarm().nodes.map(({ id }) => id),
      ids,
      'nobody left',
    );
    const runs = version === undefined ? '28.5.2' : '26.1.5';
    for (const name of ['m2', 'm3']) {
      assert.equal(machine(world, name).engine.runningVersion, runs);
    }
  }
});

test('killed at every step of taking it back: the next run frees it, either way', async () => {
  const back = async (
    fault?: ConstructorParameters<typeof ProviderProcess>[1],
  ): Promise<ReturnType<typeof begin>> => {
    const run = begin();
    await run.stack.applyNode(new ProviderProcess(run.world), 'm2');
    run.stack.declared = origin.stack.declared;
    await run.stack.refreshBefore(new ProviderProcess(run.world));
    await run.stack.up(new ProviderProcess(run.world, fault), order).catch(() => undefined);
    return run;
  };
  const transcript = emptyTranscript();
  await back({ transcript });
  const wanted = sentences(transcript);
  assert.ok(wanted.includes('end the hold of m2'), wanted.join('\n'));
  for (const step of wanted.keys()) {
    const { world, stack, faults } = await back({ fault: { kind: 'kill', at: 'end', step } });
    if (step % 2 === 0) stack.declared = upTo(stack, '28.5');
    await stack.refreshBefore(new ProviderProcess(world));
    await stack.up(new ProviderProcess(world), order);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.deepEqual(held(world), [], wanted[step]);
    assert.deepEqual([...faults], [], wanted[step]);
  }
});

test('one that was let go between the plan and its step is not given an older engine in place', async () => {
  const { world, stack } = begin();
  await stack.applyNode(new ProviderProcess(world), 'm2');
  const later = upTo(stack, '26.1');
  stack.declared = upTo(stack, '28.5');
  await stack.refreshBefore(new ProviderProcess(world));
  await stack.applyActivation(new ProviderProcess(world));
  assert.deepEqual(held(world), []);
  stack.declared = later;
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'EngineUpgradeRefused',
    message: /an older engine may not read what a newer one wrote; nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('options that need a start restart the engine where it is, drained, and are put back when it does not take them', async () => {
  const { world, stack } = begin();
  const options = (daemon: PropertyMap): void => {
    stack.declared = changed(origin.stack.declared, { engine: { ...engine, daemon } });
  };
  const ids = world.swarm().nodes.map(({ id }) => id);
  options({ mtu: 1400 });
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), order);
  assertAsDeclared(world, stack);
  assert.deepEqual(
    world.swarm().nodes.map(({ id }) => id),
    ids,
  );
  assert.ok(!sentences(transcript).some((sentence) => sentence.includes('demote')));
  assert.match(machine(world, 'w1').files['/etc/docker/daemon.json']?.content ?? '', /"mtu": 1400/);
  options({ 'log-level': 'info' });
  world.failNext('docker.runContainerCheck', { code: 'ContainerCheckFailed', message: 'no' });
  await assert.rejects(stack.up(new ProviderProcess(world), order), {
    code: 'EngineUpgradeFailed',
  });
  assert.match(machine(world, 'm2').files['/etc/docker/daemon.json']?.content ?? '', /"mtu": 1400/);
});

test('an older engine, and another kind of source, replace the node', async () => {
  const { world, stack } = begin();
  await stack.up(new ProviderProcess(world), order);
  stack.declared = upTo(stack, '26.1');
  const { id } = world.swarm().nodes.find(({ hostname }) => hostname === 'm2') ?? { id: '' };
  await stack.applyNode(new ProviderProcess(world), 'm2');
  assert.notEqual(world.swarm().nodes.find(({ hostname }) => hostname === 'm2')?.id, id);
});

test('an engine that keeps its data elsewhere is refused before anything of its node is touched, without a plan too', async () => {
  const { world, stack } = begin();
  for (const name of ['m2', 'w1']) {
    world.editMachine(`test/${name}`, (moved) => {
      moved.engine.dataRoot = '/data/docker';
    });
    const calls = world.calls().length;
    await assert.rejects(stack.applyNode(new ProviderProcess(world), name), {
      code: 'DataRootElsewhere',
      message: /its engine keeps its data in \/data\/docker, .* is not exchanged in place/,
    });
    // Where a link leads to is looked at.
    assert.deepEqual(changesSince(world, calls), [`host.run test/${name}`]);
  }
});

test('start-first: tasks are elsewhere before a node is drained in place, and it is given back as it was', async () => {
  const { world, stack, faults } = begin();
  stack.declared = { ...stack.declared, swarm: { roll: { startFirst: true } } };
  const transcript = emptyTranscript();
  await stack.up(new ProviderProcess(world, { transcript }), order);
  assertAsDeclared(world, stack);
  assert.deepEqual([...faults], []);
  assert.deepEqual(held(world), []);
  const told = sentences(transcript);
  for (const name of order) {
    const moving = told.indexOf(`move the tasks of ${name} start-first`);
    assert.ok(moving >= 0 && told[moving + 1] === `drain ${name}`, name);
  }
  for (const { spec } of world.swarm().services) assert.deepEqual(spec.constraints, []);
});
