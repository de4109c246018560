import { userLabels, type Labels } from '../labels';
import { imageLabel, scoped } from './stackNames';
import { stable, type StackPlan } from './stackPlan';
import type { StackServiceBody } from './serviceBody';
import { portTexts } from './stackSummary';

/** What becomes of one service of a stack. */
export interface ServiceChange {
  readonly key: string;
  readonly kind: 'created' | 'updated' | 'removed';
  /** The parts that differ, each with a sentence; values of the environment are in none. */
  readonly parts: readonly { readonly part: ServicePart; readonly sentence: string }[];
}

export type ServicePart = 'image' | 'replicas' | 'environment' | 'ports' | 'settings';

/** What lies between two plans, service by service. */
export function stackChanges(
  before: StackPlan | undefined,
  after: StackPlan,
): readonly ServiceChange[] {
  const old = new Map((before?.services ?? []).map(({ key, body }) => [key, body]));
  const wanted = new Set(after.services.map(({ key }) => key));
  const removed = [...old.keys()]
    .filter((key) => !wanted.has(key))
    .map((key): ServiceChange => ({ key, kind: 'removed', parts: [] }));
  const others = after.services.flatMap(({ key, body }): ServiceChange[] => {
    const present = old.get(key);
    if (present === undefined) return [{ key, kind: 'created', parts: [] }];
    const parts = changedParts(present, body);
    return parts.length === 0 ? [] : [{ key, kind: 'updated', parts }];
  });
  return [...removed, ...others];
}

/** `update service web: image web:1 → web:2, replicas 2 → 3`. */
export function describeChange(stack: string, { key, kind, parts }: ServiceChange): string {
  const name = scoped(stack, key);
  switch (kind) {
    case 'created':
      return `create service ${name} and wait until its tasks run`;
    case 'removed':
      return `remove service ${name}`;
    case 'updated':
      return `update service ${name}: ${parts.map(({ sentence }) => sentence).join(', ')}`;
  }
}

function changedParts(old: StackServiceBody, wanted: StackServiceBody): ServiceChange['parts'] {
  const from = partsOf(old);
  const to = partsOf(wanted);
  const parts: { part: ServicePart; sentence: string }[] = [];
  const compare = (part: 'image' | 'replicas' | 'ports'): void => {
    if (from[part] !== to[part]) {
      parts.push({ part, sentence: `${part} ${from[part]} → ${to[part]}` });
    }
  };
  compare('image');
  compare('replicas');
  if (stable(from.environment) !== stable(to.environment)) {
    parts.push({
      part: 'environment',
      sentence: environmentText(from.environment, to.environment),
    });
  }
  compare('ports');
  const settings = Object.keys({ ...from.settings, ...to.settings }).filter(
    (name) => stable(from.settings[name]) !== stable(to.settings[name]),
  );
  if (settings.length > 0) parts.push({ part: 'settings', sentence: settings.join(' and ') });
  return parts;
}

interface Parts {
  readonly image: string;
  readonly replicas: string;
  readonly ports: string;
  readonly environment: Readonly<Record<string, string>>;
  /** All the rest, by what it is called in a sentence. */
  readonly settings: Readonly<Record<string, unknown>>;
}

function partsOf(body: StackServiceBody): Parts {
  const { TaskTemplate: task, Mode, EndpointSpec, Labels, Name: _, ...updates } = body;
  const { ContainerSpec: container, Placement, Resources, Networks, ...other } = task;
  const { Image, Env, Configs, Secrets, Mounts, Healthcheck, Labels: own, ...rest } = container;
  return {
    image: Image,
    replicas:
      Mode.Replicated === undefined ? JSON.stringify(Mode) : String(Mode.Replicated.Replicas),
    ports: EndpointSpec.Ports.length === 0 ? 'none' : portTexts(EndpointSpec.Ports).join(' '),
    environment: Object.fromEntries(
      Env.map((entry) => {
        const [name = ''] = entry.split('=', 1);
        return [name, entry];
      }),
    ),
    settings: {
      configs: Configs,
      secrets: Secrets,
      volumes: Mounts,
      'the health check': Healthcheck,
      placement: Placement,
      resources: Resources,
      networks: Networks,
      'the endpoint mode': EndpointSpec.Mode,
      'update settings': updates,
      'its labels': withoutDigests([Labels, own]),
      // Its command may hold a secret: named, not shown.
      'the command': [rest['Command'], rest['Args']],
      'other settings': [{ ...rest, Command: undefined, Args: undefined }, other],
    },
  };
}

/** Ours change with whatever else changes. */
function withoutDigests(all: readonly Labels[]): unknown {
  return all.map((labels) => {
    const { [imageLabel]: _, ...rest } = userLabels(labels);
    return rest;
  });
}

/** `environment +NEW -OLD, OTHER changed`. */
function environmentText(
  old: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): string {
  const has = (map: Readonly<Record<string, string>>, name: string): boolean =>
    Object.hasOwn(map, name);
  const words = Object.keys({ ...old, ...wanted }).flatMap((name) => {
    if (!has(old, name)) return [`+${name}`];
    if (!has(wanted, name)) return [`-${name}`];
    return old[name] === wanted[name] ? [] : [`${name} changed`];
  });
  return `environment ${words.join(' ')}`;
}

/** What the Engine changes in no way but by making it anew, as sentences. */
export function unchangeable(before: StackPlan, after: StackPlan): readonly string[] {
  const networks = after.networks.flatMap(({ name, body }) => {
    const old = before.networks.find((network) => network.name === name);
    return old === undefined || stable(old.body) === stable(body)
      ? []
      : [
          `the network ${name} is declared otherwise than it was made, and the Engine changes none in place; give it another name, or go back to what it was`,
        ];
  });
  const modes = after.services.flatMap(({ key, body }) => {
    const old = before.services.find((service) => service.key === key)?.body.Mode;
    const [from, to] = [old ?? body.Mode, body.Mode].map((mode) => Object.keys(mode).join());
    return from === to
      ? []
      : [
          `services.${key}.deploy.mode goes from ${from ?? ''} to ${to ?? ''}, which the Engine does not do in place; give the service another name, or take it out, \`pulumi up\`, and put it back`,
        ];
  });
  return [...networks, ...modes];
}
