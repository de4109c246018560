import { SwarmError } from '../core/errors';
import { withLock } from '../effects/labMachines/fileLock';
import { markChildren } from './markedProcesses';
import { markOf } from './places';
import { addToReport, type ReportFiles } from './report/reportFiles';
import { combineRuns, type ScenarioRow } from './report/scenarioRow';
import { runScenario, type ScenarioRun } from './runScenario';
import type { Scenario } from './scenario';
import { isWorkLeft } from './untilAborted';

/**
 * Runs scenarios one after another, each as many times as asked for; a failed one does not stop the others. The report is written after
 * each, so that a run that is killed keeps what it had.
 *
 * @throws SwarmError `ScenariosBusy` when another run has the lab.
 */
export async function runScenarios(
  chosen: readonly Scenario[],
  files: ReportFiles,
  run: ScenarioRun,
): Promise<readonly ScenarioRow[]> {
  markChildren(markOf(run.lab));
  return exclusively(run.lab.name, async () => {
    const rows: ScenarioRow[] = [];
    for (const scenario of chosen) {
      const ofScenario: ScenarioRow[] = [];
      for (let time = 1; time <= (run.times ?? 1) && !isOver(run); time += 1) {
        const row = await runScenario(scenario, run);
        // One that was interrupted says nothing, and must not take the place of what did.
        if (isOver(run)) break;
        ofScenario.push(row);
        await addToReport(files, [combineRuns(ofScenario)]);
      }
      if (ofScenario.length > 0) rows.push(combineRuns(ofScenario));
    }
    return rows;
  });
}

function isOver({ signal }: ScenarioRun): boolean {
  return signal.aborted;
}

/** Nobody else runs anything of `scenarios/` in this lab meanwhile. @throws SwarmError `ScenariosBusy`. */
export async function exclusively<T>(lab: string, action: () => Promise<T>): Promise<T> {
  try {
    return await withLock(
      `scenarios-${lab}`,
      async () => {
        try {
          return await action();
        } finally {
          // The lock goes with the process, and so does what would work on the next run's machines.
          if (isWorkLeft()) process.exit(130);
        }
      },
      0,
    );
  } catch (error) {
    if (!(error instanceof SwarmError) || error.code !== 'LabBusy') throw error;
    throw new SwarmError(
      'ScenariosBusy',
      `lab ${lab}: another run of scenarios has it; nothing was run; wait for it, or give another lab with --lab NAME=SUBNET`,
      { source: 'user', cause: error },
    );
  }
}
