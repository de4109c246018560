import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap } from '../../provider/server/resource';
import { changesSince, copyOf, founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, warnings } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

/** Three managers and a worker; each test gives one of them another host key. */
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  const node = { timeouts: { gate: 20, drain: 20 } };
  origin = { world, stack: await founded(world, cluster(3, 1, { node })) };
});

/** Somebody rebuilt it: another key, and nothing of the swarm on its disk. */
function rebuilt(...names: readonly string[]): typeof origin {
  const copy = copyOf(origin.world, origin.stack);
  for (const name of names) {
    copy.world.editMachine(`test/${name}`, (machine) => {
      machine.hostPublicKey = `ssh-ed25519 AAAAother${name}`;
      machine.engine.membership = undefined;
      machine.files = {};
    });
  }
  copy.world.advance(60_000);
  return copy;
}

async function plan(
  world: FakeWorld,
  stack: Stack,
): Promise<{ readonly reasons: readonly string[]; readonly warnings: readonly string[] }> {
  const node = (role: string): PropertyMap[] =>
    stack.declared.nodes
      .filter((each) => each.role === role)
      .map(({ name, address, os }) => ({
        ...{ name, address, os, connection: { lab: 'test', machine: name } },
      }));
  const answer = await new ProviderProcess(world).call(
    'call',
    stack.urnOf('Swarm', 'cluster'),
    (_resource, operation) =>
      planRollout.call(
        { managers: node('manager'), workers: node('worker'), maxUnavailable: 1 },
        operation,
      ),
  );
  assert.ok('result' in answer);
  return answer.result as unknown as Awaited<ReturnType<typeof plan>>;
}

for (const name of ['m2', 'w1']) {
  test(`${name} shows another key: the plan refuses the whole run, and says whose key it is`, async () => {
    const { world, stack } = rebuilt(name);
    const { reasons } = await plan(world, stack);
    assert.equal(reasons.length, 1, reasons.join('\n'));
    assert.match(reasons[0] ?? '', new RegExp(`^${name}: .*shows another host key`));
  });

  test(`${name} shows another key: its Reads drop nothing and say why`, async () => {
    const { world, stack } = rebuilt(name);
    for (const kind of ['Engine', 'LabMachine', 'Node']) {
      const transcript = emptyTranscript();
      const seen = await stack.refresh(new ProviderProcess(world, { transcript }), kind, name);
      assert.ok(seen !== undefined, kind);
      if (kind === 'Engine') assert.match(warnings(transcript)[0] ?? '', /another host key/);
    }
  });

  test(`${name} shows another key: its deletes touch the swarm, and nothing on it`, async () => {
    const { world, stack } = rebuilt(name);
    const { nodes } = stack.declared;
    stack.declared = {
      ...changed(stack.declared, { node: { onLocalData: 'discard' } }, name),
      nodes: nodes.filter((node) => node.name !== name),
    };
    const files = world.machine(`test/${name}`).files;
    const calls = world.calls().length;
    await stack.up(new ProviderProcess(world));
    const onIt = changesSince(world, calls).filter(
      (call) => call.endsWith(` test/${name}`) && !call.startsWith('lab.remove'),
    );
    assert.deepEqual(onIt, []);
    assert.deepEqual(files, {});
    assert.ok(!world.swarm().nodes.some(({ hostname }) => hostname === name));
  });
}

test('a node that the swarm sees alive, and that shows another key, is refused before it is drained', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/w1', (machine) => (machine.hostPublicKey = 'ssh-ed25519 AAAAother'));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'w1');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
    code: 'TimedOut',
    message: /cannot be made to leave: .*another host key.*nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a host that was rebuilt, its new key accepted: the plan names the command that puts it back', async () => {
  for (const name of ['m2', 'w1']) {
    const { world, stack } = rebuilt(name);
    world.edit(({ machines }) => {
      const machine = machines[`test/${name}`];
      if (machine?.lab !== undefined) {
        machine.lab = { ...machine.lab, hostPublicKey: machine.hostPublicKey };
      }
    });
    const { reasons, warnings: said } = await plan(world, stack);
    assert.deepEqual(reasons, []);
    assert.match(
      said.join('\n'),
      new RegExp(`${name}: the swarm lists it as down .*\`pulumi up --replace URN\``),
    );
  }
});

test('a silent worker is told of by the plan', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.powerOff('test/w1');
  world.advance(60_000);
  const { reasons, warnings: said } = await plan(world, stack);
  assert.deepEqual(reasons, []);
  assert.match(said.join('\n'), /^w1 gives no answer: /m);
});
