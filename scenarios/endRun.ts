import type { Effects } from '../effects/effects';
import { killMarked } from './markedProcesses';
import { markOf, type ScenarioLab } from './places';

/** Ends what a run waits for: every process that it started, and its connections to machines. */
export async function endRun(effects: Effects, lab: ScenarioLab): Promise<void> {
  await killMarked(markOf(lab));
  await effects.hosts.close();
}
