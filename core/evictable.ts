import type { SwarmNodeFacts } from './facts';
import { isManaged } from './labels';

/**
 * Whether something of an entry is taken out at the head of a run: nobody declares it any more, this
 * package joined it, and it is silent for good, or a member of raft that was demoted already. Deletes of
 * removed resources come at the end of a run, and such a member must not shut every gate until then.
 *
 * @param declared - names of all declared nodes.
 */
export function isEvictable(node: SwarmNodeFacts, declared: readonly string[]): boolean {
  return (
    isManaged(node) && !declared.includes(node.hostname) && (isSilent(node) || isStaleMember(node))
  );
}

/** Silent for good: its entry goes as well. */
export function isSilent(node: SwarmNodeFacts): boolean {
  return (
    node.state === 'down' &&
    (node.managerStatus === undefined || node.managerStatus.reachability === 'unreachable')
  );
}

/**
 * Wanted as a worker, and a member all the same: a demotion that an interrupted run has asked for, or an
 * engine that was dead meanwhile and entered raft again when it started.
 */
function isStaleMember(node: SwarmNodeFacts): boolean {
  return node.role === 'worker' && node.managerStatus !== undefined;
}
