import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseDrained } from '../../core/balancer/drainedServers';
import { steps } from '../../core/steps';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  vipHolder,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { filesOfPackage } from '../support/fakeWorld/osCatalog';
import { emptyTranscript, ProviderProcess, sentences, warnings } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const path = '/etc/haproxy/haproxy.cfg';
const packaged = filesOfPackage['haproxy']?.[path] ?? '';
const managers = ['m1', 'm2', 'm3'];
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const web = await webService();
  const ports = [{ target: 8080, published: 8080, mode: 'host' }];
  const services = web.services.map((service) =>
    service['name'] === 'everywhere' ? { ...service, ports } : service,
  );
  const world = new FakeWorld();
  const balance = { ports: [{ listen: 80, target: 8080, mode: 'http', check: { http: '/' } }] };
  const declared = cluster(3, 2, { engine: web.engine, services, balance });
  origin = { world, stack: await founded(world, declared) };
});

function config(world: FakeWorld, name: string): string {
  return world.machine(`test/${name}`).files[path]?.content ?? '';
}

/** Servers of a node that a running HAProxy does not use, by its own word. */
function drainedOn(world: FakeWorld, name: string): readonly string[] {
  const { balancer } = world.machine(`test/${name}`);
  assert.ok(balancer !== undefined, `HAProxy runs on ${name}`);
  const states = Object.entries(balancer.states);
  return [
    ...new Set([
      ...parseDrained(balancer.text).filter((key) => balancer.states[key] === undefined),
      ...states.filter(([, state]) => state !== 'ready').map(([key]) => key),
    ]),
  ];
}

function assertNothingDrained(world: FakeWorld): void {
  for (const name of managers) {
    assert.deepEqual(parseDrained(config(world, name)), [], name);
    assert.deepEqual(drainedOn(world, name), [], name);
  }
}

describe('a balancer', () => {
  test('runs on every manager over all nodes, checked, private, and beside the package’s file', () => {
    for (const name of managers) {
      const machine = origin.world.machine(`test/${name}`);
      assert.equal(machine.units['haproxy.service']?.state, 'active');
      assert.equal(machine.files[path]?.mode, 0o600);
      assert.equal(machine.files[`${path}.kept`]?.content, packaged);
      for (const server of ['m1', 'm2', 'm3', 'w1', 'w2']) {
        assert.match(config(origin.world, name), new RegExp(`server ${server} 10\\.88\\.`));
      }
    }
    assert.equal(origin.world.machine('test/w1').installed['haproxy'], undefined);
  });

  test('a configuration of somebody else is left alone', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/m1', ({ files }) => {
      files[path] = { content: 'listen theirs\n    bind :1\n', mode: 0o644 };
    });
    const calls = world.calls().length;
    await assert.rejects(
      stack.create(new ProviderProcess(world), 'Balancer', 'm1', stack.inputsOf('Balancer', 'm1')),
      { code: 'BalancerOfAnother', message: /m1: \/etc\/haproxy\/haproxy\.cfg was not written by/ },
    );
    // `dpkg --verify` is a command, and changes nothing.
    assert.deepEqual(
      changesSince(world, calls).filter((change) => !/host\.run/.test(change)),
      [],
    );
  });

  test('what HAProxy itself refuses is not put in place', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const before = config(world, 'm1');
    world.setCommand('test/m1', ['haproxy', '-c'], { code: 1, stderr: 'unknown keyword' });
    stack.declared = { ...stack.declared, balance: { ports: [{ listen: 81, target: 8080 }] } };
    await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm1'), {
      code: 'BalancerRefuses',
      message: /unknown keyword/,
    });
    assert.equal(config(world, 'm1'), before);
  });

  test('a change reloads, and keeps what others have drained', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/m1', ({ files }) => {
      const file = files[path];
      assert.ok(file !== undefined);
      file.content = file.content.replace(/(server w2 \S+ check)/, '$1 disabled');
    });
    // Not in service: its drain is no stale one.
    world.powerOff('test/w2');
    world.advance(60_000);
    stack.declared = {
      ...stack.declared,
      balance: { ports: [{ listen: 80, target: 8080 }], drainSeconds: 5 },
    };
    const calls = world.calls().length;
    await stack.applyNode(new ProviderProcess(world), 'm1');
    assert.ok(
      world
        .calls()
        .slice(calls)
        .some(({ operation }) => operation === 'systemd.reload'),
    );
    assert.deepEqual(parseDrained(config(world, 'm1')), ['port-80/w2']);
    assert.deepEqual(drainedOn(world, 'm1'), ['port-80/w2']);
  });

  test('removed, the package’s own file is back and nothing runs', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    for (const name of managers) {
      await stack.remove(new ProviderProcess(world), `Balancer/${name}`);
      const { units, files } = world.machine(`test/${name}`);
      assert.deepEqual(units['haproxy.service'], { state: 'inactive', isEnabled: false });
      assert.equal(files[path]?.content, packaged);
      assert.equal(files[`${path}.kept`], undefined);
    }
  });
});

