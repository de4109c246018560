import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type {
  ConfigFacts,
  EngineInfo,
  ImageFacts,
  IngressFacts,
  LocalDataFacts,
  NodeCertificate,
  NodeRole,
  NetworkFacts,
  OverlayNetworkFacts,
  ServiceFacts,
  SwarmFacts,
  SwarmNodeFacts,
  SwarmObjectFacts,
  TaskFacts,
} from '../../core/facts';
import { bracketed } from '../../core/addresses';
import { SwarmError, errorMessage } from '../../core/errors';
import { plainEngineVersion } from '../../core/parse/engineVersion';
import type { Placement } from '../../core/moves';
import type { ServiceSpec } from '../../core/service';
import type { StackServiceBody } from '../../core/stack/serviceBody';
import type { StackFile, StackNetwork } from '../../core/stack/stackPlan';
import {
  type DockerApi,
  DockerApiError,
  type NodeChange,
  type NodeFilter,
  type OnProgress,
  type SeenService,
  type SwarmInitRequest,
  type SwarmJoinRequest,
} from '../docker';
import type { RegistryLogin } from '../../core/images';
import { EventFeed } from '../eventFeed';
import { localFileSize } from '../localFiles';
import type { Exec } from '../ssh/sshExec';
import type { Tunnel } from '../ssh/tunnel';
import { selectsHttp2 } from './alpn';
import * as answers from './answers';
import { runContainerCheck } from './containerCheck';
import type { CallOptions, EngineClient } from './engineClient';
import { engineEvents } from './engineEvents';
import { gatherIngress, gatherNetworks, gatherOverlayNetworks } from './overlayNetworks';
import { imageFacts, pullImage, registryLacks, saveImage, withLogin } from './imageTransfer';
import { loadError } from './loadError';
import { gatherLocalData } from './localData';
import { readNodeCertificate } from './nodeCertificate';
import { hasRaftLog } from './raftLog';
import { retryConflict } from './retryConflict';
import { placedBody, serviceBody } from './serviceBody';
import { withFileIds } from './stackService';

const swarmPort = 2377;
/** The daemon itself gives a join or an init 20 s, and then goes on in the background. */
const membershipSeconds = 60;
/** A leave stops every task's container first. */
const leaveSeconds = 180;
const loadSeconds = 1800;

/** The Engine's API of one host. */
export class EngineApi implements DockerApi {
  private readonly events: EventFeed;

  constructor(
    private readonly subject: string,
    private readonly client: EngineClient,
    private readonly exec: Exec,
    private readonly tunnel: Tunnel,
  ) {
    this.events = new EventFeed(engineEvents(client));
  }

  async version(): Promise<string> {
    return plainEngineVersion((await this.client.get(answers.versionAnswer, '/version')).Version);
  }

  info(): Promise<EngineInfo> {
    return this.client.get(answers.infoAnswer, '/info');
  }

  listen(wake: () => void): () => void {
    return this.events.listen(wake);
  }

  swarmInit(request: SwarmInitRequest): Promise<string> {
    return this.client.post(answers.nodeIdAnswer, '/swarm/init', {
      timeoutSeconds: membershipSeconds,
      body: {
        ...addresses(request.advertiseAddress),
        Availability: request.availability,
        DefaultAddrPool: request.addressPools,
        ...(request.subnetSize === undefined ? {} : { SubnetSize: request.subnetSize }),
        Spec: { Labels: request.labels },
      },
    });
  }

  async forceNewCluster(request: { readonly advertiseAddress: string }): Promise<void> {
    const { localNodeState, isControlAvailable } = await this.info();
    if (!isControlAvailable) {
      // Outside a swarm the engine would found one, and a worker's engine never answers again.
      throw new SwarmError(
        'NotAManager',
        `${this.subject}: it is no manager by its own word (${localNodeState}); nothing was asked of it; only a manager can carry a swarm on alone`,
        { source: 'world' },
      );
    }
    if ((await this.nodeCertificate())?.isKeyEncrypted === true) {
      // It stops the swarm's runtime, finds that it cannot read the state, and shows the node as in no swarm.
      throw new SwarmError(
        'ManagerAutolocked',
        `${this.subject}: its raft state is encrypted (autolock), and the Engine cannot make such a manager the only one; nothing was asked of it; bring a majority back`,
        { source: 'world' },
      );
    }
    await this.client.command('POST', '/swarm/init', {
      timeoutSeconds: membershipSeconds,
      body: { ...addresses(request.advertiseAddress), ForceNewCluster: true },
    });
  }

