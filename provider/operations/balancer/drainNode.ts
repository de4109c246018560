import { drainable, proxyOf } from '../../../core/balancer/balancerAnswers';
import type { ServerKey } from '../../../core/balancer/balancerSpec';
import { parseDrained } from '../../../core/balancer/drainedServers';
import { parseDrainSeconds } from '../../../core/balancer/parseBalancer';
import type { ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { markServers } from './balancerHost';
import { askedOrWarned, balancersOf } from './balancersOf';
import type { RunningBalancer } from './balancersOf';
import { serverFacts, setServers } from './runtimeSocket';

/** A node that goes, as the balancers know it. */
export interface GoingServer {
  readonly name: string;
  readonly managers: readonly ManagerContact[];
  /** The node answers: what it has begun can come to its end. */
  readonly isAlive: boolean;
}

/**
 * No balancer gives the node a new request from here on, and what it has begun comes to its end, or to the
 * end of `drainSeconds`. Nothing where nobody balances.
 *
 * @param step runs it under the sentence of a step.
 */
export async function drainNode(
  operation: Operation,
  going: GoingServer,
  step: <T>(sentence: string, action: () => Promise<T>) => Promise<T>,
): Promise<void> {
  const { name, managers, isAlive } = going;
  const balancers = await balancersOf(operation, managers);
  if (balancers.length === 0) return;
  await step(steps.drainServer(name), async () => {
    const drains = await Promise.all(
      balancers.map(async (balancer) => {
        const keys = await askedOrWarned(operation, balancer, () =>
          drain(operation, balancer, name),
        );
        return { balancer, keys: keys ?? [] };
      }),
    );
    if (isAlive) await sessionsEnd(operation, name, drains);
  });
}

/** The mark comes first: with it alone the next run finds what an interrupted one has drained. */
async function drain(
  operation: Operation,
  { name: on, host, text }: RunningBalancer,
  node: string,
): Promise<readonly ServerKey[]> {
  const facts = await serverFacts(host, on);
  const { drained, last } = drainable(facts, parseDrained(text), node);
  if (last.length > 0) {
    operation.log(
      'warning',
      `the balancer on ${on}: nobody but ${node} answers at ${last.map(proxyOf).join(', ')}; it stays in use there until it goes`,
    );
  }
  await markServers(host, on, drained, true);
  const isRunning = (key: ServerKey): boolean => facts.some((server) => server.key === key);
  await setServers(host, on, drained.filter(isRunning), 'drain');
  return drained;
}

interface Drain {
  readonly balancer: RunningBalancer;
  readonly keys: readonly ServerKey[];
}

async function sessionsEnd(
  operation: Operation,
  node: string,
  drains: readonly Drain[],
): Promise<void> {
  const seconds = Math.max(...drains.map(({ balancer }) => parseDrainSeconds(balancer.text)));
  try {
    await waitUntil(operation, 'requests come to their end', seconds, async () => {
      const sessions = await Promise.all(drains.map((drained) => sessionsOf(drained)));
      const left = sessions.reduce((sum, each) => sum + each, 0);
      return left === 0 || `${node} has ${String(left)} in the balancers`;
    });
  } catch (error) {
    if (!isTimedOut(error)) throw error;
    operation.log('warning', `${errorMessage(error)}; they are cut off when it goes`);
  }
}

/** One that cannot be asked any more has nothing that could be waited for. */
async function sessionsOf({ balancer, keys }: Drain): Promise<number> {
  if (keys.length === 0) return 0;
  try {
    const facts = await serverFacts(balancer.host, balancer.name);
    return facts
      .filter(({ key }) => keys.includes(key))
      .reduce((sum, { sessions }) => sum + sessions, 0);
  } catch {
    return 0;
  }
}
