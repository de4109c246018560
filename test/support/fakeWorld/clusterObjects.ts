import type { ServiceFacts, TaskFacts } from '../../../core/facts';
import type { ServiceSpec } from '../../../core/service';
import type { DockerApi } from '../../../effects/docker';
import { managedSwarm } from './clusterNodes';
import type { EngineCall } from './fakeDocker';
import { engineSpec } from './engineSpec';
import { ingressNetwork } from './ingress';
import { findNode } from './machines';
import { refusals } from './refusals';
import { isListed, predefinedNetworks, refuseUsed } from './stackObjects';
import {
  newId,
  nextVersion,
  type ServiceEntry,
  type SwarmState,
  type TaskEntry,
  type WorldState,
} from './state';
import { keepOneOfEachSlot, needsMove, taskTemplate } from './tasks';
import { timing } from './timing';

type ObjectsApi = Pick<
  DockerApi,
  | 'tasks'
  | 'services'
  | 'createService'
  | 'updateService'
  | 'placeService'
  | 'removeService'
  | 'overlayNetworks'
  | 'networks'
  | 'configs'
  | 'createConfig'
  | 'updateConfigLabels'
  | 'removeConfig'
>;

export function clusterObjects(call: EngineCall): ObjectsApi {
  return {
    tasks: (filter = {}) =>
      call('tasks', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (filter.serviceId !== undefined) findService(swarm, filter.serviceId);
        if (filter.nodeId !== undefined && findNode(swarm, filter.nodeId) === undefined) {
          throw refusals.noSuchNode(filter.nodeId);
        }
        return swarm.tasks
          .filter(
            (task) =>
              (filter.nodeId === undefined || task.nodeId === filter.nodeId) &&
              (filter.serviceId === undefined || task.serviceId === filter.serviceId),
          )
          .map((task) => taskFacts(swarm, task));
      }),
    services: () =>
      call('services', false, (state, machine) => managedServices(managedSwarm(state, machine))),
    createService: (spec, login) =>
      call('createService', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (swarm.services.some((service) => service.spec.name === spec.name)) {
          throw refusals.nameTaken('service', spec.name);
        }
        const id = newId(state);
        swarm.services.push({
          id,
          version: nextVersion(swarm),
          spec: structuredClone(spec),
          forced: 0,
          ...(login === undefined ? {} : { loginUser: login.username }),
        });
        return id;
      }),
    updateService: (serviceId, spec, login) =>
      call('updateService', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const service = findService(swarm, serviceId);
        const isOtherEndpoint = endpointText(spec) !== endpointText(service.spec);
        const forced = service.forced + (isOtherEndpoint ? 1 : 0);
        service.spec = structuredClone(spec);
        service.forced = forced;
        if (login !== undefined) service.loginUser = login.username;
        noteUpdate(state, swarm, service);
      }),
    placeService: ({ id, version }, { labels, constraints, updateConfig }) =>
      call('placeService', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const service = findService(swarm, id);
        if (service.version !== version) throw refusals.outOfSequence();
        service.spec = { ...service.spec, labels: { ...labels }, constraints: [...constraints] };
        if (updateConfig === undefined) delete service.updateConfig;
        else service.updateConfig = { ...updateConfig };
        noteUpdate(state, swarm, service);
        keepOneOfEachSlot(swarm, service);
        if (service.updateDueMs === undefined && needsMove(swarm, service)) {
          service.updateDueMs = state.nowMs + timing.updateStart;
        }
      }),
    removeService: (serviceId) =>
      call('removeService', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const { spec, stack } = findService(swarm, serviceId);
        swarm.services = swarm.services.filter((service) => service.id !== serviceId);
        // Its tasks hold on to their networks until they have ended.
        for (const network of swarm.networks) {
          if (stack === undefined || !network.services.includes(spec.name)) continue;
          network.services = network.services.filter((name) => name !== spec.name);
          network.busyUntilMs = state.nowMs + timing.taskStop;
        }
      }),
    overlayNetworks: () =>
      call('overlayNetworks', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const listed = swarm.networks.filter(
          (network) => isListed(network, state.nowMs) && network.kind === undefined,
        );
        const own = listed.map(({ id, name, subnet, labels = {} }) => ({
          ...{ id, name, labels, subnets: [subnet] },
          isIngress: false,
        }));
        return swarm.hasIngress ? [...own, ingressNetwork(swarm)] : own;
      }),
    networks: () =>
      call('networks', false, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const listed = swarm.networks
          .filter((network) => isListed(network, state.nowMs))
          .map(({ id, name, labels = {}, kind = { driver: 'overlay', scope: 'swarm' } }) => ({
            ...{ id, name, labels, ...kind },
          }));
        const ingress = swarm.hasIngress ? [ingressNetwork(swarm)] : [];
        const predefined = predefinedNetworks.map((name) => ({
          ...{
            id: `${machine.engine.membership?.nodeId ?? ''}-${name}`,
            name,
            labels: {},
            scope: 'local',
          },
          driver: name === 'none' ? 'null' : name,
        }));
        return [
          ...listed,
          ...ingress.map(({ id, name, labels }) => ({
            ...{ id, name, labels, driver: 'overlay', scope: 'swarm' },
          })),
          ...predefined,
        ];
      }),
    configs: () =>
      call('configs', false, (state, machine) =>
        managedSwarm(state, machine).configs.map(({ id, version, name, labels }) => ({
          id,
          version,
          name,
          labels,
        })),
      ),
    createConfig: (name, data, labels) =>
      call('createConfig', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (swarm.configs.some((config) => config.name === name)) {
          throw refusals.nameTaken('config', name);
        }
        const id = newId(state);
        swarm.configs.push({ id, version: nextVersion(swarm), name, data, labels: { ...labels } });
        return id;
      }),
    updateConfigLabels: (configId, version, labels) =>
      call('updateConfigLabels', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        const config = swarm.configs.find((candidate) => candidate.id === configId);
        if (config === undefined) throw refusals.noSuchConfig(configId);
        if (config.version !== version) throw refusals.outOfSequence();
        config.labels = { ...labels };
        config.version = nextVersion(swarm);
      }),
    removeConfig: (configId) =>
      call('removeConfig', true, (state, machine) => {
        const swarm = managedSwarm(state, machine);
        if (!swarm.configs.some((config) => config.id === configId)) {
          throw refusals.noSuchConfig(configId);
        }
        refuseUsed(swarm, 'config', swarm.configs.find(({ id }) => id === configId)?.name ?? '');
        swarm.configs = swarm.configs.filter((config) => config.id !== configId);
      }),
  };
}

