import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { backupMarkPath, renderBackupMark } from '../../core/backup';
import { steps } from '../../core/steps';
import {
  assertAsDeclared,
  changesSince,
  copyOf,
  founded,
  leader,
  machine,
  vipHolder,
  watchSafety,
} from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { withLease } from '../../provider/operations/hold/lease';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { shutDown, stopUnit } from '../support/fakeWorld/machines';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
import {
  emptyTranscript,
  Killed,
  ProviderProcess,
  sentences,
  warnings,
} from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const scratch = mkdtempSync(join(tmpdir(), 'swarm-backup-'));
let origin: { readonly world: FakeWorld; readonly stack: Stack };
let serial = 0;

before(async () => {
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1, await webService())) };
});
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Begun {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly directory: string;
  readonly faults: ReadonlySet<string>;
}

/** A copy of the cluster with a backup declared, whose nodes `names` get another OS. */
function begin(
  names: readonly string[],
  watch: (state: WorldState) => void = () => undefined,
): Begun {
  const safety = watchSafety();
  const copy = copyOf(origin.world, origin.stack, (state) => {
    safety.watch(state);
    watch(state);
  });
  serial += 1;
  const directory = join(scratch, `backups-${String(serial)}`);
  copy.stack.declared = {
    ...changed(copy.stack.declared, { os: 'debian:13' }, ...names),
    swarm: { roll: { backup: { directory } } },
  };
  return { ...copy, directory, faults: safety.faults };
}

/** What `up` does: the Swarm is looked at first, and set right when that shows a difference. */
async function up(
  { world, stack }: Begun,
  order?: readonly string[],
  process = new ProviderProcess(world),
): Promise<void> {
  await stack.refresh(process, 'Swarm', 'cluster');
  await stack.up(process, order);
}

