import type { ServiceSpec } from '../../core/service';

/** A service as the Engine's API takes it. `forceUpdate` is the counter that the service has now. */
export function serviceBody(spec: ServiceSpec, forceUpdate = 0): Readonly<Record<string, unknown>> {
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
      ForceUpdate: forceUpdate,
    },
    Mode: 'global' in spec.mode ? { Global: {} } : { Replicated: { Replicas: spec.mode.replicas } },
    EndpointSpec: {
      Mode: spec.endpointMode,
      Ports: spec.ports.map((port) => ({
        Protocol: port.protocol,
        TargetPort: port.target,
        PublishedPort: port.published,
        PublishMode: port.mode,
      })),
    },
  };
}
