import type { ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { ownBalancer } from './balancerHost';

/** HAProxy of ours on one host. */
export interface RunningBalancer {
  readonly name: string;
  readonly host: Host;
  readonly text: string;
}

/**
 * The balancers of a cluster, seen on the managers themselves: what is there now counts, whatever this run
 * or the one before declares. Who does not answer is named only where somebody else has one.
 */
export async function balancersOf(
  operation: Operation,
  managers: readonly ManagerContact[],
): Promise<readonly RunningBalancer[]> {
  const contacts = managers.filter(({ isStandIn }) => isStandIn !== true);
  const answers = await Promise.all(
    contacts.map((contact) => look(() => balancerOf(operation, contact))),
  );
  const found = answers.flatMap((answer) =>
    isSeen(answer) && answer.seen !== undefined ? [answer.seen] : [],
  );
  if (found.length === 0) return [];
  answers.forEach((answer, index) => {
    const name = contacts[index]?.name ?? '';
    if (!isSeen(answer)) notAsked(operation, name, answer.unseen);
  });
  return found;
}

/** What one balancer does; undefined, and a warning, when it cannot be asked: its health checks cover that. */
export async function askedOrWarned<T>(
  operation: Operation,
  { name }: RunningBalancer,
  question: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    notAsked(operation, name, errorMessage(error));
    return undefined;
  }
}

function notAsked(operation: Operation, name: string, why: string): void {
  operation.log(
    'warning',
    `the balancer on ${name} cannot be asked (${why}); its own health checks decide there`,
  );
}

async function balancerOf(
  operation: Operation,
  { name, connection }: ManagerContact,
): Promise<RunningBalancer | undefined> {
  const host = await operation.effects.hosts.connect(connection);
  const own = await ownBalancer(host);
  return own === undefined ? undefined : { name, host, text: own.text };
}
