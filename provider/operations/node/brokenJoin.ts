import { SwarmError } from '../../../core/errors';
import type { EngineInfo } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { joinLeftBehind } from './abandonedJoins';
import { demoteAndWait, findEntry, removeEntry } from './takeOut';

/**
 * Ends a join that failed on its way (no route to the managers, a link that was cut): the engine says `error`,
 * names no node, and tries it no more. What its disk holds tells how far it came: without a certificate it was
 * never admitted; with one of this very swarm its entry goes as well, out of raft first.
 *
 * @returns whether the host is in no swarm now, so that it can join. Otherwise nothing was touched.
 * @throws SwarmError `EngineUnknown` for a membership in error that no join of ours has made, `ForeignSwarm` for another swarm's.
 */
export async function endBrokenJoin(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  info: Pick<EngineInfo, 'localNodeState' | 'nodeId' | 'error'>,
): Promise<boolean> {
  if (info.localNodeState !== 'error' || info.nodeId !== '') return false;
  const certificate = await host.docker.nodeCertificate();
  if (certificate !== undefined && certificate.clusterId !== spec.clusterId) {
    throw new SwarmError(
      'ForeignSwarm',
      `${spec.name}: its engine has given up a membership in swarm ${certificate.clusterId}, not ${spec.clusterId}: ${info.error}; nothing was touched; let it leave that swarm first: \`docker swarm leave --force\` on it`,
      { source: 'user' },
    );
  }
  const leave = (): Promise<void> =>
    operation.step(steps.leave(spec.name), () => host.docker.swarmLeave({ force: true }));
  joinLeftBehind(operation, spec.clusterId);
  if (certificate === undefined) {
    await leave();
    return true;
  }
  const access = accessOf(spec);
  const { nodeId } = certificate;
  const entry = await findEntry(operation, access, nodeId, [spec.name]);
  // Joins of ours are drained, and labels come after them.
  if (entry !== undefined && entry.availability !== 'drain') {
    throw new SwarmError(
      'EngineUnknown',
      `${spec.name}: its engine has given up node ${nodeId}, which is ${entry.availability}: ${info.error}; nothing was touched; restart its engine: \`systemctl restart docker\``,
      { source: 'world' },
    );
  }
  const { demote, leave: timeoutSeconds } = timeoutsOf(spec);
  if (entry?.managerStatus !== undefined) await demoteAndWait(operation, access, nodeId, demote);
  await leave();
  await operation.step(steps.remove(spec.name), () =>
    removeEntry(operation, access, nodeId, { hasLeft: true, timeoutSeconds }),
  );
  return true;
}
