import { SwarmError } from '../core/errors';
import { managerOffBefore } from './faults/managerOffBefore';
import type { Scenario } from './scenario';

/** Every scenario, in the order of their numbers. */
export const scenarios: readonly Scenario[] = [managerOffBefore];

/** @throws SwarmError `ScenarioUnknown` with every name that there is. */
export function findScenarios(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) {
    throw new SwarmError(
      'ScenarioUnknown',
      `scenario ${unknown.join(', ')}: there is no such one; nothing was run; there is ${scenarios.map(({ name }) => name).join(', ')}`,
      { source: 'user' },
    );
  }
  return scenarios.filter(({ name }) => names.includes(name));
}