export function findService(swarm: SwarmState, serviceId: string): ServiceEntry {
  const service = swarm.services.find((candidate) => candidate.id === serviceId);
  if (service === undefined) throw refusals.noSuchService(serviceId);
  return service;
}

/** The swarm begins to replace tasks a moment after an update that makes new ones necessary. */
export function noteUpdate(state: WorldState, swarm: SwarmState, service: ServiceEntry): void {
  delete service.update;
  delete service.updateDueMs;
  const template = taskTemplate(service);
  const isDirty = swarm.tasks.some(
    (task) =>
      task.serviceId === service.id &&
      task.desiredState === 'running' &&
      task.template !== template,
  );
  if (isDirty) service.updateDueMs = state.nowMs + timing.updateStart;
  service.version = nextVersion(swarm);
}

function endpointText({ endpointMode, ports }: ServiceSpec): string {
  return JSON.stringify([endpointMode, ports]);
}

function taskFacts(swarm: SwarmState, task: TaskEntry): TaskFacts {
  const { id, serviceId, slot, nodeId, state, desiredState, error, image, template, sinceMs } =
    task;
  const { iteration } = task;
  const service = swarm.services.find(({ id: own }) => own === serviceId);
  const networks = service === undefined ? [] : networksOf(swarm, service);
  return {
    id,
    serviceId,
    slot,
    nodeId,
    state,
    desiredState,
    error,
    image,
    template,
    sinceMs,
    networks,
    ...(iteration === undefined ? {} : { iteration }),
  };
}

function managedServices(swarm: SwarmState): ServiceFacts[] {
  return swarm.services.map((service) => serviceFacts(swarm, service));
}

function networksOf({ networks }: SwarmState, { spec }: ServiceEntry): string[] {
  return networks.filter(({ services }) => services.includes(spec.name)).map(({ id }) => id);
}

/** Of a stack's service alone: nothing reads another's. */
function specOf(swarm: SwarmState, service: ServiceEntry): Pick<ServiceFacts, 'spec'> {
  return service.stack === undefined ? {} : { spec: engineSpec(swarm, service, service.stack) };
}

function serviceFacts(swarm: SwarmState, service: ServiceEntry): ServiceFacts {
  const { spec, update } = service;
  const job = service.stack?.job;
  const hostPorts = spec.ports
    .filter(({ mode }) => mode === 'host')
    .map(({ published }) => published);
  return {
    id: service.id,
    version: service.version,
    name: spec.name,
    // As the Engine tells a job of either kind.
    mode: 'global' in spec.mode && job === undefined ? 'global' : 'replicated',
    replicas: job !== undefined ? 0 : 'global' in spec.mode ? undefined : spec.mode.replicas,
    ports: spec.ports.map(({ target, published, protocol, mode }) => ({
      ...{ Protocol: protocol, TargetPort: target, PublishedPort: published, PublishMode: mode },
    })),
    environment: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    ...(job === undefined
      ? {}
      : { job: { completions: job.completions, iteration: service.iteration ?? 0 } }),
    image: spec.image,
    template: taskTemplate(service),
    labels: spec.labels,
    virtualIpNetworks: spec.endpointMode === 'vip' ? networksOf(swarm, service) : [],
    constraints: spec.constraints,
    mobility: {
      hasVolumes: false,
      maxPerNode: 0,
      hasPreferences: false,
      restartDelaySeconds: undefined,
      updateConfig: service.updateConfig,
    },
    ...(hostPorts.length === 0 ? {} : { hostPorts }),
    ...(service.stack?.reservations === undefined
      ? {}
      : { reservations: service.stack.reservations }),
    ...specOf(swarm, service),
    ...(update === undefined
      ? {}
      : { updateStatus: { state: update.state, message: update.message } }),
  };
}
