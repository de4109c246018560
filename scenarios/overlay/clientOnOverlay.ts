import { stepsAt } from '../../demo/report/stepsAt';
import { nextOs, shapes, type ClusterShape } from '../clusterShape';
import { declareInPlace, newerEngine, offerNewerEngine, olderEngine } from '../nextEngine';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { startOverlayClients, type OverlayClients } from './overlayClients';
import type { OverlaySight } from './syslogLines';

/** How a whole cluster is upgraded. */
interface UpgradeWay {
  /** Ends the name of the scenario. */
  readonly name: string;
  /** What is done, as a phrase. */
  readonly title: string;
  readonly shape: ClusterShape;
  /** Declares what is new. */
  readonly declare: (stage: Stage) => Promise<void> | void;
}

/** Every machine is built anew. */
const byReplacement: UpgradeWay = {
  name: 'client-on-overlay',
  title: 'another OS for every node, each replaced',
  shape: shapes.overlay,
  declare: (stage) => {
    stage.changeOs(nextOs);
  },
};

/** Every engine is exchanged where it is, and managers serve again together. */
const inPlace: UpgradeWay = {
  name: 'client-on-overlay-in-place',
  title: `engine ${olderEngine} of every node is exchanged for ${newerEngine} in place`,
  shape: shapes.inPlace,
  declare: async (stage) => {
    await offerNewerEngine(stage);
    declareInPlace(stage);
  },
};

/** The test of the second procedure: no client on an overlay network sees a `Connectivity error:`. */
function clientOnOverlayBy({ name, title, shape, declare }: UpgradeWay): Scenario {
  return {
    name,
    number: 26,
    title: `clients on an overlay network ask a service on it: ${title}`,
    holds: 'no client logs a `Connectivity error:`',
    shape,
    run: async (stage) => {
      const clients = await begin(stage);
      let sight: OverlaySight;
      try {
        await declare(stage);
        await stage.runToTheEnd('up');
        await stage.untilAsDeclared();
        await stage.until(
          'a client asks on every node again',
          () => everyNodeAsks(stage, clients),
          60,
        );
      } finally {
        sight = await clients.stop();
      }
      tell(stage, sight);
      stage.checkEqual(sight.errors.length, 0, 'no client logged a `Connectivity error:`');
      stage.checkEqual(sight.unheard, 0, 'every line of every client was heard');
      await stage.checkNothingPending();
    },
  };
}

export const clientOnOverlay = clientOnOverlayBy(byReplacement);
export const clientOnOverlayInPlace = clientOnOverlayBy(inPlace);

/** That the test above can fail: the order of the procedure is broken, past this package. */
export const clientOnOverlayBroken: Scenario = {
  name: 'client-on-overlay-broken',
  number: 26,
  title:
    'the same clients: docker is restarted by hand on nodes that were not drained, and one of them is switched off',
  holds: 'clients log `Connectivity error:`, so a test that sees none has shown something',
  shape: shapes.overlay,
  run: async (stage) => {
    const clients = await begin(stage);
    let sight: OverlaySight;
    try {
      for (const name of stage.nodeNames) await restartUndrained(stage, name, clients);
      // Dockers that end in order say so to the others, and a client may be lucky. This one does not.
      const last = stage.cluster.workers.at(-1) ?? '';
      await stage.until('a server answers on every node', () => everyNodeRuns(stage, 'server'), 60);
      await stage.powerOff(last);
      await stage.until(
        `the swarm sees ${last} down`,
        async () => {
          const { state } = await stage.node(last);
          return state === 'down' || `it is ${state}`;
        },
        90,
      );
    } finally {
      sight = await clients.stop();
    }
    tell(stage, sight);
    stage.check(sight.errors.length > 0, 'clients logged `Connectivity error:`');
  },
};

/** Behind it a client on that node, another container, asks again. */
async function restartUndrained(
  stage: Stage,
  name: string,
  clients: OverlayClients,
): Promise<void> {
  const { clients: heard } = clients.sight();
  const host = await stage.host(name);
  const argv = ['systemctl', 'restart', 'docker.service'];
  const { code, stderr } = await host.run(argv, { timeoutSeconds: 120 });
  if (code !== 0) throw new Error(`${name}: ${stderr}`);
  stage.did(`restarted docker on ${name}, which was not drained`);
  await stage.until(
    `${name} is ready, and another client asks`,
    async () => {
      const { state } = await stage.node(name);
      const more = clients.sight().clients - heard;
      return (state === 'ready' && more > 0) || `it is ${state}, ${String(more)} more were heard`;
    },
    90,
  );
}

async function begin(stage: Stage): Promise<OverlayClients> {
  await stage.untilServed();
  const { lab, addresses } = stage.cluster;
  const [manager = ''] = stage.cluster.managers;
  const clients = await startOverlayClients(await stage.host(manager), {
    logAddress: (addresses[manager] ?? '').replace(/\.\d+$/, '.1'),
    intervalSeconds: 0.2,
    nodes: stage.nodeNames.length,
  });
  stage.did(
    `put a server and a client on every node of ${lab}, on an overlay network of their own`,
  );
  return clients;
}

/** More clients had an answer than there are nodes: those of rebuilt nodes are other containers. */
async function everyNodeAsks(stage: Stage, clients: OverlayClients): Promise<true | string> {
  const isRunning = await everyNodeRuns(stage, 'client');
  const { clients: heard } = clients.sight();
  if (isRunning !== true) return isRunning;
  return heard >= 2 * stage.nodeNames.length || `${String(heard)} clients were heard`;
}

/** A server counts from its first good check on: from then on its name leads to it. */
async function everyNodeRuns(stage: Stage, service: 'client' | 'server'): Promise<true | string> {
  const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
  const services = await docker.services();
  const ids = services.filter(({ name }) => name === service).map(({ id }) => id);
  const running = (await docker.tasks()).filter(
    ({ serviceId, state, desiredState }) =>
      ids.includes(serviceId) && state === 'running' && desiredState === 'running',
  );
  const wanted = stage.nodeNames.length;
  return (
    running.length === wanted ||
    `${String(running.length)} of ${String(wanted)} tasks of ${service} run`
  );
}

function tell(stage: Stage, { clients, requests, errors, unheard }: OverlaySight): void {
  stage.saw(
    `${String(clients)} client containers made ${String(requests)} requests: ${String(errors.length)} lines \`Connectivity error:\`, ${String(unheard)} lines were not heard`,
  );
  const journal = stage.pulumi.journal();
  for (const { atMs, line } of errors.slice(0, 30)) {
    const at = new Date(atMs).toISOString().slice(11, 23);
    stage.saw(`${at} ${line}: ${stepsAt(journal, atMs)}`);
  }
  stage.figures({
    clients: String(clients),
    requests: String(requests),
    'lines with an error': String(errors.length),
  });
}
