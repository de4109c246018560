import type { ServiceSpec } from '../core/service';
import { webReference } from '../demo/webImage';
import type { Stage } from './stage';

/** Default: of the web image, anywhere, without ports. */
export type ServiceByHand = Pick<ServiceSpec, 'name' | 'mode'> &
  Partial<Pick<ServiceSpec, 'image' | 'constraints' | 'ports'>>;

/** Nobody's but the user's own, past every declaration. Returns its ID. */
export async function createByHand(stage: Stage, service: ServiceByHand): Promise<string> {
  const [manager = ''] = stage.cluster.managers;
  const { docker } = await stage.host(manager);
  return docker.createService({
    ...{ image: webReference, constraints: [], ports: [], ...service },
    ...{ command: [], environment: { NODE: service.name } },
    ...{ endpointMode: 'dnsrr', stopGraceSeconds: 5, labels: {} },
  });
}

/** Until as many tasks of a service run. */
export async function untilTasksRun(
  stage: Stage,
  what: string,
  serviceId: string,
  wanted: number,
): Promise<void> {
  const [manager = ''] = stage.cluster.managers;
  const { docker } = await stage.host(manager);
  await stage.until(
    what,
    async () => {
      const tasks = await docker.tasks({ serviceId });
      const running = tasks.filter(({ state }) => state === 'running').length;
      return running === wanted || `${String(running)} run`;
    },
    60,
  );
}
