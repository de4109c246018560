import { nodeVariable, webPort, webReference } from '../../../demo/webImage';
import type { DockerApi } from '../../../effects/docker';

/** Where every node itself answers with its name. */
export const appPort = 8090;

export interface AppRelease {
  readonly release: string;
  readonly replicas?: number;
  /** It ends as soon as it starts. */
  readonly isBad?: boolean;
}

/** A service on every node, on its own port, and one with replicas; found by name, since this kernel may have no IP_VS. */
export function appCompose({ release, replicas = 2, isBad = false }: AppRelease): string {
  return `
services:
  each:
    image: ${webReference}
    environment: ["${nodeVariable}={{.Node.Hostname}}"]
    ports: [{ target: ${String(webPort)}, published: ${String(appPort)}, mode: host }]
    stop_grace_period: 2s
    deploy: { mode: global, endpoint_mode: dnsrr }
  api:
    image: ${webReference}
    ${isBad ? 'command: [/usr/bin/perl, -e, exit 3]' : ''}
    environment: ["${nodeVariable}={{.Node.Hostname}}", RELEASE=${release}]
    stop_grace_period: 2s
    deploy:
      replicas: ${String(replicas)}
      endpoint_mode: dnsrr
      restart_policy: { delay: 1s }
      update_config: { failure_action: rollback, monitor: 1s, parallelism: 0, order: start-first }
      rollback_config: { monitor: 1s, parallelism: 0 }
`;
}

/** What the swarm itself says of the service with replicas: its release, and its tasks that run as it is now. */
export async function appSeen(
  docker: DockerApi,
): Promise<{ readonly release: string | undefined; readonly tasks: readonly string[] }> {
  const service = (await docker.services()).find(({ name }) => name === 'app_api');
  const tasks = await docker.tasks({ serviceId: service?.id ?? '' });
  return {
    release: service?.environment?.find((entry) => entry.startsWith('RELEASE=')),
    tasks: tasks
      .filter(
        ({ state, desiredState, template }) =>
          state === 'running' && desiredState === 'running' && template === service?.template,
      )
      .map(({ id }) => id)
      .sort(),
  };
}
