import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { backupMarkPath } from '../../core/backup';
import { allowDestroyLabel } from '../../core/labels';
import { parseRollPolicy } from '../../core/rollPolicy';
import { steps } from '../../core/steps';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap, PropertyValue } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine, view } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import { startUnit } from '../support/fakeWorld/machines';
import {
  Killed,
  ProviderProcess,
  emptyTranscript,
  sentences,
  warnings,
} from '../support/providerHarness';
import type { StepFault } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const scratch = mkdtempSync(join(tmpdir(), 'swarm-outage-'));
let origin: { readonly world: FakeWorld; readonly stack: Stack };
let serial = 0;

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(1, 1, await webService())) };
});
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Run {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly directory: string;
}

/** A copy of the cluster, whose only manager gets another OS in an outage. */
function begin(
  roll: PropertyMap = { allowOutage: true },
  watch: (state: WorldState) => void = () => undefined,
): Run {
  const copy = copyOf(origin.world, origin.stack, watch);
  serial += 1;
  const directory = join(scratch, `archive-${String(serial)}`);
  copy.stack.declared = {
    ...changed(copy.stack.declared, { os: 'debian:13' }, 'm1'),
    swarm: { roll: { ...roll, backup: { directory } } },
  };
  return { ...copy, directory };
}

/** What `up` does: the Swarm is looked at first. */
async function up({ world, stack }: Run, process = new ProviderProcess(world)): Promise<void> {
  await stack.refresh(process, 'Swarm', 'cluster');
  await stack.up(process);
}

function files(directory: string, end: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith(end));
}

/** What of the worker a roll of the manager leaves as it is. */
function workerOf(world: FakeWorld): {
  readonly node: string | undefined;
  readonly boot: string;
  readonly tasks: readonly string[];
} {
  const { nodes, tasks } = world.swarm();
  const node = nodes.find(({ hostname }) => hostname === 'w1');
  return {
    node: node?.id,
    boot: machine(world, 'w1').bootId,
    tasks: tasks
      .filter(({ nodeId, state }) => nodeId === node?.id && state === 'running')
      .map(({ id }) => id),
  };
}

/** What the manager ran may have come to it. */
function assertUntouched(world: FakeWorld, before: ReturnType<typeof workerOf>): void {
  const now = workerOf(world);
  assert.deepEqual(
    { ...now, tasks: now.tasks.filter((id) => before.tasks.includes(id)) },
    before,
    'the worker, its machine and its tasks are as they were',
  );
}

async function planOf({ world, stack: { declared } }: Run): Promise<PropertyMap> {
  const planned = (role: string): PropertyValue =>
    declared.nodes
      .filter((node) => node.role === role)
      .map(({ name, address, os }) => ({
        ...{ name, address, os, connection: { lab: 'test', machine: name } },
      }));
  const roll = declared.swarm?.['roll'] as PropertyMap;
  const urn = 'urn:pulumi:test::project::swarm:index:Swarm::cluster';
  const answer = await new ProviderProcess(world).call('call', urn, (_resource, operation) =>
    planRollout.call(
      {
        ...{ maxUnavailable: 1, ...roll, vipAddresses: [declared.vip ?? ''] },
        ...{ managers: planned('manager'), workers: planned('worker') },
      },
      operation,
    ),
  );
  assert.ok('result' in answer, JSON.stringify(answer));
  return answer.result;
}

