import type { SwarmNodeFacts } from '../../core/facts';
import { lookMeanwhile } from '../lookMeanwhile';
import type { Stage } from '../stage';

const intervalMs = 250;

/** Workers that the swarm does not have as ready and active; an earlier life of a name is none. */
export function outOf(
  workers: readonly string[],
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  return workers.filter(
    (name) =>
      !nodes.some(
        ({ hostname, state, availability }) =>
          hostname === name && state === 'ready' && availability === 'active',
      ),
  );
}

export interface OutWatch {
  readonly looks: number;
  /** Workers that were out at once, each set of them once. */
  readonly sets: readonly (readonly string[])[];
}

/** Looks which workers are out, time and again, while something is done. A moment in which nobody answers is none. */
export async function watchOut(stage: Stage, work: () => Promise<void>): Promise<OutWatch> {
  let looks = 0;
  const sets = new Map<string, readonly string[]>();
  const look = async (): Promise<void> => {
    const nodes = await stage.nodes().catch(() => undefined);
    if (nodes === undefined) return;
    looks += 1;
    const out = outOf(stage.cluster.workers, nodes);
    sets.set(out.join(' '), out);
  };
  await lookMeanwhile(work, look, intervalMs);
  return { looks, sets: [...sets.values()] };
}

/** Says which workers were out at once, and checks that so many were, and never more. */
export function checkMostOut(stage: Stage, { sets }: OutWatch, atOnce: number): void {
  for (const names of sets) {
    stage.saw(`out at once: ${names.length === 0 ? 'nobody' : names.join(' and ')}`);
  }
  const most = Math.max(...sets.map(({ length }) => length));
  stage.checkEqual(most, atOnce, `${String(atOnce)} workers were out at once, and never more`);
}
