import { SwarmError } from '../core/errors';
import { withLock } from '../effects/labMachines/fileLock';
import { markChildren } from './markedProcesses';
import { markOf } from './places';
import { addToReport, type ReportFiles } from './report/reportFiles';
import type { ScenarioRow } from './report/scenarioRow';
import { runScenario, type ScenarioRun } from './runScenario';
import type { Scenario } from './scenario';

/**
 * Runs scenarios one after another; a failed one does not stop the others. The report is written after
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
      if (isOver(run)) break;
      const row = await runScenario(scenario, run);
      // One that was interrupted says nothing, and must not take the place of what did.
      if (isOver(run)) break;
      rows.push(row);
      await addToReport(files, [row]);
    }
    return rows;
  });
}

function isOver({ signal }: ScenarioRun): boolean {
  return signal.aborted;
}

async function exclusively<T>(lab: string, action: () => Promise<T>): Promise<T> {
  try {
    return await withLock(`scenarios-${lab}`, action, 0);
  } catch (error) {
    if (!(error instanceof SwarmError) || error.code !== 'LabBusy') throw error;
    throw new SwarmError(
      'ScenariosBusy',
      `lab ${lab}: another run of scenarios has it; nothing was run; wait for it, or give another lab with --lab NAME=SUBNET`,
      { source: 'user', cause: error },
    );
  }
}
