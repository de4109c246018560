import { SwarmError } from '../../../core/errors';
import { allowDestroyLabel } from '../../../core/labels';
import type { Operation } from '../../server/resource';
import { restoreDue } from '../outage/restoreDue';
import { hasEnded } from './endedSwarms';
import { NoManagerError, askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { registeredSwarm } from './registeredSwarm';

/**
 * What a Delete is part of.
 *
 * - `roll`: the program still declares this swarm or this node, so this is a replacement or the removal
 *   of one node; everything waits.
 * - `destroy`: it declares neither (`pulumi destroy`, an `up` whose program declares nothing or has lost
 *   the cluster), and the swarm carries the consent; nothing waits for replacements that cannot come.
 * - `gone`: no manager is in a swarm any more, by its own word or since its lab has no such machine, or this run
 *   has ended the swarm; there is none left to ask.
 */
export type DeletePurpose = 'roll' | 'destroy' | 'gone';

/** Links of a node's chain: whichever of them is registered first in a run is checked before the first Delete. */
const chain = ['LabMachine', 'Host', 'Engine', 'Node', 'VipMember'];

/**
 * Tells apart what the engine does not tell: the engine checks what a program registers before it
 * deletes for it, and a run that destroys never checks anything (shown by test/preview on the real
 * engine). Without consent a destroy is refused before anything is touched.
 *
 * @throws SwarmError `DestroyNotAllowed`, or `NoManager` when consent cannot be read: failing to look is no licence.
 */
export async function deletePurpose(
  operation: Operation,
  access: SwarmAccess,
): Promise<DeletePurpose> {
  if (isStillDeclared(operation, access)) return 'roll';
  if (hasEnded(operation, access.clusterId)) return 'gone';
  try {
    const swarm = await askManager(operation, access, ({ docker }) => docker.swarm(), {
      timeoutSeconds: 10,
    });
    if (swarm.labels[allowDestroyLabel] === 'true') return 'destroy';
  } catch (error) {
    if (!(error instanceof NoManagerError)) throw error;
    if (error.isGone) {
      // Nobody is there to be asked, and the swarm is not gone: it carries its consent with it.
      const archived = await restoreDue(operation, access);
      if (archived === undefined || archived.pending.allowDestroy) return 'gone';
      throw destroyNotAllowed(operation, access);
    }
    throw new SwarmError(
      error.code,
      `${error.message}; so whether the swarm ${access.clusterId} may be destroyed cannot be read, and nothing was touched; ` +
        'bring a manager back and run it again; ' +
        `when those that do not answer are gone for good, take this out of the state: \`pulumi state delete --target-dependents '${operation.urn}'\``,
      { source: 'world', cause: error },
    );
  }
  throw destroyNotAllowed(operation, access);
}

function destroyNotAllowed(operation: Operation, access: SwarmAccess): SwarmError {
  return new SwarmError(
    'DestroyNotAllowed',
    `${operation.name}: this run declares neither the swarm ${access.clusterId} nor this part of it, the swarm does not allow to be destroyed, and nothing was touched; ` +
      'to destroy it with all that runs on it, give your consent first: ' +
      '`pulumi config set allowDestroy true && pulumi up`, then `pulumi destroy`; ' +
      'to take one node out, remove it from the program and run `pulumi up` without `--target`',
    { source: 'user' },
  );
}

function isStillDeclared(operation: Operation, access: SwarmAccess): boolean {
  return (
    registeredSwarm(operation, access) !== undefined ||
    chain.some((kind) => operation.isRegistered(`swarm:index:${kind}`, operation.name))
  );
}
