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
  title: 'the same clients: docker is restarted by hand on nodes that were not drained',
  holds: 'clients log `Connectivity error:`, so a test that sees none has shown something',
  shape: shapes.overlay,
  run: async (stage) => {
    const clients = await begin(stage);
    let sight: OverlaySight;
    try {
      for (const name of stage.nodeNames) {
        const { code, stderr } = await (
          await stage.host(name)
        ).run(['systemctl', 'restart', 'docker.service'], { timeoutSeconds: 120 });
        if (code !== 0) throw new Error(`${name}: ${stderr}`);
        stage.did(`restarted docker on ${name}, which was not drained`);
        await stage.until(
          `${name} is ready again`,
          async () => {
            const { state } = await stage.node(name);
            return state === 'ready' || `it is ${state}`;
          },
          90,
        );
      }
    } finally {
      sight = await clients.stop();
    }
    tell(stage, sight);
    stage.check(sight.errors.length > 0, 'clients logged `Connectivity error:`');
  },
};

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
  const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
  const services = await docker.services();
  const ids = services.filter(({ name }) => name === 'client').map(({ id }) => id);
  const running = (await docker.tasks()).filter(
    ({ serviceId, state, desiredState }) =>
      ids.includes(serviceId) && state === 'running' && desiredState === 'running',
  );
  const wanted = stage.nodeNames.length;
  const { clients: heard } = clients.sight();
  return (
    (running.length === wanted && heard >= 2 * wanted) ||
    `${String(running.length)} of ${String(wanted)} clients run, ${String(heard)} were heard`
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