test('the only manager is rebuilt: the same swarm, the same node, and its worker as it was', async () => {
  const run = begin();
  const { world, stack, directory } = run;
  const nodeId = world.swarm().nodes.find(({ hostname }) => hostname === 'm1')?.id;
  const worker = workerOf(world);
  const transcript = emptyTranscript();
  await up(run, new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.equal(world.swarm().nodes.find(({ hostname }) => hostname === 'm1')?.id, nodeId);
  assertUntouched(world, worker);
  const done = sentences(transcript);
  const order = [
    steps.gate('m1'),
    steps.drain('m1'),
    steps.archive('m1'),
    steps.setAside('m1'),
    steps.stopEngine('m1'),
    steps.powerOff('m1'),
    steps.restore('m1'),
    steps.label('m1'),
    steps.ready('m1'),
    steps.activate('m1', 'active'),
    steps.services('m1'),
  ];
  assert.deepEqual(
    done.filter((step) => order.includes(step)),
    [steps.gate('m1'), ...order.slice(0, 2), steps.gate('m1'), ...order.slice(2)],
  );
  assert.ok(!done.some((step) => step.startsWith('found') || step.startsWith('join')));
  assert.ok(
    warnings(transcript).some((text) =>
      /m1 is the only manager: nobody answers at the virtual IP/.test(text),
    ),
  );
  assert.deepEqual(files(directory, '-restore.json'), [], 'nothing waits any more');
  assert.equal(files(directory, '.tar').length, 1, 'the archive stays');
  assert.equal((statSync(directory).mode & 0o777).toString(8), '700');
  await up(run);
});

test('whatever the run is killed at, the next one finishes it', async () => {
  const transcript = emptyTranscript();
  const whole = begin();
  await up(whole, new ProviderProcess(whole.world, { transcript }));
  const said = sentences(transcript);
  for (const at of ['start', 'end'] as const) {
    for (const step of said.keys()) {
      const where = `${at} of "${said[step] ?? ''}"`;
      await killedAt({ kind: 'kill', at, step }, where);
    }
  }
});

async function killedAt(fault: StepFault, where: string): Promise<void> {
  const run = begin();
  const { world, stack, directory } = run;
  const nodeId = world.swarm().nodes.find(({ hostname }) => hostname === 'm1')?.id;
  const worker = workerOf(world);
  const first = new ProviderProcess(world, { fault });
  try {
    const ended = await up(run, first).catch((error: unknown) => error);
    assert.ok(ended instanceof Killed, String(ended));
    const { swarm, reasons } = await planOf(run);
    assert.notEqual(swarm, 'none', 'nobody founds another one');
    assert.deepEqual(reasons, []);
    await up(run);
    assertAsDeclared(world, stack, { mayHaveDeadLease: true });
    assert.equal(world.swarm().nodes.find(({ hostname }) => hostname === 'm1')?.id, nodeId);
    assertUntouched(world, worker);
    assert.deepEqual(files(directory, '-restore.json'), []);
    assert.equal(machine(world, 'm1').files[backupMarkPath], undefined);
  } catch (error) {
    throw new Error(`killed at the ${where}: ${String(error)}`, { cause: error });
  }
}

test('killed after any change of its host while the swarm moves, the next run finishes it', async () => {
  const changes = await moved();
  assert.ok(changes.length > 8, changes.join(', '));
  for (const [index, change] of changes.entries()) {
    const killer: { process?: ProviderProcess } = {};
    let seen = 0;
    const run = begin({ allowOutage: true }, (state) => {
      const call = state.calls.at(-1);
      if (call === undefined || state.calls.length === seen || !isMove(call)) return;
      if (killer.process === undefined) return;
      seen = state.calls.length;
      left -= 1;
      if (left === 0) killer.process.kill();
    });
    let left = index + 1;
    const first = new ProviderProcess(run.world);
    killer.process = first;
    try {
      const ended = await up(run, first).catch((error: unknown) => error);
      assert.ok(ended instanceof Killed, String(ended));
      await up(run);
      assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
      assert.deepEqual(files(run.directory, '-restore.json'), []);
      assert.equal(machine(run.world, 'm1').files[backupMarkPath], undefined);
    } catch (error) {
      throw new Error(`killed after ${change}: ${String(error)}`, { cause: error });
    }
  }
});

/** Changes of the manager's host by which its swarm goes into the archive and comes back. */
function isMove({ operation, host }: { operation: string; host: string | undefined }): boolean {
  return (
    host === 'test/m1' &&
    /^(files\.(write|remove|archive|restore|setAside|removeAside)|systemd\.(stop|start))$/.test(
      operation,
    )
  );
}

async function moved(): Promise<readonly string[]> {
  const run = begin();
  const count = run.world.calls().length;
  await up(run);
  const calls = run.world.calls().slice(count).filter(isMove);
  return calls.map(({ operation }) => operation);
}

test('without the consent nothing is touched, and a gate that stays shut says why', async () => {
  const refused = begin({});
  const before = view(refused.world);
  await assert.rejects(up(refused), { code: 'LastManager', message: /`allowOutage: true`/ });
  assert.deepEqual(view(refused.world), before);

  const shut = begin({ allowOutage: true, timeouts: { gate: 5 } });
  shut.world.edit((state) => {
    for (const swarm of Object.values(state.swarms)) swarm.isRootRotationInProgress = true;
  });
  await assert.rejects(up(shut), { code: 'TimedOut', message: /rotation of the root CA/ });
  assert.deepEqual(view(shut.world), before);

  const held = begin();
  held.world.editMachine('test/m1', ({ engine }) => {
    engine.volumes['data'] = 3;
  });
  await assert.rejects(up(held), { code: 'LocalData' });
  assert.deepEqual(view(held.world), before);
});

for (const failing of ['files.archive', 'files.setAside'] as const) {
  test(`${failing} fails: the manager is in control again, and available`, async () => {
    const run = begin();
    run.world.failNext(failing, { message: 'no space left' });
    await assert.rejects(up(run), {
      code: 'OutageImpossible',
      message: /no space left\); its engine runs again, and nothing was taken out/,
    });
    run.world.advance(20_000);
    assert.deepEqual(view(run.world).managers, ['m1']);
    assert.ok(view(run.world).entries.includes('m1 manager ready active'));
    assert.deepEqual(files(run.directory, '-restore.json'), []);
    await up(run);
    assertAsDeclared(run.world, run.stack);
  });
}