describe('a node that goes', () => {
  for (const name of ['w1', 'm2']) {
    test(`${name} is drained in every balancer first, and given back when it is healthy`, async () => {
      const { world, stack } = copyOf(origin.world, origin.stack);
      stack.declared = changed(stack.declared, { os: 'debian:13' }, name);
      const transcript = emptyTranscript();
      await stack.applyNode(new ProviderProcess(world, { transcript }), name);
      const said = sentences(transcript);
      const [out, drained, back, active] = [
        steps.drainServer(name),
        steps.drain(name),
        steps.giveServerBack(name),
        steps.activate(name, 'active'),
      ].map((step) => said.indexOf(step));
      assert.ok(out! >= 0 && out! < drained!, 'out of the balancers before the drain');
      assert.ok(active! >= 0 && active! < back!, 'back after its gate');
      assertNothingDrained(world);
      assertAsDeclared(world, stack);
    });
  }

  test('its requests come to their end before the drain', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack, (state) => {
      const holder = state.machines['test/m1'];
      if (holder === undefined) return;
      const isDraining = holder.balancer?.states['port-80/w1'] === 'drain';
      const since = (endsAt ??= isDraining ? state.nowMs + 7000 : undefined);
      holder.balancerSessions =
        since !== undefined && state.nowMs > since ? {} : { 'port-80/w1': 3 };
    });
    let endsAt: number | undefined;
    stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
    await stack.applyNode(new ProviderProcess(world), 'w1');
    assert.ok(endsAt !== undefined);
    assertNothingDrained(world);
  });

  test('requests that do not end are told, and hold nothing up for longer than declared', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/m1', (machine) => (machine.balancerSessions = { 'port-80/w1': 3 }));
    stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
    const transcript = emptyTranscript();
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
    assert.ok(
      warnings(transcript).some((line) => /within 30 s: w1 has 3 in the balancers/.test(line)),
    );
  });

  test('a balancer that cannot be asked is named, and holds nothing up', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.setCommand('test/m3', ['perl'], { code: 111, stderr: 'Connection refused' });
    stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
    const transcript = emptyTranscript();
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
    assert.ok(warnings(transcript).some((line) => /the balancer on m3 cannot be asked/.test(line)));
    assert.deepEqual(parseDrained(config(world, 'm1')), []);
  });

  test('one that does not serve afterwards as it did before stops the run, and is waited for again', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    stack.declared = changed(
      stack.declared,
      { os: 'debian:13', node: { timeouts: { services: 20 } } },
      'w1',
    );
    // Whatever listens there: nobody reaches it.
    const block = (ports: number[]) => {
      world.editMachine('test/w1', (machine) => (machine.blockedPorts = ports));
    };
    await stack.applyNode(new ProviderProcess(world), 'w1');
    block([8080]);
    for (const name of managers) {
      world.editMachine(`test/${name}`, ({ files, balancer }) => {
        const file = files[path];
        assert.ok(file !== undefined && balancer !== undefined);
        file.content = file.content.replace(/(server w1 \S+ check)/, '$1 disabled');
        balancer.states['port-80/w1'] = 'drain';
      });
    }
    const wanted = { ...stack.inputsOf('Node', 'w1'), labels: { rack: 'a' } };
    const { id, urn, inputs, outputs } = stack.get('Node', 'w1');
    const update = () =>
      new ProviderProcess(world).call('update', urn, (resource, operation) =>
        resource.update(id, { inputs, state: { ...inputs, ...outputs } }, wanted, operation),
      );
    const { initErrors = [] } = await update();
    assert.match(initErrors.join(), /w1 is healthy for the balancers.*port-80\/w1 is DOWN on m1/);
    block([]);
    assert.deepEqual((await update()).initErrors ?? [], []);
    assertNothingDrained(world);
  });

  test('replicas that moved elsewhere meanwhile hold nothing up', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/w1', (machine) => (machine.openPorts = [9000]));
    world.editMachine('test/w2', (machine) => (machine.openPorts = [9000]));
    const balance = { ports: [{ listen: 90, target: 9000 }], drainSeconds: 5 };
    stack.declared = changed({ ...stack.declared, balance }, { os: 'debian:13' }, 'w1');
    for (const name of managers) await stack.applyNode(new ProviderProcess(world), name);
    const transcript = emptyTranscript();
    // The rebuilt machine has nobody at the port.
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
    assert.ok(
      warnings(transcript).some((line) => /nobody listens on w1 for port-90\/w1/.test(line)),
      warnings(transcript).join('\n'),
    );
    assertNothingDrained(world);
  });

  test('where the swarm has its tasks elsewhere, nobody is waited for', async () => {
    const web = await webService();
    const ports = [{ target: 8080, published: 8080, mode: 'host' }];
    const services = web.services.flatMap((service) =>
      service['name'] === 'web' ? [{ ...service, ports }] : [],
    );
    const balance = { ports: [{ listen: 80, target: 8080 }], drainSeconds: 300 };
    const world = new FakeWorld();
    const stack = await founded(world, cluster(3, 2, { engine: web.engine, services, balance }));
    const { nodes, tasks } = world.swarm();
    const [task] = tasks.filter(({ desiredState }) => desiredState === 'running');
    const serving = nodes.find(({ id }) => id === task?.nodeId)?.hostname;
    assert.ok(serving !== undefined, 'a task runs');
    stack.declared = changed(stack.declared, { os: 'debian:13' }, serving);
    const transcript = emptyTranscript();
    const began = world.edit(({ nowMs }) => nowMs);
    await stack.applyNode(new ProviderProcess(world, { transcript }), serving);
    const seconds = (world.edit(({ nowMs }) => nowMs) - began) / 1000;
    assert.ok(sentences(transcript).includes(steps.giveServerBack(serving)));
    assert.ok(seconds < 300, `it took ${String(seconds)} s`);
    assert.deepEqual(
      warnings(transcript).filter((line) => line.includes('nobody listens')),
      [],
    );
    assertNothingDrained(world);
  });

  test('with nobody else at a port it stays in use there until it goes', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    for (const name of ['m1', 'm2', 'm3', 'w2']) {
      world.editMachine(`test/${name}`, (machine) => (machine.blockedPorts = [8080]));
    }
    for (const name of ['m1', 'm2', 'm3']) {
      // A machine reaches itself whatever is blocked.
      world.editMachine(`test/${name}`, ({ balancer }) => {
        assert.ok(balancer !== undefined);
        balancer.states[`port-80/${name}`] = 'maint';
      });
    }
    stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
    const transcript = emptyTranscript();
    await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
    assert.ok(
      warnings(transcript).some((line) => /nobody but w1 answers at port-80/.test(line)),
      warnings(transcript).join('\n'),
    );
  });
});

