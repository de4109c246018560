import type { DockerApi } from '../../effects/docker';
import { FakeWorld } from '../../test/support/fakeWorld/fakeWorld';
import { FileStore } from '../../test/support/fakeWorld/store';

const image = 'registry.test/web:1';

/**
 * Gives the swarm of a world that no process has open these services, with this number of replicas in all, and waits until they
 * run. Their image is at a registry and, as on nodes that have run it, with every engine.
 */
export async function deployServices(
  worldFile: string,
  services: number,
  replicas: number,
): Promise<void> {
  if (services === 0) return;
  const store = new FileStore(worldFile);
  store.transact((state) => {
    state.registries['registry.test'] = { images: [image], login: undefined };
    for (const { engine } of Object.values(state.machines)) {
      engine.images.push(image);
      engine.pulled.push(image);
    }
  });
  const world = new FakeWorld(store);
  const { docker } = await world.effects().hosts.connect({ lab: 'bench', machine: 'm1' });
  const each = Math.ceil(replicas / services);
  for (let number = 1; number <= services; number += 1) {
    await docker.createService({
      ...{ name: `service-${String(number)}`, image, command: [], environment: {}, ports: [] },
      ...{ constraints: [], endpointMode: 'vip', stopGraceSeconds: 1, labels: {} },
      mode: { replicas: each },
    });
  }
  for (let seconds = 0; (await running(docker)) < services * each; seconds += 1) {
    if (seconds > 300) throw new Error('the services of the benchmark do not run');
    world.advance(1000);
  }
}

async function running(docker: DockerApi): Promise<number> {
  const tasks = await docker.tasks();
  return tasks.filter(({ state }) => state === 'running').length;
}
