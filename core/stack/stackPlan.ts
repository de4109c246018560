import type { ComposeFault } from '../compose/composeFault';
import type { ComposeFileObject, ComposeNetwork } from '../compose/composeShape';
import type { Compose } from '../compose/loadCompose';
import type { Variables } from '../compose/interpolate';
import { stackSpecLabel, stackTaskLabel } from '../labels';
import { containerSpec } from './containerSpec';
import { serviceBody, type StackServiceBody } from './serviceBody';
import { namespaceLabel, scoped, type Fault } from './stackNames';
import { fileReferences, networkAttachments, networkTarget } from './stackReferences';

/** A stack as the Engine's API takes it. */
export interface StackPlan {
  readonly name: string;
  readonly networks: readonly StackNetwork[];
  /** Names of networks that must be there already. */
  readonly externalNetworks: readonly string[];
  readonly configs: readonly StackFile[];
  readonly secrets: readonly StackFile[];
  readonly services: readonly StackService[];
}

export interface StackNetwork {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A config or a secret. Its name holds a digest of content and settings: the Engine changes neither in place. */
export interface StackFile {
  /** As the compose file calls it. */
  readonly key: string;
  readonly name: string;
  readonly data: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver?: EngineDriver | undefined;
  readonly templateDriver?: string | undefined;
}

export interface EngineDriver {
  readonly Name: string;
  readonly Options?: Readonly<Record<string, string>>;
}

export interface StackService {
  /** As the compose file calls it. */
  readonly key: string;
  readonly body: StackServiceBody;
}

/** Digests, which have to come from outside: this is where nothing but data is. */
export interface Digests {
  /** Of a config, or of a secret by a slow function: its result is in the open. */
  readonly file: (kind: 'config' | 'secret', key: string, data: string) => string;
  readonly text: (text: string) => string;
}

export interface StackContents {
  readonly variables: Variables;
  /** By key; `null`: not known yet. */
  readonly configs: Readonly<Record<string, string | null>>;
  readonly secrets: Readonly<Record<string, string | null>>;
}

export interface StackInput {
  readonly name: string;
  readonly compose: Compose;
  readonly contents: StackContents;
  readonly digests: Digests;
}

export type PlannedStack =
  { readonly plan: StackPlan } | { readonly faults: readonly ComposeFault[] };

/** The whole stack; names `STACK_name` as docker gives them. Every fault at once. */
export function planStack(input: StackInput): PlannedStack {
  const { name, compose } = input;
  const faults: ComposeFault[] = [];
  const fault: Fault = (path, reason) => {
    faults.push({ at: compose.locate(path), path, reason });
  };
  const configs = stackFiles('config', input, fault);
  const secrets = stackFiles('secret', input, fault);
  const services = Object.entries(compose.services)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, service]): StackService => {
      const at: Fault = (path, reason) => {
        fault(['services', key, ...path], reason);
      };
      checkServiceName(scoped(name, key), at);
      if (service.image === undefined) at(['image'], 'is missing: a stack does not build images');
      const files = {
        configs: fileReferences('config', service.configs, compose.configs, configs, at),
        secrets: fileReferences('secret', service.secrets, compose.secrets, secrets, at),
      };
      const container = containerSpec({ name, key, service, compose, files, fault: at });
      const networks = networkAttachments(name, key, service, compose.networks, at);
      const body = serviceBody({ name, key, service, container, networks, fault: at });
      return { key, body: withDigests(body, input.digests) };
    });
  checkPorts(services, fault);
  const networks = stackNetworks(name, compose, fault);
  return faults.length > 0
    ? { faults }
    : { plan: { name, ...networks, configs: own(configs), secrets: own(secrets), services } };
}

/** swarmkit `manager/controlapi/service.go`: a component of a DNS name. */
function checkServiceName(name: string, fault: Fault): void {
  if (name.length > 63) {
    fault([], `would be the service ${name}, which is longer than 63 characters`);
  } else if (!/^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/.test(name)) {
    fault(
      [],
      `would be the service ${name}, which is no name of a service: letters, digits, \`-\` and \`_\` only`,
    );
  }
}

const limits = { config: 1_024_000, secret: 512_000 } as const;

/** A name of what is not ours has no data. */
export type KnownFile = StackFile | { readonly key: string; readonly name: string };

function own(files: readonly KnownFile[]): readonly StackFile[] {
  return files.filter((file): file is StackFile => 'data' in file);
}

