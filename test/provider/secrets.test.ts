import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shown } from '../../provider/resources/properties';
import { founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess } from '../support/providerHarness';
import type { Transcript } from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

/** Whatever must not be read anywhere: whole, and in the lines that a key consists of. */
function secretsOf(world: FakeWorld, stack: Stack): readonly string[] {
  const keys = [...stack.saved]
    .filter(([key]) => key.startsWith('HostIdentity/'))
    .map(([, { outputs }]) => shown(outputs['privateKey']));
  const lines = keys.flatMap((key) => key.split('\n')).filter((line) => line.length > 40);
  const { manager, worker } = world.swarm().tokens;
  assert.ok(lines.length >= 4 && manager !== '' && worker !== '', 'there are secrets to look for');
  return ['SWMTKN', manager, worker, ...keys, ...lines];
}

function assertSilent(transcript: Transcript, secrets: readonly string[], world: FakeWorld): void {
  const said = JSON.stringify(transcript);
  for (const secret of secrets) {
    const asJson = JSON.stringify(secret).slice(1, -1);
    assert.ok(!said.includes(asJson), 'no status, log, error or journal line holds a secret');
  }
  const stored = world.machines().flatMap(({ files }) => Object.values(files));
  for (const { content } of stored) {
    for (const secret of secrets) assert.ok(!content.includes(secret), 'no file holds a secret');
  }
}

test('tokens and keys are in nothing that is said or stored, in a whole life with faults', async () => {
  const world = new FakeWorld();
  const transcript = emptyTranscript();
  const stack = await founded(world, cluster(3, 1), transcript);
  const secrets = secretsOf(world, stack);
  stack.declared = changed(stack.declared, { os: 'debian:13' });
  const said = transcript.errors.length;
  // Every join fails once with the daemon's own sentence, every machine's build once by the lab.
  for (const [operation, message] of [
    ['docker.swarmJoin', 'A valid join token is necessary to join this cluster'],
    ['lab.ensure', 'the machine did not boot'],
    ['docker.joinToken', 'no token today'],
  ] as const) {
    world.failNext(operation, { statusCode: 400, message });
  }
  for (const name of ['m2', 'm3', 'm1', 'w1']) {
    for (let tries = 0; tries < 4; tries += 1) {
      await stack
        .applyNode(new ProviderProcess(world, { transcript }), name)
        .catch(() => undefined);
    }
  }
  assert.equal(transcript.errors.length - said, 3, 'the faults came');
  assertSilent(transcript, secrets, world);
  for (const [key, { outputs }] of stack.saved) {
    if (key.startsWith('HostIdentity/')) continue;
    for (const secret of secrets) assert.ok(!JSON.stringify(outputs).includes(secret), key);
  }
});

test('a login that fails tells neither password nor key', async () => {
  const world = new FakeWorld();
  world.addHost({ name: 'h1', address: '10.88.0.31' });
  const transcript = emptyTranscript();
  const password = 'correct-horse-battery-staple';
  const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END';
  const secret = { password, privateKey, privateKeyPassword: 'passphrase-of-it' };
  const urn = 'urn:pulumi:test::project::swarm:index:Host::h1';
  for (const user of ['root', 'nobody']) {
    const connection = { host: '10.88.0.31', user, ...secret };
    if (user === 'root') world.powerOff('h1');
    else world.powerOn('h1');
    const created = new ProviderProcess(world, { transcript }).call(
      'create',
      urn,
      (host, operation) =>
        host.create({ name: 'h1', address: '10.88.0.31', connection }, operation),
    );
    await assert.rejects(created, {
      code: user === 'root' ? 'HostUnreachable' : 'HostLoginRefused',
    });
  }
  assert.equal(transcript.errors.length, 2);
  for (const text of [password, 'b3BlbnNzaC1rZXktdjEA', 'passphrase-of-it']) {
    assert.ok(!JSON.stringify(transcript).includes(text));
  }
});
