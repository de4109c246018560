import { errorMessage } from '../core/errors';
import { listNodes, type DemoCluster } from '../demo/cluster';
import type { Effects } from '../effects/effects';

const answerSeconds = 15;

/** How machines and swarm are now, one line each, for those who look for the cause of a failure. */
export async function describeMachines(
  effects: Effects,
  cluster: DemoCluster,
): Promise<readonly string[]> {
  const records = await effects.lab.records(cluster.lab);
  const machines = await Promise.all(
    records.map(async ({ name, os, isRunning }) => {
      const state = isRunning ? await within(describeEngine(effects, cluster, name)) : 'off';
      return `machine ${name} (${os}): ${state}`;
    }),
  );
  const nodes = await within(
    listNodes(effects, cluster).then((list) =>
      list
        .map(({ id, hostname, state, availability, managerStatus }) => {
          const role = managerStatus === undefined ? 'worker' : managerStatus.reachability;
          return `${hostname} ${id} ${state} ${availability} ${role}${managerStatus?.isLeader === true ? ' leader' : ''}`;
        })
        .join('; '),
    ),
  );
  return [...machines, `nodes: ${nodes}`];
}

async function describeEngine(
  effects: Effects,
  cluster: DemoCluster,
  name: string,
): Promise<string> {
  const host = await effects.hosts.connect({ lab: cluster.lab, machine: name });
  const { localNodeState, isControlAvailable, error } = await host.docker.info();
  const control = isControlAvailable ? ', in control' : '';
  return `on, engine says ${localNodeState}${control}${error === '' ? '' : `, ${error}`}`;
}

async function within(answer: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${String(answerSeconds)} s`);
    }, answerSeconds * 1000);
  });
  try {
    return await Promise.race([answer.catch(errorMessage), late]);
  } finally {
    clearTimeout(timer);
  }
}
