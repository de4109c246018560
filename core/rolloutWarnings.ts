import { isEvictable } from './evictable';
import { isSeen } from './facts';
import type { GateFacts } from './gate';
import { tolerance } from './quorum';
import type { RolloutFacts } from './rolloutFacts';

/** What a number of managers means for those who live with it. */
export function countWarnings(managers: number): readonly string[] {
  if (managers === 1) {
    return [
      'one manager: the swarm stops when it does, and its machine is replaced only while a worker stands in (`standIn`), or in an outage that is allowed (`allowOutage`); three managers survive the loss of one',
    ];
  }
  if (managers === 2) {
    return [
      'two managers: the swarm stops when either of them does, so they are weaker than one; three managers survive the loss of one',
    ];
  }
  return managers > 0 && managers % 2 === 0
    ? [
        `${String(managers)} managers survive the loss of ${String(tolerance(managers))}, no more than ${String(managers - 1)} do, and there is one more that can fail: an odd number is better`,
      ]
    : [];
}

/** What the look at a living swarm could not tell, and whom the head of the run takes out. */
export function sightWarnings(facts: RolloutFacts, declared: readonly string[]): readonly string[] {
  if (!isSeen(facts.nodes)) {
    return [
      `no manager lists the nodes of the swarm (${facts.nodes.unseen}): which nodes go, and in which order, is not known; every step waits at its gate`,
    ];
  }
  return facts.nodes.seen
    .filter((node) => isEvictable(node, declared))
    .map(
      (node) =>
        `${node.hostname} (${node.id}) does not answer and is no longer declared: it is evicted before anything else`,
    );
}

/** The next node waits for them at its gate; what mends them may be in this very run. */
export function serviceWarnings(gate: GateFacts | undefined): readonly string[] {
  return gate === undefined || !isSeen(gate.services)
    ? []
    : gate.services.seen.map(
        ({ node, sentence }) =>
          `${sentence}, fewer than before ${node} went: the next node waits for it at its gate`,
      );
}