function backups(directory: string): readonly Record<string, unknown>[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map(
      (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<string, unknown>,
    );
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test('once per run: before the first manager leaves, on itself, drained, its engine stopped', async () => {
  const run = begin(['m2', 'm3', 'm1', 'w1']);
  const { world, stack, directory } = run;
  const { id, engineVersion } = world.swarm().nodes.find(({ hostname }) => hostname === 'm2')!;
  const transcript = emptyTranscript();
  await up(run, ['m2', 'm3', 'm1', 'w1'], new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.deepEqual([...run.faults], [], 'quorum and virtual IP at every moment');
  const done = sentences(transcript);
  assert.equal(done.filter((step) => step.startsWith('back up')).length, 1);
  const at = done.indexOf(steps.backUp('m2'));
  assert.ok(done.indexOf(steps.drain('m2')) < at && at < done.indexOf(steps.demote('m2')));

  assert.equal(modeOf(directory), '700');
  const files = readdirSync(directory).sort();
  assert.equal(files.length, 2);
  for (const file of files) assert.equal(modeOf(join(directory, file)), '600', file);
  const [description] = backups(directory);
  assert.match(
    String(description?.['archive']),
    new RegExp(`^${stack.clusterId}-m2-\\d{8}T\\d{6}Z\\.tar$`),
  );
  const { clusterId, nodeId, node, address, isAutolocked } = description ?? {};
  assert.deepEqual(
    {
      clusterId,
      nodeId,
      node,
      address,
      isAutolocked,
      engineVersion: description?.['engineVersion'],
    },
    {
      clusterId: stack.clusterId,
      nodeId: id,
      node: 'm2',
      address: '10.88.0.12',
      isAutolocked: false,
      engineVersion,
    },
  );
  assert.equal(machine(world, 'm2').files[backupMarkPath], undefined);
});

test('another run takes another one', async () => {
  const run = begin(['m2']);
  await up(run);
  run.stack.declared = changed(run.stack.declared, { os: 'debian:13' }, 'm3');
  await up(run);
  assertAsDeclared(run.world, run.stack);
  assert.deepEqual(
    backups(run.directory)
      .map(({ node }) => node)
      .sort(),
    ['m2', 'm3'],
  );
});

test('the leader goes first: a follower that does not hold the virtual IP, as it was before', async () => {
  const run = begin([leader(origin.world)]);
  const { world, stack } = run;
  const going = leader(world);
  const transcript = emptyTranscript();
  await up(run, undefined, new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.deepEqual([...run.faults], [], 'quorum and virtual IP at every moment');
  const [node] = backups(run.directory).map((each) => String(each['node']));
  assert.ok(node !== undefined && node !== going);
  const done = sentences(transcript);
  const wanted = [
    steps.gate(node),
    steps.drain(node),
    steps.backUp(node),
    steps.activate(node, 'active'),
    steps.services(node),
    steps.gate(going),
    steps.drain(going),
  ];
  const began = done.indexOf(steps.gate(node));
  assert.deepEqual(done.slice(began, began + wanted.length), wanted);
  assert.equal(machine(world, node).files[backupMarkPath], undefined);
});

for (const going of ['m1', 'm2']) {
  test(`${going}: a backup that fails stops the roll, and every manager is as it was`, async () => {
    const run = begin([going]);
    const { world, stack } = run;
    world.failNext('files.archive', { code: 'FileReadFailed', message: 'tar: disk read error' });
    await assert.rejects(up(run), {
      code: 'BackupFailed',
      message:
        /was not backed up \(tar: disk read error\); its engine runs again, and no manager was taken out/,
    });
    world.advance(30_000);
    const { nodes, members } = world.swarm();
    assert.equal(members.length, 3);
    assert.deepEqual(
      new Set(nodes.map(({ availability, state }) => `${availability} ${state}`)),
      new Set(['active ready']),
    );
    for (const name of ['m1', 'm2', 'm3']) {
      assert.equal(machine(world, name).units['docker.service']?.state, 'active', name);
      assert.equal(machine(world, name).files[backupMarkPath], undefined, name);
    }
    assert.deepEqual([...run.faults], [], 'quorum and virtual IP at every moment');
    assert.deepEqual(readdirSync(run.directory), [], 'nothing half is left');
    await up(run);
    assertAsDeclared(world, stack);
    assert.equal(backups(run.directory).length, 1);
  });
}

test('an engine that does not come back is told of beside the failure', async () => {
  const run = begin(['m2']);
  run.world.failNext('files.archive', { message: 'tar: disk read error' });
  run.world.failNext('systemd.start', { message: 'docker.service failed' }, { host: 'test/m2' });
  await assert.rejects(up(run), {
    code: 'BackupFailed',
    message: /tar: disk read error\); its engine is not back \(docker.service failed\)/,
  });
});

test('an engine that somebody starts meanwhile makes the copy worthless', async () => {
  const started: { isDone?: boolean } = {};
  const watched = begin(['m2'], (state) => {
    const machine = state.machines['test/m2'];
    if (started.isDone === true || machine === undefined) return;
    if (state.calls.at(-1)?.operation !== 'files.archive') return;
    started.isDone = true;
    const unit = machine.units['docker.service'];
    if (unit !== undefined) unit.state = 'active';
  });
  await assert.rejects(up(watched), {
    code: 'BackupFailed',
    message: /the engine was started meanwhile \(active\), so the copy is none/,
  });
  assert.deepEqual(readdirSync(watched.directory), []);
});

test('a manager that fails while the follower is drained: nothing is stopped, and the majority stays', async () => {
  const going = leader(origin.world);
  const others = ['m1', 'm2', 'm3'].filter((name) => name !== going);
  const failed: { name?: string } = {};
  const run = begin([going], ({ machines, swarms }) => {
    if (failed.name !== undefined) return;
    const [swarm] = Object.values(swarms);
    const drained = swarm?.nodes.find(
      ({ hostname, availability }) => others.includes(hostname) && availability === 'drain',
    );
    if (drained === undefined) return;
    failed.name = others.find((name) => name !== drained.hostname) ?? '';
    const machine = machines[`test/${failed.name}`];
    if (machine !== undefined) shutDown(machine);
  });
  await assert.rejects(up(run), {
    code: 'BackupFailed',
    message: /the other 1 would be no majority of 3 \(2 are needed\)\); its engine runs again/,
  });
  // The one that failed may have held the virtual IP.
  const lost = [...run.faults].filter((fault) => fault.includes('members'));
  assert.deepEqual(lost, []);
  assert.deepEqual(
    run.world.calls().filter(({ operation }) => operation === 'files.archive'),
    [],
  );
  run.world.powerOn(`test/${failed.name ?? ''}`);
  run.world.advance(60_000);
  await up(run);
  assertAsDeclared(run.world, run.stack);
});

test('with autolock the manager is unlocked, and the files hold no key', async () => {
  const run = begin(['m2', 'm3', 'm1']);
  const { world, stack } = run;
  stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, autolock: true } };
  const transcript = emptyTranscript();
  await up(run, ['m2', 'm3', 'm1'], new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.ok(sentences(transcript).includes(steps.unlock('m2')));
  assert.equal(backups(run.directory)[0]?.['isAutolocked'], true);
  const key = world.swarm().unlockKey ?? '';
  assert.ok(key !== '' && !JSON.stringify([transcript, backups(run.directory)]).includes(key));
});

test('of two managers none may stand still: refused before anything is touched', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(2, 1, { vip: undefined }));
  const directory = join(scratch, 'two');
  stack.declared = { ...stack.declared, swarm: { roll: { backup: { directory } } } };
  await stack.up(new ProviderProcess(world));
  stack.declared = changed(stack.declared, { os: 'debian:13' }, 'm2');
  const calls = world.calls().length;
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'BackupImpossible',
    message: /the other 1 would be no majority of 2 \(2 are needed\); nothing was touched/,
  });
  assert.deepEqual(changesSince(world, calls), []);
});

