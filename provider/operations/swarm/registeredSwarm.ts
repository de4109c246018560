import { isMap } from '../../server/propertyValues';
import type { Operation, PropertyMap, PropertyValue } from '../../server/resource';
import type { SwarmAccess } from '../ask/managers';

/**
 * Inputs of the Swarm that this run's program has registered and `access` leads to, as it did last; undefined:
 * none by now.
 */
export function registeredSwarm(
  operation: Operation,
  access: SwarmAccess,
): PropertyMap | undefined {
  let last: PropertyMap | undefined;
  operation.isRegistered('swarm:index:Swarm', (inputs) => {
    if (isSwarmOf(access, inputs)) last = inputs;
    return false;
  });
  return last;
}

/**
 * Whether a registered Swarm is the one that `access` leads to: they share a manager, by name and
 * address. A program may declare several, a Check does not know the cluster ID, and URNs of two
 * clusters' resources differ by nothing but names. In doubt it is another one, whose registration is
 * no licence here.
 */
function isSwarmOf(access: SwarmAccess, swarm: PropertyMap): boolean {
  const { managers, declared } = swarm;
  if (!Array.isArray(managers)) return false;
  const renamed = isMap(declared) && isMap(declared['renamed']) ? declared['renamed'] : {};
  return (managers as readonly PropertyValue[]).some((manager) => {
    if (!isMap(manager)) return false;
    const { name, address } = manager;
    // What a renamed manager leaves behind still knows it by its previous name.
    const names = typeof name === 'string' ? [name, renamed[name]] : [];
    return access.managers.some(
      (contact) => contact.address === address && names.includes(contact.name),
    );
  });
}
