import { webReference } from '../demo/webImage';
import type { Stage } from './stage';

const name = 'pinned';

/** Nobody's but the user's own: made by hand, with tasks that fit some nodes only. Returns its ID. */
export async function runPinnedService(
  stage: Stage,
  constraint: string,
  replicas: number,
): Promise<string> {
  const { docker } = await stage.host('m1');
  await docker.createService({
    name,
    image: webReference,
    command: [],
    environment: { NODE: name },
    mode: { replicas },
    constraints: [constraint],
    ports: [],
    endpointMode: 'dnsrr',
    stopGraceSeconds: 5,
    labels: {},
  });
  stage.did(
    `created the service ${name} by hand, with ${String(replicas)} replicas and ${constraint}`,
  );
  let id = '';
  await stage.until(
    'its replicas run',
    async () => {
      id = (await docker.services()).find((service) => service.name === name)?.id ?? '';
      const tasks = id === '' ? [] : await docker.tasks({ serviceId: id });
      const running = tasks.filter(({ state }) => state === 'running').length;
      return running === replicas || `${String(running)} run`;
    },
    60,
  );
  return id;
}
