import type { FileReference } from '../../../core/stack/containerSpec';
import type { ServiceEntry, StackPart, SwarmState } from './state';

/**
 * A stack's service as an engine tells it: names have become IDs, what is a default is left out or filled in, lists come
 * in the engine's order, and what the oldest engine does not know is gone.
 */
export function engineSpec(
  swarm: SwarmState,
  { spec, updateConfig, forced }: ServiceEntry,
  { body }: StackPart,
): Readonly<Record<string, unknown>> {
  const { UpdateConfig: _, ...sent } = body;
  const { ContainerSpec: container, Networks, Placement, ...task } = body.TaskTemplate;
  const { StartInterval: _young, ...health } = recordOf(container['Healthcheck']);
  const idOf = (objects: readonly { readonly id: string; readonly name: string }[], name: string) =>
    objects.find((each) => each.name === name)?.id ?? name;
  const files = (kind: 'Config' | 'Secret', of: readonly FileReference[]) =>
    of.map(({ name, file }) => ({
      [`${kind}ID`]: idOf(kind === 'Config' ? swarm.configs : swarm.secrets, name),
      [`${kind}Name`]: name,
      File: file,
    }));
  return withoutEmpty({
    ...sent,
    Labels: spec.labels,
    TaskTemplate: {
      ...task,
      ContainerSpec: {
        ...container,
        Image: spec.image,
        Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
        Healthcheck: health,
        Configs: files('Config', container.Configs),
        Secrets: files('Secret', container.Secrets),
        Isolation: 'default',
      },
      Placement: { ...Placement, Constraints: spec.constraints },
      Networks: [...Networks]
        .reverse()
        .map((network) => ({ ...network, Target: idOf(swarm.networks, network.Target) })),
      Runtime: 'container',
      ForceUpdate: forced,
    },
    ...('replicas' in spec.mode && body.Mode.Replicated !== undefined
      ? { Mode: { Replicated: { Replicas: spec.mode.replicas } } }
      : {}),
    EndpointSpec: {
      Mode: spec.endpointMode,
      Ports: spec.ports.map(({ target, published, protocol, mode }) => ({
        ...{ Protocol: protocol, TargetPort: target, PublishedPort: published, PublishMode: mode },
      })),
    },
    ...(updateConfig === undefined
      ? {}
      : { UpdateConfig: { FailureAction: 'pause', Order: 'stop-first', ...updateConfig } }),
  }) as Readonly<Record<string, unknown>>;
}

function recordOf(given: unknown): Readonly<Record<string, unknown>> {
  return (given ?? {}) as Readonly<Record<string, unknown>>;
}

function withoutEmpty(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) return given.map(withoutEmpty);
  return Object.fromEntries(
    Object.entries(given)
      .map(([name, item]) => [name, withoutEmpty(item)] as const)
      .filter(([name, item]) => isModeOf(name) || !isEmpty(item)),
  );
}

/** `Global: {}` says something by being there. */
function isModeOf(name: string): boolean {
  return ['Global', 'GlobalJob', 'ReplicatedJob'].includes(name);
}

function isEmpty(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.keys(item).length === 0;
}
