import { staleDrains } from '../../../core/balancer/balancerAnswers';
import type { ServerKey } from '../../../core/balancer/balancerSpec';
import { parseDrained } from '../../../core/balancer/drainedServers';
import type { ManagerContact } from '../../../core/connection';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { waitUntil } from '../ask/waitUntil';
import { markServers } from './balancerHost';
import { askedOrWarned, balancersOf } from './balancersOf';
import type { RunningBalancer } from './balancersOf';
import { serverFacts, setServers } from './runtimeSocket';

interface GivenBack {
  readonly balancer: RunningBalancer;
  readonly keys: readonly ServerKey[];
}

/**
 * Every balancer uses the node again, and has found it healthy, where it was in use before it went; also
 * what an interrupted run had drained. The mark goes last: until the node was seen healthy the next run
 * waits for that again.
 *
 * @throws SwarmError `TimedOut` when its checks do not find it healthy.
 */
export async function giveNodeBack(
  operation: Operation,
  { name, managers }: { readonly name: string; readonly managers: readonly ManagerContact[] },
  timeoutSeconds: number,
): Promise<void> {
  const balancers = await balancersOf(operation, managers);
  const looked = await Promise.all(
    balancers.map(async (balancer) => {
      const keys = await askedOrWarned(operation, balancer, () => drainedKeys(balancer, [name]));
      return { balancer, keys: keys ?? [] };
    }),
  );
  const drained = looked.filter(({ keys }) => keys.length > 0);
  if (drained.length === 0) return;
  await operation.step(steps.giveServerBack(name), async () => {
    for (const { balancer, keys } of drained) {
      await askedOrWarned(operation, balancer, () =>
        setServers(balancer.host, balancer.name, keys, 'ready'),
      );
    }
    await waitUntil(operation, `${name} is healthy for the balancers`, timeoutSeconds, async () => {
      const whys = await Promise.all(drained.map((each) => whyNotUp(operation, each)));
      return whys.flat().length === 0 || whys.flat().join('; ');
    });
    for (const { balancer, keys } of drained) {
      await askedOrWarned(operation, balancer, () =>
        markServers(balancer.host, balancer.name, keys, false),
      );
    }
  });
}

/** Servers that are drained in file or process although their node is in service. */
export async function drainedKeys(
  { host, name, text }: RunningBalancer,
  inService: readonly string[],
): Promise<readonly ServerKey[]> {
  const facts = await serverFacts(host, name);
  const isRunning = (key: ServerKey): boolean => facts.some((server) => server.key === key);
  return staleDrains(facts, parseDrained(text), inService).filter(isRunning);
}

async function whyNotUp(
  operation: Operation,
  { balancer, keys }: GivenBack,
): Promise<readonly string[]> {
  const facts = await askedOrWarned(operation, balancer, () =>
    serverFacts(balancer.host, balancer.name),
  );
  return (facts ?? [])
    .filter(({ key, isUp }) => keys.includes(key) && !isUp)
    .map(({ key, status }) => `${key} is ${status} on ${balancer.name}`);
}