test('a directory that others may look into is refused before anything is touched', async () => {
  const run = begin(['m2']);
  mkdirSync(run.directory, { mode: 0o755 });
  const holder = vipHolder(run.world);
  await assert.rejects(up(run), {
    code: 'LocalDirectoryUnfit',
    message: /others may look into it \(mode 755\).*nothing was touched/,
  });
  assert.equal(vipHolder(run.world), holder);
  assert.equal(run.world.swarm().members.length, 3);
});

test('a manager that is down goes without a backup, and the next one has it', async () => {
  const run = begin(['m2', 'm3']);
  const { world, stack } = run;
  world.powerOff('test/m2');
  world.advance(60_000);
  const transcript = emptyTranscript();
  stack.declared = {
    ...stack.declared,
    nodes: stack.declared.nodes.map((node) => ({
      ...node,
      node: { onLocalData: 'discard' },
      vip: { onLocalData: 'discard' },
    })),
  };
  const declared = { managers: ['m1', 'm2', 'm3'], workers: ['w1'], localData: { m2: 'discard' } };
  stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, declared } };
  await up(run, ['m2', 'm3', 'm1', 'w1'], new ProviderProcess(world, { transcript }));
  assertAsDeclared(world, stack);
  assert.ok(
    warnings(transcript).some((line) =>
      /^m2 is down: raft is not backed up before it goes/.test(line),
    ),
  );
  assert.deepEqual(
    backups(run.directory).map(({ node }) => node),
    ['m3'],
  );
});

test('a destroy and a worker need no backup', async () => {
  const run = begin(['w1']);
  const { world, stack } = run;
  stack.declared = { ...stack.declared, swarm: { ...stack.declared.swarm, allowDestroy: true } };
  await up(run);
  await stack.destroy(new ProviderProcess(world));
  assert.throws(() => readdirSync(run.directory), { code: 'ENOENT' });
});

/** Calls that change something, of a whole replacement that nothing disturbs, up to the demotion. */
async function callsOf(going: string): Promise<number> {
  const run = begin([going]);
  const { world } = run;
  const first = world.calls().length;
  await up(run, [going]);
  const calls = world.calls().slice(first);
  const archive = calls.findIndex(({ operation }) => operation === 'files.archive');
  assert.ok(archive > 0);
  // Behind the last start of an engine, the way is that of any replacement.
  return (
    calls.findIndex(
      ({ operation }, index) => index > archive && operation === 'docker.updateNode',
    ) + 6
  );
}

for (const going of ['m1', 'm2']) {
  test(`${going}: killed after every call up to the end of the backup, then resumed`, async () => {
    const count = await callsOf(going);
    for (let kill = 1; kill <= count; kill += 1) {
      const first = origin.world.calls().length;
      const dying: { process?: ProviderProcess } = {};
      const run = begin([going], (state) => {
        if (state.calls.length >= first + kill) dying.process?.kill();
      });
      dying.process = new ProviderProcess(run.world);
      const ended = await up(run, [going], dying.process).catch((error: unknown) => error);
      const { operation = '', host = '' } = run.world.calls().at(-1) ?? {};
      const what = `a kill after call ${String(kill)}, ${operation} on ${host}`;
      assert.ok(ended instanceof Killed, `${what}: ${String(ended)}`);
      try {
        await up(run);
        assertAsDeclared(run.world, run.stack, { mayHaveDeadLease: true });
        assert.deepEqual([...run.faults], [], 'quorum and virtual IP at every moment');
        for (const { key, files } of run.world.machines()) {
          assert.equal(files[backupMarkPath], undefined, `no mark on ${key}`);
        }
        assert.ok(backups(run.directory).length >= 1, 'it was backed up');
        assert.ok(!readdirSync(run.directory).some((name) => name.endsWith('.partial')));
      } catch (error) {
        throw new Error(`after ${what}: ${String(error)}`, { cause: error });
      }
    }
  });
}

