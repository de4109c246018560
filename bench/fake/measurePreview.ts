import { createBenchProject, type BenchProject, type ProviderKind } from './benchProject';
import type { BenchDeclaration } from './declaration';

/** What is previewed: nothing changed, or the operating system of every node. */
export const previewCases = ['no change', 'all replaced'] as const;
export type PreviewCase = (typeof previewCases)[number];

/** Times of one preview of both, in milliseconds; the n-th of each were taken one after the other. */
export interface PreviewTimes {
  readonly nodes: number;
  readonly resources: number;
  readonly case: PreviewCase;
  readonly swarmMs: readonly number[];
  readonly emptyMs: readonly number[];
}

export interface PreviewRun {
  readonly nodes: readonly number[];
  readonly times: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Previews both in turn, so that what else this computer does hits both. */
export async function measurePreview(run: PreviewRun): Promise<readonly PreviewTimes[]> {
  const results: PreviewTimes[] = [];
  for (const nodes of run.nodes) results.push(...(await measureAt(nodes, run)));
  return results;
}

async function measureAt(
  nodes: number,
  { times, signal, say }: PreviewRun,
): Promise<readonly PreviewTimes[]> {
  const projects: Record<ProviderKind, BenchProject> = {
    swarm: await createBenchProject('swarm', { hasCheckpoints: false }),
    empty: await createBenchProject('empty', { hasCheckpoints: false }),
  };
  try {
    for (const kind of ['swarm', 'empty'] as const) {
      const began = performance.now();
      projects[kind].declareNodes(declared(nodes, 'no change'));
      await projects[kind].pulumi('up', '--stack=test', '--yes', '--skip-preview');
      say(`${nodes} nodes, ${kind}: made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
    const resources = await countAlike(projects);
    const results: PreviewTimes[] = [];
    for (const each of previewCases) {
      const taken: Record<ProviderKind, number[]> = { swarm: [], empty: [] };
      for (let time = 1; time <= times; time += 1) {
        // The first of two previews takes a little longer, whose ever it is.
        const kinds: readonly ProviderKind[] =
          time % 2 === 1 ? ['swarm', 'empty'] : ['empty', 'swarm'];
        for (const kind of kinds) {
          signal.throwIfAborted();
          const ms = await preview(projects[kind], nodes, each);
          taken[kind].push(ms);
          say(`${nodes} nodes, ${each}, ${kind} ${time} of ${times}: ${(ms / 1000).toFixed(2)} s`);
        }
      }
      results.push({ nodes, resources, case: each, swarmMs: taken.swarm, emptyMs: taken.empty });
    }
    return results;
  } finally {
    projects.swarm.dispose();
    projects.empty.dispose();
  }
}

async function preview(project: BenchProject, nodes: number, each: PreviewCase): Promise<number> {
  project.declareNodes(declared(nodes, each));
  const began = performance.now();
  const text = await project.pulumi('preview', '--stack=test', '--diff=false');
  const ms = performance.now() - began;
  const replaced = Number(/\+-(\d+) to replace/.exec(text)?.[1] ?? 0);
  const expected = each === 'no change' ? 0 : nodes;
  if (replaced < expected || (expected === 0 && replaced > 0)) {
    throw new Error(`${nodes} nodes, ${each}: the plan replaces ${replaced} resources:\n${text}`);
  }
  return ms;
}

/** Times compare only where both have the same resources. */
async function countAlike(projects: Readonly<Record<ProviderKind, BenchProject>>): Promise<number> {
  const [ours, theirs] = [await projects.swarm.state(), await projects.empty.state()].map(
    ({ resources }) => resources.map(({ urn }) => urn).sort(),
  );
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
    throw new Error(`the programs made ${ours?.length ?? 0} and ${theirs?.length ?? 0} resources`);
  }
  return ours?.length ?? 0;
}

function declared(nodes: number, each: PreviewCase): BenchDeclaration {
  const managers = Math.min(nodes, 7);
  return {
    managers,
    workers: nodes - managers,
    os: each === 'no change' ? 'debian:12' : 'debian:13',
    maxUnavailable: '10%',
  };
}
