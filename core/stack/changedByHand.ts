import { canonical } from '../canonical';
import type { ServiceFacts, ServicePort, SwarmObjectFacts } from '../facts';
import { isRecord } from '../isRecord';
import type { StackServiceBody } from './serviceBody';
import { sentService, serviceShape, toldService } from './serviceShape';
import { differences, normal } from './shape';

/** What somebody has changed of a service past its stack, as a plan shows it; no value of an environment. */
export interface HandChanges {
  /** Names of its environment as they are now; undefined: as declared. */
  readonly environment?: readonly string[];
  /** Its ports as they are now. */
  readonly ports?: readonly ServicePort[];
  /** Its placement constraints as they are now. */
  readonly constraints?: readonly string[];
  /** What else differs, as a compose file calls it (`deploy.resources.limits.memory`); no value of it. */
  readonly settings?: readonly string[];
}

/**
 * Only of a service that bears the digest of what was sent: any other one is another as a whole.
 *
 * @param networks Those of the swarm: an Engine tells IDs. A service on one that is not among them is not judged by its networks.
 */
export function changedByHand(
  body: StackServiceBody,
  found: ServiceFacts,
  networks: readonly SwarmObjectFacts[] = [],
): HandChanges {
  const { ContainerSpec: container, Placement } = body.TaskTemplate;
  const { environment, ports, constraints } = found;
  const settings = changedSettings(body, found, networks);
  return {
    ...(environment === undefined || isSameSet(environment, container.Env)
      ? {}
      : { environment: namesOf(environment, container.Env) }),
    ...(ports === undefined || isSameSet(ports.map(portText), body.EndpointSpec.Ports.map(portText))
      ? {}
      : { ports }),
    ...(isSameSet(constraints, Placement.Constraints) ? {} : { constraints }),
    ...(settings.length === 0 ? {} : { settings }),
  };
}

/** Equal for two looks at a service between which nobody changed what a compose file decides of it. */
export function settingsText({ spec }: ServiceFacts): string {
  return canonical(spec === undefined ? [] : normal(serviceShape, toldService(spec, new Map())));
}

function changedSettings(
  body: StackServiceBody,
  { spec }: ServiceFacts,
  networks: readonly SwarmObjectFacts[],
): readonly string[] {
  if (spec === undefined) return [];
  const names = new Map(networks.map(({ id, name }) => [id, name]));
  const terms = differences(serviceShape, sentService(body), toldService(spec, names));
  const isKnown = networkIds(spec).every((id) => names.has(id));
  return [...new Set(terms)].filter((term) => isKnown || term !== 'networks').sort();
}

function networkIds({ TaskTemplate }: Readonly<Record<string, unknown>>): readonly string[] {
  const networks = isRecord(TaskTemplate) ? TaskTemplate['Networks'] : undefined;
  return Array.isArray(networks)
    ? networks.map((network: unknown) => String(isRecord(network) ? network['Target'] : ''))
    : [];
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().join('\n') === [...b].sort().join('\n');
}

function namesOf(now: readonly string[], declared: readonly string[]): readonly string[] {
  return [...now].sort().map((entry) => {
    const [name = ''] = entry.split('=', 1);
    const isOther =
      !declared.includes(entry) && declared.some((each) => each.split('=', 1)[0] === name);
    return isOther ? `${name} (another value)` : name;
  });
}

function portText({ Protocol, TargetPort, PublishedPort, PublishMode }: ServicePort): string {
  return [Protocol, TargetPort, PublishedPort, PublishMode].join(' ');
}
