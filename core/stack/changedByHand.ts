import type { ServiceFacts, ServicePort } from '../facts';
import type { StackServiceBody } from './serviceBody';

/** What somebody has changed of a service past its stack, as a plan shows it; no value of an environment. */
export interface HandChanges {
  /** Names of its environment as they are now; undefined: as declared. */
  readonly environment?: readonly string[];
  /** Its ports as they are now. */
  readonly ports?: readonly ServicePort[];
  /** Its placement constraints as they are now. */
  readonly constraints?: readonly string[];
}

/** Only of a service that bears the digest of what was sent: any other one is another as a whole. */
export function changedByHand(body: StackServiceBody, found: ServiceFacts): HandChanges {
  const { ContainerSpec: container, Placement } = body.TaskTemplate;
  const { environment, ports, constraints } = found;
  return {
    ...(environment === undefined || isSameSet(environment, container.Env)
      ? {}
      : { environment: namesOf(environment, container.Env) }),
    ...(ports === undefined || isSameSet(ports.map(portText), body.EndpointSpec.Ports.map(portText))
      ? {}
      : { ports }),
    ...(isSameSet(constraints, Placement.Constraints) ? {} : { constraints }),
  };
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