  nodeCertificate(): Promise<NodeCertificate | undefined> {
    return readNodeCertificate(this.subject, this.exec);
  }

  hasRaftLog(): Promise<boolean | undefined> {
    return hasRaftLog(this.exec);
  }

  async offersAlpn(address: string): Promise<boolean> {
    try {
      return await selectsHttp2(await this.tunnel(address, swarmPort));
    } catch (error) {
      throw new SwarmError(
        'ProbeFailed',
        `${this.subject}: cannot try ${address}:${String(swarmPort)} by TLS (${errorMessage(error)}); whether it offers ALPN is not known; let sshd forward TCP (AllowTcpForwarding)`,
        { source: 'world', cause: error },
      );
    }
  }

  async swarmJoin(request: SwarmJoinRequest): Promise<void> {
    await this.client.command('POST', '/swarm/join', {
      timeoutSeconds: membershipSeconds,
      body: {
        ...addresses(request.advertiseAddress),
        Availability: request.availability,
        RemoteAddrs: [request.remoteAddress],
        JoinToken: request.token,
      },
    });
  }

  async swarmLeave(options: { readonly force: boolean }): Promise<void> {
    await this.client.command('POST', '/swarm/leave', {
      query: { force: String(options.force) },
      timeoutSeconds: leaveSeconds,
    });
  }

  swarm(): Promise<SwarmFacts> {
    return this.client.get(answers.swarmAnswer, '/swarm');
  }

  async joinToken(role: NodeRole): Promise<string> {
    const { JoinTokens } = await this.client.get(answers.joinTokensAnswer, '/swarm');
    return role === 'manager' ? JoinTokens.Manager : JoinTokens.Worker;
  }

  async setSwarmLabels(labels: Readonly<Record<string, string>>): Promise<void> {
    await retryConflict(async () => {
      const { Version, Spec } = await this.client.get(answers.swarmSpecAnswer, '/swarm');
      if (Object.entries(labels).every(([name, value]) => Spec.Labels[name] === value)) {
        return;
      }
      await this.client.command('POST', '/swarm/update', {
        query: { version: String(Version.Index) },
        body: { ...Spec, Labels: { ...Spec.Labels, ...labels } },
      });
    });
  }

  async setSnapshotInterval(
    entries: number,
    labels: Readonly<Record<string, string>>,
  ): Promise<void> {
    await retryConflict(async () => {
      const { Version, Spec } = await this.client.get(answers.swarmSpecAnswer, '/swarm');
      await this.client.command('POST', '/swarm/update', {
        query: { version: String(Version.Index) },
        body: {
          ...Spec,
          Labels: { ...Spec.Labels, ...labels },
          Raft: { ...Spec.Raft, SnapshotInterval: entries },
        },
      });
    });
  }

  async setAutolock(isOn: boolean): Promise<void> {
    await retryConflict(async () => {
      const { Version, Spec } = await this.client.get(answers.swarmSpecAnswer, '/swarm');
      if ((Spec.EncryptionConfig?.AutoLockManagers ?? false) === isOn) {
        return;
      }
      await this.client.command('POST', '/swarm/update', {
        query: { version: String(Version.Index) },
        body: { ...Spec, EncryptionConfig: { ...Spec.EncryptionConfig, AutoLockManagers: isOn } },
      });
    });
  }

  async unlockKey(): Promise<string | undefined> {
    const { UnlockKey } = await this.client.get(answers.unlockKeyAnswer, '/swarm/unlockkey');
    return UnlockKey === '' ? undefined : UnlockKey;
  }

  async swarmUnlock(key: string): Promise<void> {
    await this.client.command('POST', '/swarm/unlock', {
      body: { UnlockKey: key },
      timeoutSeconds: membershipSeconds,
    });
  }

  nodes(filter?: NodeFilter): Promise<readonly SwarmNodeFacts[]> {
    return this.client.get(
      answers.listOf(answers.nodeAnswer),
      '/nodes',
      filter === undefined ? {} : { query: { filters: JSON.stringify(nodeFilters(filter)) } },
    );
  }

