import { errorMessage } from '../../core/errors';
import type { Operation, PropertyMap } from '../server/resource';

/**
 * A Read of what a run may have left behind. Nobody declares it: what is found is the difference that makes the
 * next `up` take it back. Where it could not be looked at, the last state stays.
 */
export async function readLeft(
  operation: Operation,
  known: PropertyMap,
  left: {
    /** Input that names what was found; absent when nothing was. */
    readonly property: string;
    /** E.g. `which nodes a rebalance has paused`. */
    readonly what: string;
    readonly look: () => Promise<readonly string[]>;
  },
): Promise<PropertyMap> {
  const { [left.property]: _before, ...declared } = known;
  try {
    const names = await left.look();
    return names.length === 0 ? declared : { ...declared, [left.property]: names };
  } catch (error) {
    operation.log('warning', `${left.what} was not looked at: ${errorMessage(error)}`);
    return known;
  }
}
