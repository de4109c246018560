import { createHash } from 'node:crypto';
import { stackTaskLabel } from '../../../core/labels';
import type { PublishedPort, ServiceSpec } from '../../../core/service';
import type { StackServiceBody } from '../../../core/stack/serviceBody';
import { DockerApiError, type DockerApi } from '../../../effects/docker';
import { managedSwarm } from './clusterNodes';
import { findService, noteUpdate } from './clusterObjects';
import type { EngineCall } from './fakeDocker';
import { refusals } from './refusals';
import {
  newId,
  nextVersion,
  type NetworkEntry,
  type ServiceEntry,
  type StackPart,
  type SwarmState,
} from './state';

type StackApi = Pick<
  DockerApi,
  'deployService' | 'createNetwork' | 'removeNetwork' | 'secrets' | 'createSecret' | 'removeSecret'
>;

export function stackObjects(call: EngineCall): StackApi {
  return {
    deployService: (body, present, login) =>
      call('deployService', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const spec = structuredClone(specOf(body));
        const byLogin = login === undefined ? {} : { loginUser: login.username };
        const stack = structuredClone(stackOf(body));
        refuseMissing(swarm, stack);
        const service = present === undefined ? undefined : findService(swarm, present.id);
        if (service?.version !== present?.version) throw refusals.outOfSequence();
        attach(swarm, spec.name, stack);
        if (service === undefined) {
          if (swarm.services.some((service) => service.spec.name === spec.name)) {
            throw refusals.nameTaken('service', spec.name);
          }
          const id = newId(state);
          const entry = { id, version: nextVersion(swarm), spec, stack, forced: 0, ...byLogin };
          noteUpdateConfig(entry);
          swarm.services.push(entry);
          return id;
        }
        if (service.stack !== undefined) {
          service.former = { spec: service.spec, stack: service.stack };
        }
        service.spec = spec;
        service.stack = stack;
        Object.assign(service, byLogin);
        noteUpdateConfig(service);
        // Every update of a job is another run of it.
        if (stack.job !== undefined) service.iteration = (service.iteration ?? 0) + 1;
        noteUpdate(state, swarm, service);
        return service.id;
      }),
    createNetwork: ({ name, body }) =>
      call('createNetwork', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        swarm.networks = swarm.networks.filter((network) => isListed(network, state.nowMs));
        if (swarm.networks.some((network) => network.name === name)) {
          throw refusals.nameTaken('network', name);
        }
        const id = newId(state);
        const labels = { ...(body['Labels'] as Record<string, string>) };
        const subnet = `10.200.${String(swarm.networks.length)}.0/24`;
        swarm.networks.push({ id, name, subnet, services: [], labels, ...kindOf(body) });
        return id;
      }),
    removeNetwork: (networkId) =>
      call('removeNetwork', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const network = swarm.networks.find(({ id }) => id === networkId);
        if (network === undefined) throw refusals.noSuch('network', networkId);
        const [user] = network.services;
        if (user !== undefined) throw refusals.networkInUse(networkId, `service ${user}`);
        if (network.isRemoved === true) throw refusals.noSuch('network', networkId);
        network.isRemoved = true;
      }),
    secrets: () =>
      call('secrets', false, (state, machine) =>
        managedSwarm(state, machine).secrets.map(({ id, name, labels }) => ({ id, name, labels })),
      ),
    createSecret: ({ name, data, labels }) =>
      call('createSecret', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (swarm.secrets.some((secret) => secret.name === name)) {
          throw refusals.nameTaken('secret', name);
        }
        const id = newId(state);
        const digest = createHash('sha256').update(data).digest('hex');
        const version = nextVersion(swarm);
        swarm.secrets.push({ id, version, name, digest, labels: { ...labels } });
        return id;
      }),
    removeSecret: (secretId) =>
      call('removeSecret', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const secret = swarm.secrets.find(({ id }) => id === secretId);
        if (secret === undefined) throw refusals.noSuch('secret', secretId);
        refuseUsed(swarm, 'secret', secret.name);
        swarm.secrets = swarm.secrets.filter(({ id }) => id !== secretId);
      }),
  };
}

function kindOf(body: Readonly<Record<string, unknown>>): Pick<NetworkEntry, 'kind'> {
  // What other networks are made from is no network, and each node's own.
  if (body['ConfigOnly'] === true) return { kind: { driver: 'null', scope: 'local' } };
  const [driver, scope] = [body['Driver'], body['Scope']].map(String);
  return driver === 'overlay' || driver === undefined || scope === undefined
    ? {}
    : { kind: { driver, scope } };
}