test('a lost answer of the last step is no failure', async () => {
  const run = begin();
  run.world.failNext('files.setAside', { message: 'connection lost' }, { after: true });
  await up(run);
  assertAsDeclared(run.world, run.stack);
});

/** A run that was killed when the swarm was in its archive and on no host. */
async function interrupted(roll?: PropertyMap, before?: (run: Run) => void): Promise<Run> {
  const run = begin(roll);
  before?.(run);
  run.world.failNext('lab.ensure', { message: 'no power' });
  await assert.rejects(up(run), { message: /no power/ });
  assert.equal(files(run.directory, '-restore.json').length, 1);
  return run;
}

test('an archive that is not there, or not what it was, is told of, and nothing is founded', async () => {
  for (const spoil of [
    (path: string) => {
      rmSync(path);
    },
    (path: string) => {
      appendFileSync(path, 'x');
    },
  ]) {
    const run = await interrupted();
    const [archive] = files(run.directory, '.tar');
    spoil(join(run.directory, archive ?? ''));
    const { swarm, reasons } = await planOf(run);
    assert.equal(swarm, 'live');
    assert.match(JSON.stringify(reasons), /m1: its swarm waits in .*, and it cannot be put back: /);
    await assert.rejects(up(run), {
      code: 'RestoreRefused',
      message: /cannot be put back: .*; nothing was touched, and nothing is founded in its place/,
    });
    assert.equal(machine(run.world, 'm1').engine.membership, undefined);
  }
});

test('a swarm in its archive is destroyed only with the consent that it carried', async () => {
  const run = await interrupted();
  const process = new ProviderProcess(run.world);
  await run.stack.refresh(process, 'Swarm', 'cluster');
  const machines = run.world.machines().length;
  await assert.rejects(run.stack.destroy(process), { code: 'DestroyNotAllowed' });
  assert.equal(run.world.machines().length, machines);
  await up(run);
  assertAsDeclared(run.world, run.stack);

  const consented = await interrupted(undefined, ({ stack }) => {
    stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, allowDestroy: true } };
  });
  const last = new ProviderProcess(consented.world);
  await consented.stack.refresh(last, 'Swarm', 'cluster');
  await consented.stack.destroy(last);
  assert.deepEqual(consented.world.machines(), []);
  assert.deepEqual(files(consented.directory, '-restore.json'), [], 'it would be founded anew');
});

test('a state that was lost meanwhile founds no second swarm', async () => {
  const run = await interrupted();
  run.stack.saved.delete('Swarm/cluster');
  await assert.rejects(run.stack.applySwarm(new ProviderProcess(run.world)), {
    code: 'RestoreRefused',
    message: /waits in .* to be restored, and this state does not know it; nothing was founded/,
  });
});

test('what is declared meanwhile is written when the swarm is there', async () => {
  const run = await interrupted();
  const { stack, world } = run;
  stack.declared = {
    ...stack.declared,
    swarm: {
      roll: { ...(stack.declared.swarm?.['roll'] as PropertyMap), maxUnavailable: 2 },
      allowDestroy: true,
    },
  };
  await up(run);
  await up(run);
  assertAsDeclared(world, stack);
  assert.equal(world.swarm().labels[allowDestroyLabel], 'true');
  assert.equal(parseRollPolicy(world.swarm().labels)?.maxUnavailable, 2);
});

