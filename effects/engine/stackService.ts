import type { SwarmObjectFacts } from '../../core/facts';
import type { FileReference } from '../../core/stack/containerSpec';
import type { StackServiceBody } from '../../core/stack/serviceBody';
import { DockerApiError, type DockerApi } from '../docker';

type SentBody = Omit<StackServiceBody, 'TaskTemplate'> & {
  readonly TaskTemplate: Readonly<Record<string, unknown>>;
};

/** The body as the Engine takes it: configs and secrets by ID as well as by name. */
export async function withFileIds(
  docker: Pick<DockerApi, 'configs' | 'secrets'>,
  body: StackServiceBody,
): Promise<SentBody> {
  const container = body.TaskTemplate.ContainerSpec;
  const configs = container.Configs.length === 0 ? [] : await docker.configs();
  const secrets = container.Secrets.length === 0 ? [] : await docker.secrets();
  return {
    ...body,
    TaskTemplate: {
      ...body.TaskTemplate,
      ContainerSpec: {
        ...container,
        Configs: container.Configs.map(({ name, file }) => ({
          ConfigID: idOf('config', name, configs),
          ConfigName: name,
          File: file,
        })),
        Secrets: container.Secrets.map(({ name, file }) => ({
          SecretID: idOf('secret', name, secrets),
          SecretName: name,
          File: file,
        })),
      },
    },
  };
}

function idOf(
  kind: string,
  name: FileReference['name'],
  objects: readonly SwarmObjectFacts[],
): string {
  const found = objects.find((each) => each.name === name);
  if (found !== undefined) return found.id;
  throw new DockerApiError(404, `${kind} ${name} not found`);
}
