import { SwarmError } from '../../../core/errors';
import { neighbourFaults } from '../../../core/stack/neighbourFaults';
import type { StackPlan } from '../../../core/stack/stackPlan';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import type { StackInputs } from './stackSpec';

interface Noted {
  readonly swarm: string;
  readonly plan: StackPlan;
}

const notedIn = ofProcess(() => new Map<string, Noted>());

/**
 * Notes what a stack brings to its swarm in this run, and gives what other stacks were noted before it. Kept by this
 * process alone: no resource knows of another’s inputs.
 */
export function noteStack(
  operation: Pick<Operation, 'urn' | 'effects'>,
  { managers }: Pick<StackInputs, 'managers'>,
  plan: StackPlan,
): readonly StackPlan[] {
  const noted = notedIn(operation);
  // Its cluster ID is not known in the preview of a new one.
  const swarm = managers
    .map(({ address }) => address)
    .sort()
    .join();
  noted.set(operation.urn, { swarm, plan });
  return [...noted]
    .filter(([urn, each]) => urn !== operation.urn && each.swarm === swarm)
    .map(([, each]) => each.plan);
}

/** @throws SwarmError `StackImpossible` */
export function refuseNeighbours(
  { name, nodes }: Pick<StackInputs, 'name' | 'nodes'>,
  plan: StackPlan,
  neighbours: readonly StackPlan[],
): void {
  const faults = neighbourFaults(plan, neighbours, nodes);
  if (faults.length === 0) return;
  throw new SwarmError(
    'StackImpossible',
    `${name}: it cannot run beside what else is declared; nothing of it was touched: ${faults.join('; ')}`,
    { source: 'user' },
  );
}