describe('what an interrupted run, or somebody by hand, left', () => {
  test('a drain of a node in service is drift, and mended', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/m2', ({ balancer }) => {
      assert.ok(balancer !== undefined);
      balancer.states['port-80/w1'] = 'drain';
    });
    const transcript = emptyTranscript();
    const process = new ProviderProcess(world, { transcript });
    const seen = await stack.refresh(process, 'Balancer', 'm2');
    assert.deepEqual(
      (seen?.inputs['servers'] as { name: string }[]).map(({ name }) => name),
      ['m1', 'm2', 'm3', 'w2'],
    );
    assert.ok(warnings(transcript).some((line) => /m2: w1 is drained in HAProxy/.test(line)));
    await stack.applyNode(new ProviderProcess(world), 'm2');
    assertNothingDrained(world);
  });

  for (const [what, happen] of [
    [
      'stopped',
      async (world: FakeWorld) => {
        const host = await world.effects().hosts.connect({ lab: 'test', machine: 'm2' });
        await host.systemd.stop('haproxy.service');
      },
    ],
    [
      'edited',
      (world: FakeWorld) => {
        world.editMachine('test/m2', ({ files }) => {
          const file = files[path];
          assert.ok(file !== undefined);
          file.content = file.content.replace('roundrobin', 'leastconn');
        });
      },
    ],
  ] as const) {
    test(`one that was ${what} is drift, and mended`, async () => {
      const { world, stack } = copyOf(origin.world, origin.stack);
      const wanted = config(world, 'm2');
      await happen(world);
      const seen = await stack.refresh(new ProviderProcess(world), 'Balancer', 'm2');
      assert.deepEqual(seen?.inputs['servers'], []);
      await stack.applyNode(new ProviderProcess(world), 'm2');
      assert.equal(config(world, 'm2'), wanted);
      assert.equal(world.machine('test/m2').balancer?.text, wanted);
    });
  }

  test('one whose host is silent is no difference', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    const before = stack.get('Balancer', 'm2').inputs;
    world.setLink('test/m2', 'managementCut');
    const seen = await stack.refresh(new ProviderProcess(world), 'Balancer', 'm2');
    assert.deepEqual(seen?.inputs, before);
  });

  for (const operation of ['files.exchange', 'host.run', 'docker.updateNode'] as const) {
    test(`killed at its first ${operation} and after it, the next run leaves nothing drained`, async () => {
      for (const after of [false, true]) {
        const { world, stack } = copyOf(origin.world, origin.stack);
        stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
        world.failNext(operation, { code: 'Killed', message: 'cut off here' }, { after });
        await stack.applyNode(new ProviderProcess(world), 'w1').catch(() => undefined);
        for (const name of managers) {
          await stack.refresh(new ProviderProcess(world), 'Balancer', name);
        }
        await stack.up(new ProviderProcess(world), ['m1', 'm2', 'm3', 'w1', 'w2']);
        assertNothingDrained(world);
        assertAsDeclared(world, stack, { mayHaveDeadLease: true });
        assert.ok(vipHolder(world) !== undefined);
      }
    });
  }
});
