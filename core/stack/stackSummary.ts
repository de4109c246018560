import type { ServicePort } from '../facts';
import type { StackServiceBody } from './serviceBody';
import type { StackPlan } from './stackPlan';

/** What a plan shows of a service: of the environment names alone, since values may be secret. */
export interface ServiceSummary {
  readonly image: string;
  /** Absent where the nodes decide how many there are. */
  readonly replicas?: number;
  readonly mode?: string;
  readonly environment: readonly string[];
  readonly ports: readonly string[];
}

export type StackSummary = Readonly<Record<string, ServiceSummary>>;

/** By the services' names in the compose files. `hide` takes the values of secret variables out. */
export function stackSummary(
  { services }: StackPlan,
  hide: (text: string) => string,
): StackSummary {
  return Object.fromEntries(services.map(({ key, body }) => [key, summaryOf(body, hide)]));
}

function summaryOf(body: StackServiceBody, hide: (text: string) => string): ServiceSummary {
  const { Replicated } = body.Mode;
  const [mode = ''] = Object.keys(body.Mode);
  return {
    image: hide(body.TaskTemplate.ContainerSpec.Image),
    ...(Replicated === undefined ? { mode } : { replicas: Replicated.Replicas }),
    environment: body.TaskTemplate.ContainerSpec.Env.map((entry) =>
      hide(entry.split('=', 1)[0] ?? ''),
    ),
    ports: portTexts(body.EndpointSpec.Ports).map(hide),
  };
}

export function portTexts(ports: readonly ServicePort[]): readonly string[] {
  return ports.map(
    ({ PublishedPort, TargetPort, Protocol, PublishMode }) =>
      `${PublishedPort === 0 ? '' : `${String(PublishedPort)}:`}${String(TargetPort)}/${Protocol}` +
      (PublishMode === 'host' ? ' on each node' : ''),
  );
}

/** A text without any of these values, quoted ones (`"a\"b"`) too: each is secret, or may be. */
export function withoutValues(values: readonly string[]): (text: string) => string {
  const hidden = [
    ...new Set(values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])),
  ]
    .filter((value) => value !== '')
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((rest, value) => rest.replaceAll(value, '[secret]'), text);
}
