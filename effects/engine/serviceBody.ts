import type { Placement } from '../../core/moves';
import type { ServiceSpec } from '../../core/service';
import type { EndpointSpec } from './answers';

/** What an update has to know of the service as it is. */
export interface PresentService {
  readonly TaskTemplate: { readonly ForceUpdate: number };
  readonly EndpointSpec?: EndpointSpec | null | undefined;
}

/**
 * A service as the Engine's API takes it. Ports belong to no task's spec, and the swarm does not always
 * replace tasks for them: one without an endpoint before (`dnsrr`, no ports) keeps its tasks, and the
 * port is not open (seen on 20.10.24 and 26.1.5). So a changed endpoint forces the update.
 */
export function serviceBody(
  spec: ServiceSpec,
  present?: PresentService,
): Readonly<Record<string, unknown>> {
  const endpoint = {
    Mode: spec.endpointMode,
    Ports: spec.ports.map((port) => ({
      Protocol: port.protocol,
      TargetPort: port.target,
      PublishedPort: port.published,
      PublishMode: port.mode,
    })),
  };
  const isForced =
    present !== undefined && endpointText(endpoint) !== endpointText(present.EndpointSpec);
  return {
    Name: spec.name,
    Labels: spec.labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: spec.image,
        // `Args` keeps the image's entrypoint, as `docker service create IMAGE ARG…` does.
        Args: spec.command,
        Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
        StopGracePeriod: Math.round(spec.stopGraceSeconds * 1e9),
      },
      Placement: { Constraints: spec.constraints },
      ForceUpdate: (present?.TaskTemplate.ForceUpdate ?? 0) + (isForced ? 1 : 0),
    },
    Mode: 'global' in spec.mode ? { Global: {} } : { Replicated: { Replicas: spec.mode.replicas } },
    EndpointSpec: endpoint,
  };
}

/** A service's whole spec, as an Engine told it. */
export interface WholeService {
  readonly [name: string]: unknown;
  readonly TaskTemplate: {
    readonly Placement?: Readonly<Record<string, unknown>> | null | undefined;
  };
}

/**
 * The same service with another placement. A placement it always has: the manager of 20.10 dies of a service
 * without one whose tasks had one (swarmkit `nodeMatches`).
 */
export function placedBody(
  spec: WholeService,
  { labels, constraints, updateConfig }: Placement,
): Readonly<Record<string, unknown>> {
  const { TaskTemplate } = spec;
  return {
    ...spec,
    Labels: labels,
    TaskTemplate: {
      ...TaskTemplate,
      Placement: { ...TaskTemplate.Placement, Constraints: constraints },
    },
    UpdateConfig: updateConfig,
  };
}

/** Equal for endpoints that are equal to the swarm, whatever the order of their ports. */
function endpointText(endpoint: EndpointSpec | null | undefined): string {
  const ports = (endpoint?.Ports ?? []).map((port) =>
    [port.PublishMode, port.Protocol, port.PublishedPort, port.TargetPort].join(' '),
  );
  return JSON.stringify([endpoint?.Mode ?? 'vip', ports.sort()]);
}
