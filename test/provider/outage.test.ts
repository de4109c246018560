import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { backupMarkPath } from '../../core/backup';
import { steps } from '../../core/steps';
import { planRollout } from '../../provider/functions/planRollout';
import type { PropertyMap, PropertyValue } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { WorldState } from '../support/fakeWorld/fakeWorld';
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
