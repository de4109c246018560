import { readFileSync, statSync } from 'node:fs';
import { resolveMaxUnavailable } from '../../core/order';
import type { WorldState } from '../../test/support/fakeWorld/state';
import { createBenchProject, type BenchProject, type ProviderKind } from './benchProject';
import { deployServices } from './deployServices';
import type { BenchDeclaration } from './declaration';
import { watchProviderMemory } from './providerMemory';
import type { Usage } from './usage';

/** One roll of a large cluster on the fake swarm. */
export interface ScaleFigures {
  readonly workers: number;
  readonly batches: number;
  /** What the roll took by the clock of the fake world, in seconds: what machines would have taken. */
  readonly worldSeconds: number;
  /** By the clock on the wall, without snapshots of the CLI. */
  readonly wallSeconds: number;
  /** The same program on a provider that does nothing. */
  readonly emptySeconds: number;
  /** Most memory of the provider, the fake world in it. */
  readonly peakMib: number;
  /** The fake world as JSON. */
  readonly worldMib: number;
  readonly usage: Usage;
}

export interface ScaleRun {
  readonly workers: readonly number[];
  readonly maxUnavailable: number | string;
  /** Replicated services that the cluster runs, with as many replicas in all as it has workers. */
  readonly services: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const managers = 7;

/** Rolls seven managers and these numbers of workers onto another operating system. */
export async function measureScale(run: ScaleRun): Promise<readonly ScaleFigures[]> {
  const results: ScaleFigures[] = [];
  for (const workers of run.workers) {
    run.signal.throwIfAborted();
    results.push(await measureAt(workers, run));
  }
  return results;
}

async function measureAt(
  workers: number,
  { maxUnavailable, services, say }: ScaleRun,
): Promise<ScaleFigures> {
  const declared = (os: string): BenchDeclaration => ({ managers, workers, os, maxUnavailable });
  const size = resolveMaxUnavailable(maxUnavailable, workers);
  const up = (project: BenchProject): Promise<number> => timedUp(project, size);
  const measured = async (kind: ProviderKind): Promise<Measured> => {
    // Each step's snapshot of all resources is the CLI's own, and grows with the square of the nodes.
    const project = await createBenchProject(kind, { hasCheckpoints: false });
    try {
      project.declareNodes(declared('debian:12'));
      say(`7 + ${workers} nodes, ${kind}: made in ${(await up(project)).toFixed(0)} s`);
      if (kind === 'swarm') await deployServices(project.worldFile, services, workers);
      const before = kind === 'swarm' ? worldOf(project).nowMs : 0;
      project.declareNodes(declared('debian:13'));
      const memory = watchProviderMemory(project.directory);
      const wallSeconds = await up(project);
      const peakMib = memory.stop();
      say(`7 + ${workers} nodes, ${kind}: rolled in ${wallSeconds.toFixed(0)} s`);
      if (kind === 'empty') return { wallSeconds };
      const world = worldOf(project);
      requireRolled(world, workers);
      return {
        ...{ wallSeconds, peakMib, worldSeconds: (world.nowMs - before) / 1000 },
        worldMib: statSync(project.worldFile).size / 2 ** 20,
        usage: JSON.parse(readFileSync(project.usageFile, 'utf8')) as Usage,
      };
    } finally {
      project.dispose();
    }
  };
  const { wallSeconds: emptySeconds } = await measured('empty');
  const ours = await measured('swarm');
  return {
    workers,
    batches: 1 + Math.ceil(Math.max(0, workers - 1) / size),
    emptySeconds,
    ...{ worldSeconds: 0, peakMib: 0, worldMib: 0 },
    usage: { requests: 0, entries: 0, mostAtOnce: 0 },
    ...ours,
  };
}

type Measured = Pick<ScaleFigures, 'wallSeconds'> &
  Partial<Pick<ScaleFigures, 'peakMib' | 'worldSeconds' | 'worldMib' | 'usage'>>;

/** Of a batch that is larger than what the CLI does at once a part would wait for the others. */
async function timedUp(project: BenchProject, batch: number): Promise<number> {
  const began = performance.now();
  const parallel = `--parallel=${String(Math.max(8, batch))}`;
  const options = ['--stack=test', '--yes', '--skip-preview', '--suppress-progress', parallel];
  await project.pulumi('up', ...options);
  return (performance.now() - began) / 1000;
}

function worldOf(project: BenchProject): WorldState {
  return JSON.parse(readFileSync(project.worldFile, 'utf8')) as WorldState;
}

/** A run that did nothing would be fast. */
function requireRolled(world: WorldState, workers: number): void {
  const rolled = Object.values(world.machines).filter(({ os }) => os === 'debian:13').length;
  if (rolled !== managers + workers) {
    throw new Error(`${rolled} of ${managers + workers} machines were replaced`);
  }
}