/** What a backup of a follower that was killed leaves on its host. */
async function mark(world: FakeWorld, name: string): Promise<void> {
  const { files } = await world.effects().hosts.connect({ lab: 'test', machine: name });
  await files.write(backupMarkPath, renderBackupMark({ availability: 'active' }), { mode: 0o600 });
}

for (const isEngineOn of [true, false]) {
  test(`a mark on a host that is in no swarm any more, engine ${isEngineOn ? 'on' : 'off'}: it goes, and the run goes on`, async () => {
    const { world, stack } = begin([]);
    await mark(world, 'm2');
    const { hosts } = world.effects();
    const { docker, systemd } = await hosts.connect({ lab: 'test', machine: 'm2' });
    await docker.swarmLeave({ force: true });
    for (const unit of isEngineOn ? [] : ['docker.socket', 'docker.service']) {
      await systemd.stop(unit);
    }
    const process = new ProviderProcess(world);
    await stack.refresh(process, 'Swarm', 'cluster');
    await stack.applySwarm(process);
    assert.equal(machine(world, 'm2').files[backupMarkPath], undefined);
    const unit = machine(world, 'm2').units['docker.service'];
    assert.equal(unit?.state, isEngineOn ? 'active' : 'inactive');
  });
}

test('a node that is taken out takes the mark of its backup along', async () => {
  const { world, stack } = begin([]);
  await mark(world, 'm2');
  const removing = new ProviderProcess(world);
  stack.registerSwarm(removing);
  await stack.callDelete(removing, 'Node', 'm2');
  assert.equal(machine(world, 'm2').engine.membership, undefined);
  assert.equal(machine(world, 'm2').files[backupMarkPath], undefined);
});

test('a backup of a run that is alive is not given back under its hands', async () => {
  const { world, stack } = begin([]);
  const name = 'm2';
  const entry = (): WorldState['swarms'][string]['nodes'][number] | undefined =>
    world.swarm().nodes.find(({ hostname }) => hostname === name);
  const { docker } = await world.effects().hosts.connect({ lab: 'test', machine: 'm1' });
  const managers = ['m1', 'm2', 'm3'].map((each) => ({
    ...{ name: each, address: machine(world, each).address },
    connection: { lab: 'test', machine: each },
  }));
  const access = { clusterId: stack.clusterId, managers };
  const second = new ProviderProcess(world);
  let ended: Promise<void> | undefined;
  let isEnded = false;
  const alive = new ProviderProcess(world);
  await alive.call('delete', stack.urnOf('Node', 'm1'), (_resource, operation) =>
    withLease(operation, access, 'take manager m1 out', 60, async () => {
      await mark(world, name);
      await docker.updateNode(entry()?.id ?? '', { availability: 'drain' });
      await stack.refresh(second, 'Swarm', 'cluster');
      ended = stack.applySwarm(second).then(() => {
        isEnded = true;
      });
      await operation.effects.clock.sleep(20_000);
      assert.equal(isEnded, false);
      assert.equal(entry()?.availability, 'drain');
      assert.notEqual(machine(world, name).files[backupMarkPath], undefined);
    }),
  );
  await ended;
  assert.equal(entry()?.availability, 'active');
  assert.equal(machine(world, name).files[backupMarkPath], undefined);
});

test('an engine that a killed backup left stopped is started at once where no leader is left to keep a lease', async () => {
  const { world, stack } = begin([]);
  world.editMachine('test/m1', (stopped) => {
    for (const unit of ['docker.socket', 'docker.service']) stopUnit(stopped, unit);
    stopped.files[backupMarkPath] = {
      content: renderBackupMark({ availability: undefined }),
      mode: 0o600,
    };
  });
  world.powerOff('test/m2');
  world.advance(60_000);
  const process = new ProviderProcess(world);
  await stack.refresh(process, 'Swarm', 'cluster');
  const began = world.edit(({ nowMs }) => nowMs);
  await stack.applySwarm(process);
  assert.equal(machine(world, 'm1').units['docker.service']?.state, 'active');
  const seconds = (world.edit(({ nowMs }) => nowMs) - began) / 1000;
  assert.ok(seconds < 200, `${String(seconds)} s, and the wait for the lease is 300 s`);
});