function stackFiles(
  kind: 'config' | 'secret',
  { name: stack, compose, contents, digests }: StackInput,
  fault: Fault,
): readonly KnownFile[] {
  const declared = kind === 'config' ? compose.configs : compose.secrets;
  const given = kind === 'config' ? contents.configs : contents.secrets;
  for (const key of Object.keys(given).filter((each) => !Object.hasOwn(declared, each))) {
    fault([`${kind}s`, key], 'is given a content, and no compose file declares it');
  }
  return Object.entries(declared).flatMap(([key, object]): KnownFile[] => {
    const path = [`${kind}s`, key];
    if (object.external?.isExternal === true) {
      return [{ key, name: object.external.name ?? object.name ?? key }];
    }
    const isDriven = kind === 'secret' && object.driver !== undefined;
    const data = isDriven ? '' : contentOf(key, object, given, contents.variables);
    if (data === undefined) {
      fault(
        path,
        `has no content: give it as an input (\`${kind}s\`), or by \`file\`, \`content\` or \`environment\``,
      );
      return [];
    }
    const size = Buffer.byteLength(data ?? '');
    if (!isDriven && data !== null && (size === 0 || size > limits[kind])) {
      fault(path, `has ${String(size)} bytes; the Engine takes 1 to ${String(limits[kind])}`);
    }
    const base = object.name ?? scoped(stack, key);
    const full = `${base}_${digests.file(kind, key, withSettings(data ?? '', object))}`;
    if (full.length > 64) fault(path, `would be named ${full}, which is longer than 64 characters`);
    return [
      {
        key,
        name: full,
        data: data ?? '',
        labels: { ...object.labels, [namespaceLabel]: stack },
        templateDriver: object.template_driver,
        ...(isDriven
          ? { driver: { Name: object.driver ?? '', Options: object.driver_opts ?? {} } }
          : {}),
      },
    ];
  });
}

/** What a digest is of: settings that the Engine does not change either, where there are any. */
function withSettings(data: string, object: ComposeFileObject): string {
  const { template_driver, driver, driver_opts, labels = {} } = object;
  const hasSettings =
    template_driver !== undefined || driver !== undefined || Object.keys(labels).length > 0;
  return hasSettings ? stable([data, { template_driver, driver, driver_opts, labels }]) : data;
}

function contentOf(
  key: string,
  { content, environment }: ComposeFileObject,
  given: StackContents['configs'],
  variables: Variables,
): string | null | undefined {
  if (Object.hasOwn(given, key)) return given[key];
  if (content !== undefined) return content;
  return environment !== undefined && Object.hasOwn(variables, environment)
    ? variables[environment]
    : undefined;
}

/** Those that services use; `default` needs no declaration. */
function stackNetworks(
  stack: string,
  { services, networks }: Compose,
  fault: Fault,
): Pick<StackPlan, 'networks' | 'externalNetworks'> {
  const used = new Set(
    Object.values(services).flatMap((service) => {
      const names = Object.keys(service.networks ?? {});
      return names.length === 0 ? ['default'] : names;
    }),
  );
  const own: StackNetwork[] = [];
  const externalNetworks: string[] = [];
  for (const key of [...used].sort()) {
    const network: ComposeNetwork = Object.hasOwn(networks, key) ? (networks[key] ?? {}) : {};
    const name = networkTarget(stack, key, network);
    if (network.external?.isExternal === true) {
      externalNetworks.push(name);
      continue;
    }
    const subnets = (network.ipam?.config ?? []).flatMap(({ subnet }) => subnet ?? []);
    if (network.driver !== undefined && network.driver !== 'overlay') {
      fault(
        ['networks', key, 'driver'],
        'must be overlay: a service reaches no other kind of network',
      );
    }
    own.push({
      name,
      body: {
        Name: name,
        CheckDuplicate: true,
        Driver: network.driver ?? 'overlay',
        Scope: 'swarm',
        Internal: network.internal ?? false,
        Attachable: network.attachable ?? false,
        Options: network.driver_opts ?? {},
        Labels: { ...network.labels, [namespaceLabel]: stack },
        ...(network.ipam?.driver !== undefined || subnets.length > 0
          ? {
              IPAM: {
                Driver: network.ipam?.driver ?? 'default',
                Config: subnets.map((subnet) => ({ Subnet: subnet })),
              },
            }
          : {}),
      },
    });
  }
  return { networks: own, externalNetworks };
}

/** Two services on one port of the routing mesh: the Engine would refuse the second, after the first has changed. */
function checkPorts(services: readonly StackService[], fault: Fault): void {
  const taken = new Map<string, string>();
  for (const { key, body } of services) {
    for (const { PublishMode, PublishedPort, Protocol } of body.EndpointSpec.Ports) {
      if (PublishMode !== 'ingress' || PublishedPort === 0) continue;
      const port = `${String(PublishedPort)}/${Protocol}`;
      const other = taken.get(port);
      if (other !== undefined) {
        fault(['services', key, 'ports'], `publishes ${port}, as the service ${other} does`);
      }
      taken.set(port, key);
    }
  }
}

/** Digests of what was sent go with it, so that a later look knows whether it is still this. */
function withDigests(body: StackServiceBody, { text }: Digests): StackServiceBody {
  const { Placement, ...task } = body.TaskTemplate;
  const container = task.ContainerSpec;
  // Placement alone replaces no task. The endpoint does, and the swarm itself forgets it in one case:
  // a service that had none (seen on 20.10.24 and 26.1.5).
  const digest = text(stable([task, body.EndpointSpec]));
  return {
    ...body,
    Labels: { ...body.Labels, [stackSpecLabel]: text(stable(body)) },
    TaskTemplate: {
      ...task,
      Placement,
      ContainerSpec: { ...container, Labels: { ...container.Labels, [stackTaskLabel]: digest } },
    },
  };
}

/** The same text for the same value, whatever the order of its keys. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
