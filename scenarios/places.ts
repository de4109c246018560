import { join } from 'node:path';
import { defaultDirectories } from '../effects/labMachines/layout';
import type { ProjectPlace } from './pulumi/pulumiProject';

/** Whose machines and network a run uses. Two runs of one lab never go at once. */
export interface ScenarioLab {
  readonly name: string;
  /** A /24, e.g. `10.96.0.0/24`. */
  readonly subnet: string;
}

export const defaultLab: ScenarioLab = { name: 'scenario', subnet: '10.96.0.0/24' };

/** The marker of every process that a run starts, see markedProcesses.ts. */
export function markOf(lab: Pick<ScenarioLab, 'name'>): string {
  return `scenarios-${lab.name}`;
}

/**
 * Where a lab's scenarios work: outside the checkout, and always the same, as the path of the web
 * image is in the saved state.
 */
export function workDirectory(lab: ScenarioLab): string {
  return join(defaultDirectories.cache, 'scenarios', lab.name);
}

export function imageDirectory(lab: ScenarioLab): string {
  return join(workDirectory(lab), 'image');
}

export function projectPlace(lab: ScenarioLab): ProjectPlace {
  return { directory: join(workDirectory(lab), 'project'), stack: 'scenario' };
}

export function goldenDirectory(): string {
  return join(defaultDirectories.cache, 'golden');
}