for (const isKilled of [false, true]) {
  test(`autolock${isKilled ? ', through an interruption' : ''}: it comes back locked and is unlocked`, async () => {
    const world = new FakeWorld();
    const declared = { ...cluster(1, 1), swarm: { autolock: true } };
    const stack = await founded(world, declared);
    serial += 1;
    const directory = join(scratch, `archive-${String(serial)}`);
    const run = { world, stack, directory };
    stack.declared = {
      ...changed(declared, { os: 'debian:13' }, 'm1'),
      swarm: { autolock: true, roll: { allowOutage: true, backup: { directory } } },
    };
    if (isKilled) {
      world.failNext('lab.ensure', { message: 'no power' });
      await assert.rejects(up(run), { message: /no power/ });
    }
    await up(run);
    assertAsDeclared(world, stack);
    const [description] = files(directory, '.json');
    assert.match(readFileSync(join(directory, description ?? ''), 'utf8'), /"isAutolocked": true/);
    for (const name of readdirSync(directory).filter((each) => each.endsWith('.json'))) {
      assert.doesNotMatch(readFileSync(join(directory, name), 'utf8'), /SWMKEY/);
    }
  });
}

test('of the engine alone: the machine stays, and nothing is left set aside on it', async () => {
  const run = begin();
  const { world, stack } = run;
  world.editMachine('test/m1', ({ offered }) => {
    offered['docker.io'] = ['26.1.5+dfsg1-9+b9', ...(offered['docker.io'] ?? [])];
    offered['docker-cli'] = ['26.1.5+dfsg1-9+b9'];
  });
  const { bootId } = machine(world, 'm1');
  stack.declared = changed(
    stack.declared,
    { os: 'debian:12', engine: { version: '26.1.5' } },
    'm1',
  );
  await up(run);
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'm1').bootId, bootId);
  assert.equal(machine(world, 'm1').engine.runningVersion, '26.1.5');
  assert.deepEqual(
    Object.keys(machine(world, 'm1').files).filter((path) => path.includes('set-aside')),
    [],
  );
});

test('somebody who starts the engine meanwhile starts no manager', async () => {
  const run = begin();
  run.world.failNext('lab.remove', { message: 'no power' });
  await assert.rejects(up(run), { message: /no power/ });
  run.world.editMachine('test/m1', (found) => {
    startUnit(found, 'docker.service');
  });
  assert.equal(machine(run.world, 'm1').engine.membership, undefined);
  await up(run);
  assertAsDeclared(run.world, run.stack);
});

/** Killed as soon as the swarm is in its archive and on no host. */
async function inArchive(): Promise<Run> {
  const killer: { process?: ProviderProcess } = {};
  const run = begin({ allowOutage: true }, (state) => {
    if (state.calls.at(-1)?.operation === 'files.setAside') killer.process?.kill();
  });
  const first = new ProviderProcess(run.world);
  killer.process = first;
  const ended = await up(run, first).catch((error: unknown) => error);
  assert.ok(ended instanceof Killed, String(ended));
  assert.equal(files(run.directory, '-restore.json').length, 1);
  return run;
}

function declareRoll({ stack }: Run, roll: PropertyMap): void {
  stack.declared = { ...stack.declared, swarm: { roll } };
}

test('while the manager is silent, nothing that is declared anew makes the noted archive forgotten', async () => {
  const run = await inArchive();
  const backup = { directory: run.directory };
  run.world.editMachine('test/m1', (silent) => {
    silent.link = 'managementCut';
  });
  declareRoll(run, { allowOutage: true, backup, timeouts: { gate: 7 } });
  await assert.rejects(up(run), { code: 'EngineUnknown', message: /may be in .* alone/ });
  assert.equal(files(run.directory, '-restore.json').length, 1);
  run.world.editMachine('test/m1', (back) => {
    back.link = 'up';
  });
  await up(run);
  assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
});

test('another directory is refused until the swarm is back from the one that it is in', async () => {
  const run = await inArchive();
  const backup = { directory: join(scratch, 'elsewhere') };
  declareRoll(run, { allowOutage: true, backup });
  await assert.rejects(up(run), { code: 'RestoreRefused', message: /waits in .* to be restored/ });
  declareRoll(run, { allowOutage: true, backup: { directory: run.directory } });
  await up(run);
  assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
});