/** `update_config` as it was sent. */
export function noteUpdateConfig(service: ServiceEntry): void {
  const sent = service.stack?.body.UpdateConfig;
  if (sent === undefined) delete service.updateConfig;
  else service.updateConfig = { ...sent };
}

/** A config or a secret that a service names cannot be removed. */
export function refuseUsed(swarm: SwarmState, kind: 'config' | 'secret', name: string): void {
  const user = swarm.services.find(
    ({ stack }) => stack?.[kind === 'config' ? 'configs' : 'secrets'].includes(name) === true,
  );
  if (user !== undefined) throw refusals.inUse(kind, name, user.spec.name);
}

/** An engine lists a network that was removed until the last task on it has ended. */
export function isListed({ isRemoved, busyUntilMs = 0 }: NetworkEntry, nowMs: number): boolean {
  return isRemoved !== true || nowMs < busyUntilMs;
}

/** The engines' own, on every node. */
export const predefinedNetworks: readonly string[] = ['bridge', 'host', 'none'];

function attach({ networks }: SwarmState, service: string, stack: StackPart): void {
  for (const network of networks) {
    const others = network.services.filter((name) => name !== service);
    network.services = stack.networks.includes(network.name) ? [...others, service] : others;
  }
}

function refuseMissing(swarm: SwarmState, stack: StackPart): void {
  const refuse = (
    kind: string,
    wanted: readonly string[],
    present: readonly { readonly name: string }[],
  ): void => {
    const missing = wanted.find((name) => !present.some((each) => each.name === name));
    if (missing !== undefined) throw new DockerApiError(404, `${kind} ${missing} not found`);
  };
  refuse('config', stack.configs, swarm.configs);
  refuse('secret', stack.secrets, swarm.secrets);
  const other = stack.networks.filter((name) => !predefinedNetworks.includes(name));
  refuse('network', other, swarm.networks);
}

/** What the rest of this world knows of a service. */
function specOf(body: StackServiceBody): ServiceSpec {
  const { ContainerSpec: container, Placement } = body.TaskTemplate;
  const isGlobal = body.Mode.Global !== undefined || body.Mode.GlobalJob !== undefined;
  const jobReplicas = jobOf(body).job?.completions;
  const entries = container.Env.map((entry) => entry.split('='));
  return {
    name: body.Name,
    image: container.Image,
    command: (container['Args'] as readonly string[] | undefined) ?? [],
    environment: Object.fromEntries(entries.map(([name = '', ...rest]) => [name, rest.join('=')])),
    mode: isGlobal
      ? { global: true }
      : { replicas: jobReplicas ?? body.Mode.Replicated?.Replicas ?? 0 },
    constraints: Placement.Constraints,
    ports: body.EndpointSpec.Ports.map((port): PublishedPort => ({
      target: port.TargetPort,
      published: port.PublishedPort,
      protocol: port.Protocol === 'udp' ? 'udp' : 'tcp',
      mode: port.PublishMode,
    })),
    endpointMode: body.EndpointSpec.Mode ?? 'vip',
    stopGraceSeconds: 10,
    labels: body.Labels,
  };
}

function jobOf({ Mode, TaskTemplate }: StackServiceBody): Pick<StackPart, 'job'> {
  const { ReplicatedJob, GlobalJob } = Mode;
  if (ReplicatedJob === undefined && GlobalJob === undefined) return {};
  const completions = (ReplicatedJob as { readonly TotalCompletions?: number } | undefined)
    ?.TotalCompletions;
  const policy = TaskTemplate.RestartPolicy as { readonly Condition?: string } | undefined;
  return {
    job: {
      ...(ReplicatedJob === undefined ? {} : { completions: completions ?? 1 }),
      isRetried: policy?.Condition !== 'none',
    },
  };
}

function stackOf(body: StackServiceBody): StackPart {
  const { ContainerSpec: container, Networks, Resources } = body.TaskTemplate;
  const { NanoCPUs = 0, MemoryBytes = 0 } = Resources.Reservations ?? {};
  const reserves = NanoCPUs > 0 || MemoryBytes > 0;
  return {
    ...(reserves ? { reservations: { nanoCpus: NanoCPUs, memoryBytes: MemoryBytes } } : {}),
    body,
    task: container.Labels[stackTaskLabel] ?? '',
    ...jobOf(body),
    failureAction: body.UpdateConfig?.FailureAction ?? 'pause',
    networks: Networks.map(({ Target }) => Target),
    configs: container.Configs.map(({ name }) => name),
    secrets: container.Secrets.map(({ name }) => name),
  };
}
