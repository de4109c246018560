import type { SwarmNodeFacts } from './facts';

/**
 * Whether an entry may be what a join left that was cut off before its host held a certificate: the managers
 * make the entry first (swarmkit, `IssueNodeCertificate`), and the host describes itself only when it
 * registers. The join is tried again with a new ID, and nobody ever comes for the old one. Only drained ones,
 * as this package joins its nodes. A join that is under way looks the same for a moment.
 */
export function mayBeAbandoned(node: SwarmNodeFacts): boolean {
  return (
    node.hostname === '' &&
    node.managerStatus === undefined &&
    node.availability === 'drain' &&
    node.state !== 'ready'
  );
}
