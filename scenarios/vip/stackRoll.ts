import { join } from 'node:path';
import { repository } from '../../demo/project';
import { visitsSentence, watchVisits } from '../../demo/visits';
import { buildVisitsImage, visitsPort } from '../../demo/webImage';
import { nextOs, shapes } from '../clusterShape';
import { imageDirectory } from '../places';
import type { Scenario } from '../scenario';
import { countRequests } from './countRequests';

export const stackRoll: Scenario = {
  name: 'stack-roll',
  number: 28,
  title: 'every node is replaced under a stack of three services, the application in stacks/visits',
  holds:
    'no request at the virtual IP fails, and the application’s count goes on from node to node',
  shape: shapes.stack,
  run: async (stage) => {
    const visits = await buildVisitsImage(imageDirectory({ name: stage.cluster.lab, subnet: '' }));
    const { images } = stage.declared('engine') as { readonly images: readonly unknown[] };
    stage.declare('engine', { images: [...images, { ...visits }] }, 'declared its image');
    stage.declare(
      'stacks',
      [{ name: 'visits', files: [join(repository, 'stacks', 'visits', 'compose.yml')] }],
      'declared the stack',
    );
    await stage.runToTheEnd('up');
    await stage.untilServed();
    stage.declare('os', nextOs, `declared ${nextOs} for every node`);
    const watch = watchVisits(`http://${stage.cluster.vip}:${String(visitsPort)}/`);
    const sight = await countRequests(stage, 'while every node was replaced', async () => {
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    }).finally(() => watch.stop());
    const seen = await watch.stop();
    stage.check(seen.isWhole, `of the application: ${visitsSentence(seen)}`);
    stage.checkEqual(sight.client.failures, 0, 'no request failed');
    await stage.checkNothingPending();
  },
};