  async node(nodeId: string): Promise<SwarmNodeFacts | undefined> {
    // An empty one would ask for something else.
    if (nodeId === '') return undefined;
    try {
      const path = `/nodes/${encodeURIComponent(nodeId)}`;
      const node = await this.client.get(answers.nodeAnswer, path);
      // What is no ID is taken for a name, or for the beginning of one.
      return node.id === nodeId ? node : undefined;
    } catch (error) {
      if (error instanceof DockerApiError && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  async updateNode(nodeId: string, change: NodeChange): Promise<void> {
    const path = `/nodes/${encodeURIComponent(nodeId)}`;
    await retryConflict(async () => {
      const { Version, Spec } = await this.client.get(answers.nodeSpecAnswer, path);
      await this.client.command('POST', `${path}/update`, {
        query: { version: String(Version.Index) },
        body: {
          ...Spec,
          Role: change.role ?? Spec.Role,
          Availability: change.availability ?? Spec.Availability,
          Labels: change.labels ?? Spec.Labels,
        },
      });
    });
  }

  async removeNode(nodeId: string, options: { readonly force: boolean }): Promise<void> {
    await this.client.command('DELETE', `/nodes/${encodeURIComponent(nodeId)}`, {
      query: { force: String(options.force) },
    });
  }

  tasks(
    filter: { readonly nodeId?: string; readonly serviceId?: string } = {},
  ): Promise<readonly TaskFacts[]> {
    const filters = {
      ...(filter.nodeId === undefined ? {} : { node: [filter.nodeId] }),
      ...(filter.serviceId === undefined ? {} : { service: [filter.serviceId] }),
    };
    return this.client.get(answers.listOf(answers.taskAnswer), '/tasks', {
      query: { filters: JSON.stringify(filters) },
    });
  }

  services(): Promise<readonly ServiceFacts[]> {
    return this.client.get(answers.listOf(answers.serviceAnswer), '/services');
  }

  async createService(spec: ServiceSpec, login?: RegistryLogin): Promise<string> {
    const { ID } = await this.client.post(answers.serviceIdAnswer, '/services/create', {
      body: serviceBody(spec),
      ...withLogin(login),
    });
    return ID;
  }

  async deployService(
    body: StackServiceBody,
    present?: SeenService,
    login?: RegistryLogin,
  ): Promise<string> {
    const sent = await withFileIds(this, body);
    if (present === undefined) {
      const { ID } = await this.client.post(answers.serviceIdAnswer, '/services/create', {
        body: sent,
        ...withLogin(login),
      });
      return ID;
    }
    const path = `/services/${encodeURIComponent(present.id)}`;
    const { Spec } = await this.client.get(answers.serviceSpecAnswer, path);
    const { ForceUpdate } = Spec.TaskTemplate;
    await this.client.command('POST', `${path}/update`, {
      // Not repeated on a conflict: the whole body would go over what somebody else has changed.
      query: { version: String(present.version) },
      // A counter that goes back would replace every task.
      body: { ...sent, TaskTemplate: { ...sent.TaskTemplate, ForceUpdate } },
      ...withLogin(login),
    });
    return present.id;
  }

  async updateService(serviceId: string, spec: ServiceSpec, login?: RegistryLogin): Promise<void> {
    const path = `/services/${encodeURIComponent(serviceId)}`;
    await retryConflict(async () => {
      const { Version, Spec } = await this.client.get(answers.serviceSpecAnswer, path);
      await this.client.command('POST', `${path}/update`, {
        query: { version: String(Version.Index) },
        body: serviceBody(spec, Spec),
        ...withLogin(login),
      });
    });
  }

  async placeService(seen: SeenService, placement: Placement): Promise<void> {
    const path = `/services/${encodeURIComponent(seen.id)}`;
    const { Version, Spec } = await this.client.get(answers.wholeServiceAnswer, path);
    // Of what was read just now nothing is sent back over a change that nobody has looked at.
    if (Version.Index !== seen.version) throw new DockerApiError(500, 'update out of sequence');
    await this.client.command('POST', `${path}/update`, {
      query: { version: String(seen.version) },
      body: placedBody(Spec, placement),
    });
  }

  async removeService(serviceId: string): Promise<void> {
    await this.client.command('DELETE', `/services/${encodeURIComponent(serviceId)}`);
  }

  ingressNetwork(): Promise<IngressFacts | undefined> {
    return gatherIngress(this.client);
  }

  overlayNetworks(): Promise<readonly OverlayNetworkFacts[]> {
    return gatherOverlayNetworks(this.client);
  }

  networks(): Promise<readonly NetworkFacts[]> {
    return gatherNetworks(this.client);
  }

  async createNetwork({ body }: StackNetwork): Promise<string> {
    const { Id } = await this.client.post(answers.networkIdAnswer, '/networks/create', { body });
    return Id;
  }

  async removeNetwork(networkId: string): Promise<void> {
    await this.client.command('DELETE', `/networks/${encodeURIComponent(networkId)}`);
  }

  secrets(): Promise<readonly SwarmObjectFacts[]> {
    return this.client.get(answers.listOf(answers.configAnswer), '/secrets');
  }

  async createSecret({ name, data, labels, driver, templateDriver }: StackFile): Promise<string> {
    const { ID } = await this.client.post(answers.serviceIdAnswer, '/secrets/create', {
      body: {
        Name: name,
        Labels: labels,
        Data: Buffer.from(data, 'utf8').toString('base64'),
        ...(driver === undefined ? {} : { Driver: driver }),
        ...(templateDriver === undefined ? {} : { Templating: { Name: templateDriver } }),
      },
    });
    return ID;
  }

  async removeSecret(secretId: string): Promise<void> {
    await this.client.command('DELETE', `/secrets/${encodeURIComponent(secretId)}`);
  }

  configs(): Promise<readonly ConfigFacts[]> {
    return this.client.get(answers.listOf(answers.configAnswer), '/configs');
  }

  async createConfig(
    name: string,
    data: string,
    labels: Readonly<Record<string, string>>,
    templateDriver?: string,
  ): Promise<string> {
    const { ID } = await this.client.post(answers.serviceIdAnswer, '/configs/create', {
      body: {
        Name: name,
        Labels: labels,
        Data: Buffer.from(data, 'utf8').toString('base64'),
        ...(templateDriver === undefined ? {} : { Templating: { Name: templateDriver } }),
      },
    });
    return ID;
  }

  async updateConfigLabels(
    configId: string,
    version: number,
    labels: Readonly<Record<string, string>>,
  ): Promise<void> {
    const path = `/configs/${encodeURIComponent(configId)}`;
    const { Spec } = await this.client.get(answers.configSpecAnswer, path);
    await this.client.command('POST', `${path}/update`, {
      query: { version: String(version) },
      body: { ...Spec, Labels: labels },
    });
  }

  async removeConfig(configId: string): Promise<void> {
    await this.client.command('DELETE', `/configs/${encodeURIComponent(configId)}`);
  }

  async images(): Promise<readonly string[]> {
    const images = await this.client.get(z.array(answers.imageAnswer), '/images/json');
    return images
      .flatMap(({ RepoTags }) => RepoTags ?? [])
      .filter((reference) => reference !== '<none>:<none>');
  }

  async loadImage(localPath: string): Promise<void> {
    const bytes = await localFileSize(localPath);
    await this.load({ bytes, open: () => createReadStream(localPath) });
  }

  image(reference: string): Promise<ImageFacts | undefined> {
    return imageFacts(this.client, reference);
  }

  pullImage(
    reference: string,
    options: { readonly login: RegistryLogin | undefined; readonly onProgress: OnProgress },
  ): Promise<void> {
    return pullImage(this.client, reference, options);
  }

  registryLacks(reference: string, login: RegistryLogin | undefined): Promise<string | undefined> {
    return registryLacks(this.client, reference, login);
  }

  saveImage<T>(
    reference: string,
    onBytes: (bytes: number) => void,
    use: (archive: Readable) => Promise<T>,
  ): Promise<T> {
    return saveImage(this.client, reference, onBytes, use);
  }

  loadArchive(archive: Readable): Promise<void> {
    return this.load({ bytes: undefined, open: () => archive });
  }

  private async load(archive: NonNullable<CallOptions['archive']>): Promise<void> {
    const progress = await this.client.command('POST', '/images/load', {
      query: { quiet: 'true' },
      archive,
      timeoutSeconds: loadSeconds,
    });
    const error = loadError(progress);
    if (error !== undefined) {
      throw new DockerApiError(500, error);
    }
  }

  runContainerCheck(): Promise<void> {
    return runContainerCheck(this.subject, this.client, (localPath) => this.loadImage(localPath));
  }

  localData(): Promise<LocalDataFacts> {
    return gatherLocalData(this.subject, this.client, this.exec);
  }
}

function nodeFilters(filter: NodeFilter): Readonly<Record<string, readonly string[]>> {
  if ('name' in filter) return { name: [filter.name] };
  // `label` alone would mean those of the engine. Since API 1.39 (moby#37650).
  if ('label' in filter) return { 'node.label': [filter.label] };
  // By the role that a node has, which it loses after its membership of raft (swarmkit, roleManager).
  return { role: [filter.role] };
}

/**
 * The address fields of an init or a join. All are concrete: without a listen address the API refuses
 * (moby#49159), and with an unspecified one dockerd looks for a route on each of its starts and fails
 * when the network is not up yet (moby#34794).
 */
function addresses(ip: string): Readonly<Record<string, string>> {
  const listen = `${bracketed(ip)}:${swarmPort}`;
  return { ListenAddr: listen, AdvertiseAddr: listen, DataPathAddr: ip };
}
