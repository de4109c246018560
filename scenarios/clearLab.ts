import { rm } from 'node:fs/promises';
import { defaultDirectories } from '../effects/labMachines/layout';
import { removeLab } from '../effects/labMachines/teardown';
import { killMarked } from './markedProcesses';
import { markOf, projectPlace, type ScenarioLab } from './places';

/** Ends every process that a run started, also an earlier one that was killed, and removes machines, network and project. */
export async function clearLab(lab: ScenarioLab): Promise<void> {
  await killMarked(markOf(lab));
  await removeLab(defaultDirectories, lab.name, () => undefined);
  await rm(projectPlace(lab).directory, { recursive: true, force: true });
}
