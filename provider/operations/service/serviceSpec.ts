import type { ManagerContact } from '../../../core/connection';
import type { RegistryLogin } from '../../../core/images';
import { serviceLabel, serviceOfLabel } from '../../../core/labels';
import type { PublishedPort, ServiceSpec } from '../../../core/service';
import { urnIdentity } from '../../../core/urn';
import type { SwarmAccess } from '../ask/managers';

/** Inputs of a Service. */
export interface ServiceInputs {
  readonly name: string;
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly global?: boolean;
  readonly replicas?: number;
  readonly constraints?: readonly string[];
  readonly ports?: readonly {
    readonly target: number;
    readonly published: number;
    readonly protocol?: 'tcp' | 'udp';
    readonly mode?: 'host' | 'ingress';
  }[];
  readonly endpointMode?: 'vip' | 'dnsrr';
  readonly stopGraceSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly registries?: readonly RegistryLogin[];
  readonly timeouts?: { readonly converge?: number };
}

export function serviceAccess(spec: ServiceInputs): SwarmAccess {
  return { clusterId: spec.clusterId, managers: spec.managers };
}

/** The whole service as the Engine gets it, with defaults, and with our labels. */
export function toServiceSpec(spec: ServiceInputs, id: string, urn: string): ServiceSpec {
  return {
    name: spec.name,
    image: spec.image,
    command: spec.command ?? [],
    environment: spec.environment ?? {},
    mode: spec.global === true ? { global: true } : { replicas: spec.replicas ?? 1 },
    constraints: spec.constraints ?? [],
    ports: (spec.ports ?? []).map((port): PublishedPort => ({
      target: port.target,
      published: port.published,
      protocol: port.protocol ?? 'tcp',
      mode: port.mode ?? 'ingress',
    })),
    endpointMode: spec.endpointMode ?? 'vip',
    stopGraceSeconds: spec.stopGraceSeconds ?? 10,
    labels: { ...spec.labels, [serviceLabel]: id, [serviceOfLabel]: urnIdentity(urn) },
  };
}
