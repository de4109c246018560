import { staleDrains } from '../../../core/balancer/balancerAnswers';
import type { ServerFacts } from '../../../core/balancer/balancerAnswers';
import type { ServerKey } from '../../../core/balancer/balancerSpec';
import { parseDrained, portOfServer } from '../../../core/balancer/drainedServers';
import { parseDrainSeconds } from '../../../core/balancer/parseBalancer';
import { portsServedElsewhere } from '../../../core/balancer/servedElsewhere';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
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
  spec: NodeInputs,
  nodeId: string,
): Promise<void> {
  const { name, managers } = spec;
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
    const isAbandoned = abandoned(operation, name);
    let elsewhere: ReadonlySet<number> | undefined;
    const healthy = `${name} is healthy for the balancers`;
    await waitUntil(operation, healthy, timeoutsOf(spec).services, async () => {
      const missing = (await Promise.all(drained.map((each) => notUp(operation, each)))).flat();
      // Most nodes serve within moments, and the lists of a large cluster are long.
      if (missing.some(({ isRefused }) => isRefused)) {
        elsewhere ??= await lookElsewhere(operation, spec, nodeId);
      }
      const whys = missing
        .filter(
          (server) =>
            !isAbandoned(
              // The swarm has no task there that could begin to listen.
              elsewhere?.has(server.port) === true ? { ...server, patienceSeconds: 0 } : server,
            ),
        )
        .map(({ key, status, on }) => `${key} is ${status} on ${on}`);
      return whys.length === 0 || whys.join('; ');
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

/** Failing to look only costs time: then a refusal has to last before it counts. */
async function lookElsewhere(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<ReadonlySet<number>> {
  try {
    const [services, tasks] = await askManager(operation, accessOf(spec), ({ docker }) =>
      Promise.all([docker.services(), docker.tasks()]),
    );
    return portsServedElsewhere(services, tasks, nodeId);
  } catch {
    return new Set();
  }
}

interface MissingServer extends ServerFacts {
  /** Name of the node whose balancer it is missing in. */
  readonly on: string;
  /** The node's port that requests go to. */
  readonly port: number;
  /** How long nobody may listen before it counts as not served there any more. */
  readonly patienceSeconds: number;
}

async function notUp(
  operation: Operation,
  { balancer, keys }: GivenBack,
): Promise<readonly MissingServer[]> {
  const { name: on, host, text } = balancer;
  const facts = await askedOrWarned(operation, balancer, () => serverFacts(host, on));
  const patienceSeconds = parseDrainSeconds(text);
  return (facts ?? [])
    .filter(({ key, isUp }) => keys.includes(key) && !isUp)
    .map((server) => ({
      ...server,
      on,
      port: portOfServer(text, server.key) ?? 0,
      patienceSeconds,
    }));
}

/**
 * Replicas that moved elsewhere while the node was out do not come back by themselves: then nobody listens
 * there any more, although every service is as before, and that must not stop a roll. Only a refusal
 * tells so, and only one that lasts: what listens late, or fails its check, is waited for.
 */
function abandoned(operation: Operation, node: string): (server: MissingServer) => boolean {
  const { clock } = operation.effects;
  const since = new Map<string, number>();
  const told = new Set<string>();
  return ({ key, on, isRefused, patienceSeconds }) => {
    const id = `${on} ${key}`;
    if (!isRefused) {
      since.delete(id);
      return false;
    }
    const began = since.get(id) ?? clock.monotonicMs();
    since.set(id, began);
    if (clock.monotonicMs() - began < patienceSeconds * 1000) return false;
    if (!told.has(key)) {
      told.add(key);
      operation.log(
        // With a task elsewhere it is as the swarm wants it.
        patienceSeconds === 0 ? 'info' : 'warning',
        `nobody listens on ${node} for ${key} any more; the balancers use it again when somebody does`,
      );
    }
    return true;
  };
}
