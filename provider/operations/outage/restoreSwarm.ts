import { basename, dirname } from 'node:path';
import { SwarmError } from '../../../core/errors';
import { isSameAddress } from '../../../core/addresses';
import { whyNotRestorable } from '../../../core/outage';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { hostStanding, swarmStateFile } from '../ask/hostStanding';
import { timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { waitUntil } from '../ask/waitUntil';
import { startEngineAgain } from '../backup/interruptedBackup';
import { raftDirectory } from '../backup/takeBackup';
import { withHostLock } from '../hold/hostLock';
import { stopDaemon } from '../host/engineSetup';
import { notedKeys } from '../swarm/notedKeys';
import { unlockManagers } from '../swarm/unlockManagers';
import { pendingRestore, withdrawRestore } from './pendingRestore';
import type { FoundRestore } from './pendingRestore';

/**
 * Puts an archived swarm back on the host of its only manager: the same node of the same swarm. Does nothing
 * where none waits for this node, and goes on where an interrupted run stopped. A host that has a raft state is
 * never given another one.
 *
 * @throws SwarmError `RestoreRefused`, with nothing touched; `UnlockRefused` when it came back locked and no key is known.
 */
export async function restoreSwarm(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
): Promise<void> {
  if (spec.role !== 'manager') return;
  const found = await pendingRestore(operation, spec.clusterId);
  if (found === undefined) return;
  const { pending } = found;
  if (pending.node !== spec.name && !isSameAddress(pending.address, spec.address)) return;
  await withHostLock(
    operation,
    host,
    steps.restore(spec.name),
    timeoutsOf(spec).gate,
    async (lock) => {
      const isThere = (await host.files.read(swarmStateFile)) !== undefined;
      const standing = await hostStanding(operation, spec.connection);
      if (!isThere) {
        await refuseUnfit(operation, spec, host, found);
        await lock.step(steps.restore(spec.name), () => putBack(host, found));
      }
      if (!isThere || standing.kind === 'unknown')
        await startEngineAgain(operation, spec.name, host);
      await untilInControl(operation, spec, host, found);
      await withdrawRestore(operation, spec.clusterId);
      await host.files.removeAside(raftDirectory);
    },
  );
}

/** Everything that can be seen before the engine is stopped. */
async function refuseUnfit(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  { pending, archive }: FoundRestore,
): Promise<void> {
  const { local } = operation.effects;
  const whyChanged = async (): Promise<string | undefined> => {
    const names = await local.list(dirname(archive));
    if (!names.includes(basename(archive))) return `${archive} is not there`;
    const isSame =
      (await local.size(archive)) === pending.bytes &&
      (await local.sha256(archive)) === pending.sha256;
    return isSame ? undefined : `${archive} is not what was archived`;
  };
  const standing = await hostStanding(operation, spec.connection);
  const others = spec.managers.filter((one) => one.name !== spec.name && one.isStandIn !== true);
  const standings = await Promise.all(
    others.map(({ connection }) => hostStanding(operation, connection)),
  );
  const elsewhere = others.find((_, index) => standings[index]?.kind === 'member');
  const engineVersion =
    standing.kind === 'none' ? (standing.info?.engineVersion ?? pending.engineVersion) : '';
  const why =
    whyNotRestorable(pending, { address: spec.address, engineVersion }) ??
    (elsewhere === undefined ? await whyChanged() : `${elsewhere.name} is in a swarm already`);
  if (why === undefined) return;
  throw new SwarmError(
    'RestoreRefused',
    `${spec.name}: swarm ${pending.clusterId} waits for it in ${archive} (of ${pending.takenAt}), and it cannot be put back: ${why}; nothing was touched, and nothing is founded in its place`,
    { source: 'user' },
  );
}

async function putBack(host: Host, { archive }: FoundRestore): Promise<void> {
  await stopDaemon(host);
  await host.files.restore(archive, raftDirectory);
}

/** The node that it was, and the leader: an only member needs nobody's vote. */
async function untilInControl(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  { pending }: FoundRestore,
): Promise<void> {
  const { name } = spec;
  if ((await host.docker.info()).localNodeState === 'locked') {
    const keys = notedKeys(operation, pending.clusterId);
    await unlockManagers(operation, [{ name, docker: host.docker }], keys);
  }
  await waitUntil(operation, `${name} is in control again`, timeoutsOf(spec).ready, async () => {
    const info = await host.docker.info();
    if (info.clusterId !== undefined && info.clusterId !== pending.clusterId) {
      throw new SwarmError(
        'ForeignSwarm',
        `${name}: it is in swarm ${info.clusterId}, and ${pending.clusterId} was restored on it; nothing more was done`,
        { source: 'world' },
      );
    }
    const isBack = info.isControlAvailable && info.error === '' && info.clusterId !== undefined;
    return isBack || `it is ${info.localNodeState}: ${info.error}`;
  });
}
