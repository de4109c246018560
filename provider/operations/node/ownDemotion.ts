import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';

type Demoted = Pick<Host, 'docker'>;

/** Mostly it has its new certificate within 1 s, at times 3 s. */
const unaskedMilliseconds = 10_000;

/**
 * Waits until the node itself knows that it is a worker, for one that stays.
 *
 * Its certificate tells first, and its engine is not asked before: `info` asks the node's own manager for the members,
 * and what is under way when that manager stops waits for a leader whom it has no more. The manager waits for the question
 * in turn, 5 to 8 s (SwarmKit's `Manager.Stop`; seen on 20.10.24 and 26.1.5 in half of all demotions of a leader).
 */
export async function seenAsWorker(
  operation: Operation,
  host: Demoted,
  timeoutSeconds: number,
): Promise<void> {
  const isAsked = mayBeAsked(operation, timeoutSeconds);
  await waitUntil(operation, 'the node sees its demotion', timeoutSeconds, () =>
    isWorker(host, isAsked()),
  );
}

/**
 * Waits until the node itself has learned that it is out of raft, for one that leaves now: `leave` is refused before.
 *
 * That it is a worker is not waited for. A manager that ends waits up to 5 s for what waits for a leader in it (SwarmKit's
 * `Manager.Stop`), and after a leader's demotion that is mostly its own agent, which begins a new session with it. `leave`
 * ends the agent, and that wait with it.
 */
export async function seenOutOfRaft(
  operation: Operation,
  host: Demoted,
  timeoutSeconds: number,
): Promise<void> {
  const isAsked = mayBeAsked(operation, timeoutSeconds);
  let isSeen = true;
  await waitUntil(operation, 'the node sees that it is out of raft', timeoutSeconds, async () => {
    const hasLog = isSeen ? await host.docker.hasRaftLog().catch(() => undefined) : undefined;
    if (hasLog === false) return true;
    if (hasLog === true && !isAsked()) return 'it still has its log of raft';
    // One that cannot be seen is not looked for again: sudo may have refused it, and notes that each time.
    isSeen = hasLog !== undefined;
    return isWorker(host, isAsked());
  });
}

function mayBeAsked({ effects: { clock } }: Operation, timeoutSeconds: number): () => boolean {
  const askedFrom = clock.monotonicMs() + Math.min(unaskedMilliseconds, timeoutSeconds * 500);
  return () => clock.monotonicMs() >= askedFrom;
}

async function isWorker(host: Demoted, isAsked: boolean): Promise<true | string> {
  if (!isAsked && (await hasManagerCertificate(host))) {
    return 'its certificate is still that of a manager';
  }
  const { localNodeState, isControlAvailable } = await host.docker.info();
  return localNodeState === 'inactive' || !isControlAvailable || 'it still acts as a manager';
}

/** One that cannot be read says nothing. */
async function hasManagerCertificate({ docker }: Demoted): Promise<boolean> {
  const certificate = await docker.nodeCertificate().catch(() => undefined);
  return certificate?.role === 'manager';
}
