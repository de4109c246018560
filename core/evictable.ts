import type { SwarmNodeFacts } from './facts';
import { isManaged } from './labels';

/**
 * Whether an entry is taken out at the head of a run: nobody declares it any more, this package
 * joined it, and it is silent for good. Deletes of removed resources come at the end of a run, and a
 * dead member must not shut every gate until then.
 *
 * @param declared - names of all declared nodes.
 */
export function isEvictable(node: SwarmNodeFacts, declared: readonly string[]): boolean {
  return isManaged(node) && !declared.includes(node.hostname) && isSilent(node);
}

function isSilent(node: SwarmNodeFacts): boolean {
  return (
    node.state === 'down' &&
    (node.managerStatus === undefined || node.managerStatus.reachability === 'unreachable')
  );
}
