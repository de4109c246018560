import { isSameAddress } from './addresses';
import type { SwarmNodeFacts } from './facts';
import { isManaged } from './labels';

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

/**
 * Whether an entry is of an earlier membership of this host, whose present one is `nodeId` (undefined: none).
 * Labels come after a join, so one that ended between has none: then it takes the address as well to know it.
 */
export function isFormerSelf(
  node: SwarmNodeFacts,
  host: { readonly name: string; readonly address: string; readonly nodeId: string | undefined },
): boolean {
  return (
    node.id !== host.nodeId &&
    node.hostname === host.name &&
    (isManaged(node) || isSameAddress(node.address, host.address))
  );
}
