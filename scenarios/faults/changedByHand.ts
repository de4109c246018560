import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

export const changedByHand: Scenario = {
  name: 'changed-by-hand',
  number: 14,
  title: 'a worker drained, a manager demoted and another relabelled by hand',
  holds: 'preview and refresh show each of them, up mends them in place, and nothing is rebuilt',
  shape: shapes.threeManagers,
  run: async (stage) => {
    stage.declare('managers', withLabel(stage), 'declared the label rack=a on m2');
    await stage.runToTheEnd('up');
    const boots = await stage.bootIds();
    const [w1, m2, m3] = await Promise.all(['w1', 'm2', 'm3'].map((name) => stage.node(name)));
    if (w1 === undefined || m2 === undefined || m3 === undefined) throw new Error('a node is gone');
    const { docker } = await stage.host('m1');
    await docker.updateNode(w1.id, { availability: 'drain' });
    await docker.updateNode(m3.id, { role: 'worker' });
    await docker.updateNode(m2.id, { labels: { ...m2.labels, rack: 'b', extra: 'by hand' } });
    stage.did('by hand: drained w1, demoted m3, set the labels rack=b and extra of m2');
    await stage.until(
      'm3 is no manager any more',
      async () => (await stage.node('m3')).managerStatus === undefined || 'it still is',
      60,
    );

    stage.checkEqual(await stage.pendingChanges(), { update: 3 }, 'preview shows three updates');
    const refresh = await stage.runToTheEnd('refresh');
    for (const name of ['w1', 'm2', 'm3']) {
      stage.check(
        new RegExp(`Node +${name} +updated`).test(refresh.output),
        `refresh shows ${name} as changed`,
        refresh.output,
      );
    }
    stage.checkEqual((await stage.node('w1')).availability, 'drain', 'refresh changes nothing');
    const up = await stage.runToTheEnd('up');
    stage.checkEqual(
      up.changes.map(({ op, type, name }) => `${op} ${type} ${name}`).sort(),
      ['update Node m2', 'update Node m3', 'update Node w1'],
      'up updates these three nodes and nothing else',
    );
    await stage.untilAsDeclared();
    const { labels } = await stage.node('m2');
    stage.checkEqual(
      [labels['rack'], labels['extra']],
      ['a', undefined],
      'the labels of m2 are as declared',
    );
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    await stage.checkNothingPending();
  },
};

function withLabel(stage: Stage): readonly unknown[] {
  const managers = stage.declared('managers') as readonly { readonly name: string }[];
  return managers.map((node) => (node.name === 'm2' ? { ...node, labels: { rack: 'a' } } : node));
}
