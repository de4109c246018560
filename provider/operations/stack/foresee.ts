import { errorMessage, SwarmError } from '../../../core/errors';
import type { StackPlan } from '../../../core/stack/stackPlan';
import { hasUnknown } from '../../server/propertyValues';
import type { Operation, PropertyMap } from '../../server/resource';
import { doubts, gatherStack, refuseInTheWay } from './applyStack';
import { isOurs, type StackOwner } from './stackObjects';
import { planOf, stackAccess, type StackInputs } from './stackSpec';

const refusals: readonly string[] = ['StackExists', 'StackImpossible'];

/** A preview waits no longer for a manager that does not answer: what it shows is a look ahead. */
const patienceSeconds = 10;

/**
 * What a preview tells beside the files: what will not go well in the swarm as it is, and of a new stack what of the swarm
 * an adoption would change and take away. Nothing while the swarm is not known.
 *
 * @throws SwarmError `StackExists`, `StackImpossible`, as `up` would.
 */
export async function foresee(
  operation: Operation,
  wanted: PropertyMap,
  owner: StackOwner,
  neighbours: readonly StackPlan[],
): Promise<readonly string[]> {
  if (hasUnknown(wanted)) return [];
  const spec = wanted as unknown as StackInputs;
  const { plan } = planOf(spec);
  try {
    const present = await gatherStack(operation, stackAccess(spec), plan, spec, patienceSeconds);
    refuseInTheWay(owner, plan, present);
    const names = new Set(plan.services.map(({ body }) => body.Name));
    const ours = present.services.filter(({ labels }) => isOurs(owner, labels));
    const kept = new Set(
      [plan.networks, plan.configs, plan.secrets].flatMap((all) => all.map(({ name }) => name)),
    );
    const removed = (['config', 'secret', 'network'] as const).flatMap((kind) =>
      present[`${kind}s`]
        .filter(({ name, labels }) => isOurs(owner, labels) && !kept.has(name))
        .map(({ name }) => `remove ${kind} ${name}, which no file declares under this name`),
    );
    return [
      ...doubts(owner, plan, present, { neighbours }),
      ...ours
        .filter(() => !owner.isInState)
        .map(({ name }) =>
          names.has(name)
            ? `take service ${name} over as it runs, and update it to the files`
            : `remove service ${name}, which no file declares`,
        ),
      ...(owner.isInState ? [] : removed),
    ];
  } catch (error) {
    if (error instanceof SwarmError && refusals.includes(error.code)) throw error;
    return [`the swarm could not be looked at: ${errorMessage(error)}`];
  }
}
