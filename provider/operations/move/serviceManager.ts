import { isOlderEngine } from '../../../core/engineVersion';
import type { ServiceFacts, SwarmNodeFacts } from '../../../core/facts';
import type { MoveFacts } from '../../../core/moves';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { LiveManager, SwarmAccess } from '../ask/managers';

/** A swarm whose services are looked at and changed. */
export interface Mover {
  readonly operation: Operation;
  readonly access: SwarmAccess;
  /** Names of nodes that are asked last. */
  readonly avoid: readonly string[];
}

export function listServices({
  operation,
  access,
  avoid,
}: Mover): Promise<readonly ServiceFacts[]> {
  return askManager(operation, access, ({ docker }) => docker.services(), { avoid });
}

export function lookAtServices(
  { operation, access, avoid }: Mover,
  timeoutSeconds?: number,
): Promise<MoveFacts> {
  return askManager(
    operation,
    access,
    async ({ docker }) => {
      const [services, tasks, nodes] = await Promise.all([
        docker.services(),
        docker.tasks(),
        docker.nodes(),
      ]);
      return { services, tasks, nodes };
    },
    { avoid, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) },
  );
}

/**
 * Asks the manager with the newest engine: a service's spec goes through it and back as a whole, and an older
 * one drops of it what it does not know.
 */
export function askNewest<T>(
  { operation, access, avoid }: Mover,
  nodes: readonly SwarmNodeFacts[],
  ask: (manager: LiveManager) => Promise<T>,
): Promise<T> {
  const versionOf = (name: string): string =>
    nodes.find(({ hostname }) => hostname === name)?.engineVersion ?? '0';
  const managers = [...access.managers].sort((a, b) => {
    const [one, other] = [versionOf(a.name), versionOf(b.name)];
    return isOlderEngine(one, other) ? 1 : isOlderEngine(other, one) ? -1 : 0;
  });
  return askManager(operation, { ...access, managers }, ask, { avoid });
}
