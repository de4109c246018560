import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { backupMarkPath } from '../../core/backup';
import { heldLabel } from '../../core/held';
import { steps } from '../../core/steps';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { offerNewerEngine } from '../support/newerEngine';
import { emptyTranscript, ProviderProcess, sentences } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';
import { webService } from '../support/webService';

const scratch = mkdtempSync(join(tmpdir(), 'swarm-only-'));
let origin: { readonly world: FakeWorld; readonly stack: Stack };
let engine: PropertyMap = {};
let serial = 0;

before(async () => {
  const world = new FakeWorld();
  const { engine: images, ...services } = await webService();
  engine = { ...images, version: '26.1', upgrade: 'inPlace', hold: true };
  const declared = changed(cluster(1, 1, services), { os: 'debian:13', engine });
  const stack = await founded(world, declared);
  offerNewerEngine(world);
  origin = { world, stack };
});
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

interface Begun {
  readonly world: FakeWorld;
  readonly stack: Stack;
  readonly directory: string;
}

/** A copy of the cluster, with an outage accepted and a backup declared, whose manager gets a newer engine. */
function begin(swarm: PropertyMap = {}): Begun {
  const copy = copyOf(origin.world, origin.stack, () => undefined);
  serial += 1;
  const directory = join(scratch, `backups-${String(serial)}`);
  copy.stack.declared = {
    ...changed(copy.stack.declared, { engine: { ...engine, version: '28.5' } }, 'm1'),
    swarm: { ...swarm, roll: { allowOutage: true, backup: { directory } } },
  };
  return { ...copy, directory };
}

async function up({ world, stack }: Begun, process = new ProviderProcess(world)): Promise<void> {
  await stack.refreshBefore(process);
  await stack.up(process);
}

function archives(directory: string): readonly string[] {
  return existsSync(directory)
    ? readdirSync(directory).filter((name) => name.endsWith('.tar'))
    : [];
}

function assertDone({ world, stack }: Begun): void {
  assertAsDeclared(world, stack, { mayHaveDeadLease: true });
  const [m1] = world.swarm().nodes;
  assert.equal(m1?.labels[heldLabel], undefined);
  assert.equal(machine(world, 'm1').engine.runningVersion, '28.5.2');
  assert.equal(machine(world, 'm1').files[backupMarkPath], undefined);
}

test('it is not stopped without consent', async () => {
  const run = begin();
  run.stack.declared = { ...run.stack.declared, swarm: {} };
  await assert.rejects(up(run), { code: 'NoMajority' });
  assert.equal(machine(run.world, 'm1').engine.runningVersion, '26.1.5');
});

test('its raft state is backed up behind its drain, before its engine is another one', async () => {
  const run = begin();
  const { world, directory } = run;
  const [before] = world.swarm().nodes;
  const transcript = emptyTranscript();
  await up(run, new ProviderProcess(world, { transcript }));
  assertDone(run);
  assert.equal(world.swarm().nodes[0]?.id, before?.id);
  const said = sentences(transcript);
  const [drained, backedUp, installed] = [
    said.indexOf(steps.drain('m1')),
    said.indexOf(steps.backUp('m1')),
    said.indexOf(steps.installEngine('m1')),
  ];
  assert.ok(-1 < drained && drained < backedUp && backedUp < installed, said.join('; '));
  assert.equal(archives(directory).length, 1);
  const [name = ''] = readdirSync(directory).filter((file) => file.endsWith('.json'));
  const text = readFileSync(join(directory, name), 'utf8');
  const { node, engineVersion } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  assert.deepEqual([node, engineVersion], ['m1', '26.1.5'], 'by the engine before');
});

test('with autolock it is unlocked after its backup, and again after its exchange', async () => {
  const run = begin({ autolock: true });
  const transcript = emptyTranscript();
  await up(run, new ProviderProcess(run.world, { transcript }));
  assertDone(run);
  const unlocked = sentences(transcript).filter((sentence) => sentence === steps.unlock('m1'));
  assert.equal(unlocked.length, 2);
});

test('a backup that fails leaves the engine, and the node, as they were', async () => {
  const run = begin();
  run.world.failNext('files.archive', { code: 'FileReadFailed', message: 'tar: disk read error' });
  await assert.rejects(up(run), { code: 'BackupFailed', message: /its engine runs again/ });
  const { engine: present, units } = machine(run.world, 'm1');
  assert.equal(present.runningVersion, '26.1.5');
  assert.equal(units['docker.service']?.state, 'active');
  const [m1] = run.world.swarm().nodes;
  assert.deepEqual([m1?.availability, m1?.labels[heldLabel]], ['active', undefined]);
  assert.deepEqual(archives(run.directory), []);
  await up(run);
  assertDone(run);
});

test('killed at the start and the end of every step, then resumed by another process', async () => {
  const transcript = emptyTranscript();
  const whole = begin();
  await up(whole, new ProviderProcess(whole.world, { transcript }));
  for (const [step, sentence] of sentences(transcript).entries()) {
    for (const at of ['start', 'end'] as const) {
      const run = begin();
      const dying = new ProviderProcess(run.world, { fault: { kind: 'kill', at, step } });
      await up(run, dying).catch(() => undefined);
      assert.ok(dying.hasFaulted);
      try {
        await up(run);
        assertDone(run);
      } catch (error) {
        throw new Error(`after a kill at the ${at} of "${sentence}": ${String(error)}`, {
          cause: error,
        });
      }
      assert.ok(archives(run.directory).length > 0, sentence);
    }
  }
});
