import type { ClusterShape } from './clusterShape';
import type { Stage } from './stage';

/**
 * One fault on real machines. A file of `scenarios/faults/` each, listed in `registry.ts`.
 *
 * `run` does the fault on the stage and checks what must hold. It begins with a cluster that is up, as
 * declared, on `goldenOs`, and need not clean up: machines, network and project are taken away after it.
 */
export interface Scenario {
  /** What one types: words with hyphens. */
  readonly name: string;
  /** Its number in the list of faults; several scenarios may share one. */
  readonly number: number;
  /** The fault, as a short phrase. */
  readonly title: string;
  /** What must hold, as one sentence. */
  readonly holds: string;
  readonly shape: ClusterShape;
  /** Whether `npm test` runs it. Together they may take 8 minutes there. Default: false. */
  readonly isTelling?: boolean;
  readonly run: (stage: Stage) => Promise<void>;
}
