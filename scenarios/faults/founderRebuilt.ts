import { joinedLabel } from '../../core/labels';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

export const founderRebuilt: Scenario = {
  name: 'founder-rebuilt',
  number: 9,
  title: 'the founding manager is rebuilt',
  holds: 'the swarm’s ID is unchanged, and so are the other nodes’ IDs',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    const founder = await founderOf(stage);
    const idsBefore = await idsOf(stage);
    stage.changeOs(nextOs, founder);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    for (const manager of stage.cluster.managers) {
      stage.checkEqual(await stage.clusterId(manager), idBefore, `${manager} is in the same swarm`);
    }
    const idsAfter = await idsOf(stage);
    const changed = stage.nodeNames.filter((name) => idsBefore[name] !== idsAfter[name]);
    stage.checkEqual(changed, [founder], `only ${founder}, rebuilt, has a new node ID`);
    const foundings = stage
      .stepsSince(0)
      .filter((sentence) => sentence.startsWith('found the swarm'));
    stage.checkEqual(foundings, [], 'no step founded a swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

/** The founder's Node was made before any other could join. */
async function founderOf(stage: Stage): Promise<string> {
  const joined = (await stage.nodes()).map(({ hostname, labels }) => ({
    hostname,
    at: Date.parse(labels[joinedLabel] ?? ''),
  }));
  const first = joined.reduce((a, b) => (b.at < a.at ? b : a));
  stage.saw(`${first.hostname} founded the swarm: it was the first in it`);
  return first.hostname;
}

async function idsOf(stage: Stage): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await stage.nodes()).map(({ hostname, id }) => [hostname, id]));
}
