import assert from 'node:assert/strict';
import type { ServiceFacts } from '../../core/facts';
import { labelPrefix } from '../../core/labels';
import { movingOff, takenBack } from '../../core/moves';
import { changedByHand, type HandChanges } from '../../core/stack/changedByHand';
import type { StackService } from '../../core/stack/stackPlan';
import type { DockerApi } from '../../effects/docker';
import { richCompose } from '../support/compose/richService';
import { planned } from '../support/compose/planned';
import { pauseReference } from './pauseImage';
import type { Wait } from './waiting';

/** Terms of what `otherwise` changes, in their order. */
const changedTerms = [
  'command',
  'deploy.labels.owner',
  'deploy.resources.limits.memory',
  'deploy.update_config.order',
  'healthcheck.interval',
  'networks',
  'volumes',
];

function otherwise(text: string): string {
  return text
    .replace('memory: 64M', 'memory: 32M')
    .replace('[serve, ', '[serve, -v, ')
    .replace('data:/var/data', 'data:/var/data:ro')
    .replace('side: { aliases: [z, a] }, ', '')
    .replace('interval: 10s', 'interval: 11s')
    .replace('order: start-first', 'order: stop-first')
    .replace('owner: us', 'owner: you');
}

/**
 * Services with whatever a compose file may say, none of whose tasks runs: they are as they were sent, whichever manager
 * is asked, and what a hand changes of them is named. Leaves nothing behind.
 */
export async function seesHandChanges(
  docker: DockerApi,
  managers: readonly DockerApi[],
  wait: Wait,
): Promise<void> {
  const text = richCompose(pauseReference);
  const { services, networks, configs, secrets } = planned(text);
  const seen = async (asked: DockerApi, key: string): Promise<ServiceFacts> => {
    const found = (await asked.services()).find(({ name }) => name === `demo_${key}`);
    assert.ok(found !== undefined);
    return found;
  };
  const byHand = async (asked: DockerApi, { key, body }: StackService): Promise<HandChanges> =>
    changedByHand(body, await seen(asked, key), await asked.networks());
  const rich = ofRich(text);

  const present = (await docker.overlayNetworks()).map(({ name }) => name);
  const made: string[] = [];
  for (const network of networks.filter(({ name }) => !present.includes(name))) {
    made.push(await docker.createNetwork(network));
  }
  for (const { name, data, labels } of configs) await docker.createConfig(name, data, labels);
  for (const secret of secrets) await docker.createSecret(secret);
  const created: string[] = [];
  for (const { body } of services) created.push(await docker.deployService(body));
  for (const asked of managers) {
    for (const service of services) {
      assert.deepEqual(await byHand(asked, service), {}, service.body.Name);
    }
  }

  // A hand leaves our labels as they are.
  const other = ofRich(otherwise(text)).body;
  const own = Object.entries(rich.body.Labels).filter(([name]) => name.startsWith(labelPrefix));
  const Labels = { ...other.Labels, ...Object.fromEntries(own) };
  await docker.deployService({ ...other, Labels }, await seen(docker, 'rich'));
  for (const asked of managers) {
    assert.deepEqual(await byHand(asked, rich), { settings: changedTerms });
  }
  await docker.deployService(rich.body, await seen(docker, 'rich'));

  // What moves tasks changes a service, and takes that back.
  const before = await seen(docker, 'rich');
  await docker.placeService(before, movingOff(before, 'x'));
  const moved = await seen(docker, 'rich');
  const back = takenBack(moved);
  assert.ok(back !== undefined);
  await docker.placeService(moved, back);
  assert.deepEqual(await byHand(docker, rich), {});

  for (const id of created) await docker.removeService(id);
  const ownFile = ({ name }: { readonly name: string }): boolean =>
    [...configs, ...secrets].some((file) => file.name === name);
  for (const { id } of (await docker.configs()).filter(ownFile)) await docker.removeConfig(id);
  for (const { id } of (await docker.secrets()).filter(ownFile)) await docker.removeSecret(id);
  for (const id of made) {
    await docker.removeNetwork(id);
    await wait(60, 'network not listed', async () =>
      (await docker.networks()).some((each) => each.id === id) ? 'listed' : undefined,
    );
  }
}

function ofRich(text: string): StackService {
  const found = planned(text).services.find(({ key }) => key === 'rich');
  assert.ok(found !== undefined);
  return found;
}
