import type { ManagerContact } from '../../core/connection';
import { parseRollPolicy } from '../../core/rollPolicy';
import { isSeen } from '../../core/facts';
import { look } from '../operations/gate/gatherGateFacts';
import { hostStanding } from '../operations/ask/hostStanding';
import { askManager } from '../operations/ask/managers';
import type { Operation } from '../server/resource';

export interface StandInsSeen {
  /** Workers that may carry the swarm while its only manager is out; empty where there are more managers. */
  readonly contacts: readonly ManagerContact[];
  /** Cluster ID of a swarm that one of them is a manager of. */
  readonly clusterId: string | undefined;
}

/** With one manager declared, a swarm whose manager is out lives on the worker that stands in for it. */
export async function lookAtStandIns(
  declared: {
    readonly managers: readonly ManagerContact[];
    readonly workers: readonly ManagerContact[];
    readonly standIn?: true | string;
  },
  operation: Operation,
): Promise<StandInsSeen> {
  const { managers, workers, standIn } = declared;
  if (standIn === undefined || managers.length !== 1) return { contacts: [], clusterId: undefined };
  const contacts = workers
    .filter(({ name }) => standIn === true || name === standIn)
    .map(({ name, address, connection }) => ({ name, address, connection, isStandIn: true }));
  const standings = await Promise.all(
    contacts.map(({ connection }) => hostStanding(operation, connection)),
  );
  const [clusterId] = standings.flatMap((standing) =>
    standing.kind === 'member' && standing.info.isControlAvailable
      ? (standing.info.clusterId ?? [])
      : [],
  );
  return { contacts, clusterId };
}

/** Whether the last run gave every node the way to those who may stand in: its policy is on the swarm. */
export async function knewStandIns(
  operation: Operation,
  clusterId: string,
  managers: readonly ManagerContact[],
): Promise<boolean> {
  const swarm = await look(() =>
    askManager(operation, { clusterId, managers }, ({ docker }) => docker.swarm(), {
      timeoutSeconds: 5,
    }),
  );
  return isSeen(swarm) && parseRollPolicy(swarm.seen.labels)?.standIn !== undefined;
}
