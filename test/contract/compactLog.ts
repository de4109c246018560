import assert from 'node:assert/strict';
import type { Host } from '../../effects/effects';

/** Entries that the leader keeps behind a snapshot, as an engine has it by default. */
const keptByDefault = 500;

/** By the leader's own settings: a few entries do what takes 10,500 otherwise. */
export async function compactLog(host: Host): Promise<void> {
  await setRaft(host, { SnapshotInterval: 5, LogEntriesForSlowFollowers: 2 });
  for (let entry = 0; entry < 15; entry += 1) {
    await host.docker.setSwarmLabels({ entry: String(entry) });
  }
  await setRaft(host, { SnapshotInterval: 10_000, LogEntriesForSlowFollowers: keptByDefault });
}

async function setRaft(host: Host, raft: Readonly<Record<string, number>>): Promise<void> {
  const swarm = await call(host, 'GET', '/swarm', undefined);
  const { Spec, Version } = swarm as {
    Spec: { Raft: Record<string, number> };
    Version: { Index: number };
  };
  const changed = { ...Spec, Raft: { ...Spec.Raft, ...raft } };
  await call(host, 'POST', `/swarm/update?version=${String(Version.Index)}`, changed);
}

async function call(host: Host, method: string, path: string, body: unknown): Promise<unknown> {
  const { code, stdout, stderr } = await host.run([
    'curl',
    ...['-sS', '--fail-with-body', '--unix-socket', '/run/docker.sock', '-X', method],
    ...['-H', 'Content-Type: application/json'],
    ...(body === undefined ? [] : ['-d', JSON.stringify(body)]),
    `http://docker/v1.40${path}`,
  ]);
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout === '' ? undefined : (JSON.parse(stdout) as unknown);
}
