import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { alpnDropIn, alpnDropInPath } from '../../core/alpnDropIn';
import { steps } from '../../core/steps';
import type { PropertyMap } from '../../provider/server/resource';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, Killed, ProviderProcess, sentences } from '../support/providerHarness';
import type { Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

const exception = [steps.withoutAlpn('w1'), steps.withAlpn('w1')];

let folder: string;
let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-mixed-'));
  const world = new FakeWorld();
  origin = { world, stack: await founded(world, cluster(3, 1)) };
});

after(() => {
  rmSync(folder, { recursive: true });
});

/** An engine of this version, as an archive of this computer. */
function engine(version: string): PropertyMap {
  const path = join(folder, `docker-${version}.tgz`);
  const text = `dockerd ${version}`;
  writeFileSync(path, text);
  return { source: { kind: 'static', path, sha256: sha256(text) } };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Managers of 20.10.24, some of which were promoted since the start of their daemon; and w1 gets 28.5.2. */
function mixed(...promoted: readonly string[]): typeof origin {
  const copy = copyOf(origin.world, origin.stack);
  for (const name of promoted) loseAlpn(copy.world, name);
  copy.stack.declared = changed(copy.stack.declared, { engine: engine('28.5.2') }, 'w1');
  return copy;
}

function loseAlpn(world: FakeWorld, name: string): void {
  world.editMachine(`test/${name}`, ({ engine: { membership } }) => {
    assert.ok(membership !== undefined);
    membership.hasNewCertificate = true;
  });
}

/** Rolls w1, and returns the sentences about the exception. */
async function roll({ world, stack }: typeof origin): Promise<readonly string[]> {
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'w1').engine.runningVersion, '28.5.2');
  assert.equal(machine(world, 'w1').files[alpnDropInPath], undefined);
  return sentences(transcript).filter((sentence) => exception.includes(sentence));
}

async function mixedRoll(transcript: Transcript): Promise<void> {
  const { world, stack } = mixed('m1', 'm2', 'm3');
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'w1');
}

describe('an engine that asks for ALPN joins', () => {
  test('by the first manager, where that offers it', async () => {
    assert.deepEqual(await roll(mixed()), []);
  });

  test('by the only manager that offers it', async () => {
    assert.deepEqual(await roll(mixed('m1', 'm2')), []);
    assert.deepEqual(await roll(mixed('m2', 'm3')), []);
  });

  test('without it where nobody offers it, and the exception is taken back', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    assert.deepEqual(await roll(copy), exception);
  });

  test('by one that could not be looked at, which is tried, and then the next', async () => {
    const copy = mixed('m1', 'm2');
    for (let time = 0; time < 3; time += 1) {
      copy.world.failNext('docker.offersAlpn', { code: 'ProbeFailed', message: 'prohibited' });
    }
    assert.deepEqual(await roll(copy), []);
  });

  test('without it after all have refused it that could not be looked at', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    for (let time = 0; time < 3; time += 1) {
      copy.world.failNext('docker.offersAlpn', { code: 'ProbeFailed', message: 'prohibited' });
    }
    assert.deepEqual(await roll(copy), exception);
  });

  test('and a manager is restarted for none of it', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    const calls = copy.world.calls().length;
    await roll(copy);
    const restarted = copy.world
      .calls()
      .slice(calls)
      .filter(({ operation }) => /^systemd\.(restart|stop)$/.test(operation))
      .map(({ host }) => host);
    assert.deepEqual([...new Set(restarted)], ['test/w1']);
  });
});

describe('an older engine', () => {
  test('does not ask for it', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    copy.stack.declared = changed(copy.stack.declared, { engine: engine('27.5.1') }, 'w1');
    const transcript = emptyTranscript();
    await copy.stack.applyNode(new ProviderProcess(copy.world, { transcript }), 'w1');
    assert.equal(sentences(transcript).includes(steps.withoutAlpn('w1')), false);
    assertAsDeclared(copy.world, copy.stack);
  });
});

describe('a run that is killed around the exception', () => {
  test('leaves nothing of it behind the next one', async () => {
    const transcript = emptyTranscript();
    await mixedRoll(transcript);
    const order = sentences(transcript);
    const [first, last] = exception.map((sentence) => order.indexOf(sentence));
    assert.ok(first !== undefined && last !== undefined && first !== -1 && first < last);
    for (let step = first; step <= last + 1; step += 1) {
      for (const at of ['start', 'end'] as const) {
        const copy = mixed('m1', 'm2', 'm3');
        const dying = new ProviderProcess(copy.world, { fault: { kind: 'kill', at, step } });
        await assert.rejects(copy.stack.applyNode(dying, 'w1'), Killed);
        await roll(copy);
      }
    }
  });

  test('also when it is killed between the file and the restart, or after the join', async () => {
    for (const operation of ['systemd.daemonReload', 'systemd.restart', 'docker.swarmJoin']) {
      for (const isAfter of [false, true]) {
        const copy = mixed('m1', 'm2', 'm3');
        const fault = { code: 'HostUnreachable', message: 'the connection was cut' };
        copy.world.failNext(operation, fault, { host: 'test/w1', after: isAfter });
        await copy.stack.applyNode(new ProviderProcess(copy.world), 'w1').catch(() => undefined);
        await copy.stack.applyNode(new ProviderProcess(copy.world), 'w1');
        assertAsDeclared(copy.world, copy.stack);
        assert.equal(machine(copy.world, 'w1').files[alpnDropInPath], undefined, operation);
      }
    }
  });

  test('an engine that goes takes it along', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/w1', ({ files }) => {
      files[alpnDropInPath] = { content: alpnDropIn, mode: 0o644 };
    });
    stack.declared = changed(stack.declared, { engine: { daemon: { mtu: 1400 } } }, 'w1');
    await stack.applyNode(new ProviderProcess(world), 'w1');
    assert.equal(machine(world, 'w1').files[alpnDropInPath], undefined);
    assert.equal(machine(world, 'w1').engine.doesWithoutAlpn, false);
  });
});

