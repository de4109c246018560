import type { ManagerContact } from '../../core/connection';
import { drainRoom } from '../../core/drainRoom';
import { errorMessage } from '../../core/errors';
import { overlayLoads, overlayVerdict } from '../../core/overlayCapacity';
import type { OverlayVerdict } from '../../core/overlayCapacity';
import type { RolloutNode, RolloutPlan } from '../../core/rolloutFacts';
import { entryOfNode } from '../../core/rolloutTurns';
import { askManager } from '../operations/ask/managers';
import type { Operation } from '../server/resource';

/** Seconds that a plan waits for a manager that can be asked; its gate waits for one anyway. */
const patienceSeconds = 10;

/**
 * Room that the roll would need and the cluster does not have. Overlay networks that it would fill: reasons where tasks would be
 * left without an address, warnings where they wait. And replicas that would find no node while one is out.
 *
 * @param drained the nodes of each turn; more than one where they are held until all of them are through.
 * @param waiting those whose drain waits until their replicas run elsewhere.
 */
export async function rollRoom(
  managers: readonly ManagerContact[],
  clusterId: string | undefined,
  drained: readonly (readonly RolloutNode[])[],
  waiting: readonly RolloutNode[],
  operation: Operation,
): Promise<Pick<RolloutPlan, 'reasons' | 'warnings'>> {
  if (drained.length === 0 || clusterId === undefined) return { reasons: [], warnings: [] };
  try {
    const facts = await askManager(
      operation,
      { clusterId, managers },
      async ({ docker }) => {
        const [networks, services, tasks, nodes] = await Promise.all([
          docker.overlayNetworks(),
          docker.services(),
          docker.tasks(),
          docker.nodes(),
        ]);
        return { networks, services, tasks, nodes };
      },
      { timeoutSeconds: patienceSeconds },
    );
    const turns = drained.map((nodes) =>
      nodes.flatMap((node) => entryOfNode(facts.nodes, node)?.id ?? []),
    );
    const verdicts = overlayLoads({ ...facts, turns }).map(overlayVerdict);
    const alone = waiting
      .flatMap((node) => entryOfNode(facts.nodes, node) ?? [])
      .filter(({ state }) => state !== 'down')
      .map(({ id }) => [id]);
    return {
      reasons: [...sentencesOf(verdicts, 'full'), ...drainRoom({ ...facts, turns: alone })],
      warnings: sentencesOf(verdicts, 'tight'),
    };
  } catch (error) {
    const warning = `whether the overlay networks have addresses enough, and the nodes room for all replicas, was not worked out: ${errorMessage(error)}`;
    return { reasons: [], warnings: [warning] };
  }
}

function sentencesOf(
  verdicts: readonly OverlayVerdict[],
  kind: 'full' | 'tight',
): readonly string[] {
  return verdicts.flatMap((verdict) => (verdict.kind === kind ? [verdict.sentence] : []));
}
