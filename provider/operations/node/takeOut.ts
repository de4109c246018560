import { SwarmError, errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { isTransient } from '../../../core/transient';
import { DockerApiError } from '../../../effects/docker';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { askLast, askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import type { Heed } from '../ask/waitUntil';

/** The entry of a node ID in the swarm, read with quorum, and no other's: every node of a large cluster asks; undefined: it is out. */
export async function findEntry(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
  avoid: readonly string[] = [],
  heed: Heed = () => undefined,
): Promise<SwarmNodeFacts | undefined> {
  return askManager(
    operation,
    access,
    ({ docker }) => {
      heed(docker);
      return docker.node(nodeId);
    },
    { avoid },
  );
}

/** How often a demotion is wished again that the leader has put off. */
const wishAgainMilliseconds = 1000;

/**
 * Demotes a manager and sees it gone from raft, from another manager. The request only records a
 * wish: the leader may refuse for ever without a word, so its outcome is what is waited for.
 */
export async function demoteAndWait(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
  timeoutSeconds: number,
): Promise<void> {
  const avoid = [operation.name];
  const { clock } = operation.effects;
  const before = await findEntry(operation, access, nodeId, avoid);
  if (before !== undefined) askLast(operation, before.hostname);
  if (before?.managerStatus !== undefined && before.role === 'worker') {
    await wishAfresh(operation, access, nodeId);
  }
  const wish = (): Promise<void> =>
    askManager(operation, access, ({ docker }) => docker.updateNode(nodeId, { role: 'worker' }), {
      avoid,
    });
  await wish();
  let wishedAt = clock.monotonicMs();
  try {
    await waitUntil(operation, 'the demotion', timeoutSeconds, async (heed) => {
      const entry = await findEntry(operation, access, nodeId, avoid, heed);
      if (entry?.managerStatus === undefined) return true;
      // A leader that has just taken over may not be able to remove it yet, and would look at it again every
      // 5 s only (SwarmKit's role manager); it looks at once when the entry is written.
      const isPutOff = !entry.managerStatus.isLeader && entry.role === 'worker';
      if (isPutOff && clock.monotonicMs() - wishedAt >= wishAgainMilliseconds) {
        await wish();
        wishedAt = clock.monotonicMs();
      }
      return entry.managerStatus.isLeader
        ? `${entry.hostname} is still the leader`
        : `${entry.hostname} is still a member of raft; the leader refuses a demotion that would cost the quorum`;
    });
  } catch (error) {
    if (isTimedOut(error)) {
      await withdrawDemotion(operation, access, nodeId);
    }
    throw error;
  }
}

/**
 * A member that is wanted as a worker already: its engine was dead while it was demoted, and entered raft
 * again when it started (seen on 20.10.24). For the leader its role is as wanted, and it would do nothing
 * for ever. Wanted as a manager and then as a worker again, it is demoted in order.
 *
 * That the leader has noted the first wish shows in the entry's version only.
 */
async function wishAfresh(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
): Promise<void> {
  const avoid = [operation.name];
  await askManager(
    operation,
    access,
    ({ docker }) => docker.updateNode(nodeId, { role: 'manager' }),
    { avoid },
  );
  const asked = (await findEntry(operation, access, nodeId, avoid))?.version;
  try {
    await waitUntil(operation, 'the leader notes the wish', 5, async (heed) => {
      const entry = await findEntry(operation, access, nodeId, avoid, heed);
      return entry?.version !== asked || 'it has not yet';
    });
  } catch (error) {
    // It may have noted it before we first looked.
    if (!isTimedOut(error)) throw error;
  }
}

/**
 * A demotion that was asked for stands until it is taken back: the leader would carry it out whenever the
 * quorum allows, at a moment that nobody's gate has seen.
 */
async function withdrawDemotion(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
): Promise<void> {
  const avoid = [operation.name];
  const entry = await findEntry(operation, access, nodeId, avoid);
  if (entry?.managerStatus === undefined) return;
  await askManager(
    operation,
    access,
    ({ docker }) => docker.updateNode(nodeId, { role: 'manager' }),
    { avoid },
  );
}

/** Leaves the swarm on the node itself, without force, so that a manager can never slip out uncounted. */
export async function leave(
  operation: Operation,
  host: Host,
  timeoutSeconds: number,
): Promise<void> {
  await waitUntil(operation, 'the node has left', timeoutSeconds, async () => {
    try {
      // Before anything else: what a manager that ends is asked, it may wait for.
      await host.docker.swarmLeave({ force: false });
    } catch (error) {
      const message = errorMessage(error);
      if (/not part of a swarm/i.test(message)) return true;
      // It stopped being a manager a moment ago, and its engine may not know it yet.
      if (!/participating as a manager/i.test(message) && !isTransient(error)) throw error;
      return message;
    }
    const { localNodeState } = await host.docker.info();
    return localNodeState === 'inactive' || `it is ${localNodeState}`;
  });
}

/**
 * Removes an entry by its ID. `hasLeft`: the node itself was seen outside the swarm, so there is no
 * need to wait until its heartbeat lapses (about 15 s). Otherwise only an entry that the swarm has
 * seen down is let go.
 */
export async function removeEntry(
  operation: Operation,
  access: SwarmAccess,
  nodeId: string,
  options: { readonly hasLeft: boolean; readonly timeoutSeconds: number },
): Promise<void> {
  const { hasLeft, timeoutSeconds } = options;
  const avoid = [operation.name];
  await waitUntil(operation, 'the entry is removed', timeoutSeconds, async (heed) => {
    const entry = await findEntry(operation, access, nodeId, avoid, heed);
    if (entry === undefined) return true;
    if (entry.managerStatus !== undefined) {
      throw new SwarmError(
        'StillMember',
        `${entry.hostname} (${nodeId}) is a member of raft and cannot be removed; demote it first`,
        { source: 'world' },
      );
    }
    try {
      await askManager(
        operation,
        access,
        ({ docker }) => docker.removeNode(nodeId, { force: hasLeft }),
        { avoid },
      );
    } catch (error) {
      if (error instanceof DockerApiError && error.statusCode === 404) return true;
      if (!/is not down/i.test(errorMessage(error))) throw error;
      return `the swarm has not seen it down yet (${entry.state})`;
    }
    return 'it is being removed';
  });
}