describe('an exception that is not ours to make', () => {
  test('on an engine of somebody else', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    await roll(copy);
    copy.stack.declared = changed(
      copy.stack.declared,
      { engine: { source: { kind: 'preinstalled' } } },
      'w1',
    );
    await assert.rejects(copy.stack.applyNode(new ProviderProcess(copy.world), 'w1'), {
      code: 'AlpnMissing',
      message: /w1: its engine asks for ALPN, which .* do not offer .* restart docker on one of/,
    });
    assert.equal(machine(copy.world, 'w1').engine.membership, undefined);
    copy.world.editMachine('test/m2', ({ engine: { membership } }) => {
      assert.ok(membership !== undefined);
      membership.hasNewCertificate = false;
    });
    assert.deepEqual(await roll(copy), [], 'what it says helps');
  });

  test('on an engine with containers from outside the swarm', async () => {
    const copy = mixed('m1', 'm2', 'm3');
    const transcript = emptyTranscript();
    await mixedRoll(transcript);
    const step = sentences(transcript).indexOf(steps.startEngine('w1'));
    assert.notEqual(step, -1);
    const dying = new ProviderProcess(copy.world, { fault: { kind: 'kill', at: 'start', step } });
    await assert.rejects(copy.stack.applyNode(dying, 'w1'), Killed);
    copy.world.editMachine('test/w1', (host) => host.engine.containers.push('theirs'));
    await copy.stack.applyNode(new ProviderProcess(copy.world), 'w1').then(
      () => assert.fail('it was restarted'),
      (error: unknown) => {
        assert.match(String(error), /would end containers from outside the swarm \(theirs\)/);
      },
    );
  });
});

describe('a worker of 28 that becomes a manager', () => {
  test('is refused while no manager offers ALPN, and is promoted as soon as one does', async () => {
    const copy = mixed();
    await roll(copy);
    for (const name of ['m1', 'm2', 'm3']) loseAlpn(copy.world, name);
    copy.stack.declared = changed(copy.stack.declared, { role: 'manager' }, 'w1');
    await assert.rejects(copy.stack.applyNode(new ProviderProcess(copy.world), 'w1'), {
      code: 'AlpnMissing',
      message:
        /^w1: to become a manager its engine 28\.5\.2 asks for ALPN, which m1, m2, m3 do not offer .*; it is not promoted; restart docker/,
    });
    assert.equal(
      copy.world.swarm().nodes.find(({ hostname }) => hostname === 'w1')?.role,
      'worker',
    );
    copy.world.editMachine('test/m3', ({ engine: { membership } }) => {
      assert.ok(membership !== undefined);
      membership.hasNewCertificate = false;
    });
    await copy.stack.applyNode(new ProviderProcess(copy.world), 'w1');
    assert.equal(copy.world.swarm().members.length, 4);
  });
});

describe('engines that are not taken', () => {
  test('one with a known fault is refused before it is installed, whoever chose its version', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    stack.declared = changed(stack.declared, { engine: engine('28.0.0') }, 'w1');
    await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
      code: 'EngineKnownBad',
      message: /^w1: engine 28\.0\.0: .*; take 28\.0\.1 or later; nothing was touched$/,
    });
    assert.ok(machine(world, 'w1').installed['docker.io']?.startsWith('20.10.24') === true);
  });

  test('one that keeps its data elsewhere joins no swarm', async () => {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/w1', ({ files }) => {
      const content = '{"data-root":"/data/docker"}';
      files['/etc/docker/daemon.json'] = { content, mode: 0o644 };
    });
    stack.declared = changed(stack.declared, { engine: { daemon: { mtu: 1400 } } }, 'w1');
    await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
      code: 'DataRootElsewhere',
      message: /its engine keeps its data in \/data\/docker, .* joins no swarm; take `data-root`/,
    });
    assert.equal(machine(world, 'w1').engine.membership, undefined);
    world.setCommand('test/w1', ['readlink', '-f'], { stdout: '/data/docker\n' });
    await stack.applyNode(new ProviderProcess(world), 'w1');
    assertAsDeclared(world, stack);
  });
});
