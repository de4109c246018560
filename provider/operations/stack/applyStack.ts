import { SwarmError } from '../../../core/errors';
import type {
  ConfigFacts,
  NetworkFacts,
  ServiceFacts,
  SwarmNodeFacts,
  SwarmObjectFacts,
  TaskFacts,
} from '../../../core/facts';
import { failedJobTasks, updateHalt } from '../../../core/services';
import type { StackFile, StackPlan, StackService } from '../../../core/stack/stackPlan';
import { isAsPlanned, isSameService } from '../../../core/stack/stackProgress';
import { imageFindings, type ImageSight } from '../../../core/stack/imageFindings';
import { swarmFindings, type SwarmFindings } from '../../../core/stack/swarmFindings';
import { DockerApiError } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { askManager, type SwarmAccess } from '../ask/managers';
import type { Logins } from '../service/registryLogins';
import { lacksIpvs } from './lacksIpvs';
import { lookAtImages, type ImageSources } from './stackImages';
import {
  isOurs,
  ownedLabels,
  refuseForeign,
  refuseIncomplete,
  type StackOwner,
} from './stackObjects';

/** What the swarm had when it was looked at. */
export interface PresentObjects {
  readonly services: readonly ServiceFacts[];
  readonly networks: readonly NetworkFacts[];
  /** Those that the manager which was asked has for itself: no service reaches them. */
  readonly localNetworks: readonly NetworkFacts[];
  readonly configs: readonly ConfigFacts[];
  readonly secrets: readonly SwarmObjectFacts[];
  readonly tasks: readonly TaskFacts[];
  readonly nodes: readonly SwarmNodeFacts[];
  /** Why services would have no virtual IP on these nodes, where they need one. */
  readonly lacksIpvs: string | undefined;
  /** Images that some node lacks, as far as that was seen. */
  readonly images: readonly ImageSight[];
}

/** What a stack is measured by beside the swarm. */
export interface Beside extends ImageSources {
  /** Other stacks that this very run brings to the swarm. */
  readonly neighbours: readonly StackPlan[];
}

/**
 * Looks at what the swarm has of a plan; whatever stands in the way is found before anything is touched.
 *
 * @throws SwarmError `StackExists`, `StackIncomplete`, `StackImpossible`
 */
export async function lookAtStack(
  operation: Operation,
  access: SwarmAccess,
  owner: StackOwner,
  plan: StackPlan,
  beside: Beside,
): Promise<PresentObjects> {
  const present = await operation.step(`look at what the swarm has of stack ${plan.name}`, () =>
    gatherStack(operation, access, plan, beside),
  );
  refuseIncomplete(plan, present);
  refuseInTheWay(owner, plan, present);
  for (const sentence of doubts(owner, plan, present, beside)) operation.log('warning', sentence);
  return present;
}

export function gatherStack(
  operation: Operation,
  access: SwarmAccess,
  plan: StackPlan,
  sources: ImageSources,
  timeoutSeconds?: number,
): Promise<PresentObjects> {
  return askManager(
    operation,
    access,
    async ({ docker, contact }) => {
      const [services, allNetworks, configs, secrets, tasks, nodes] = await Promise.all([
        docker.services(),
        docker.networks(),
        docker.configs(),
        docker.secrets(),
        docker.tasks(),
        docker.nodes(),
      ]);
      const host = await operation.effects.hosts.connect(contact.connection);
      const lacking = await lacksIpvs(host, contact.name, plan);
      const images = await lookAtImages(operation, docker, plan, nodes, sources);
      const isOfSwarm = ({ scope }: NetworkFacts): boolean => scope === 'swarm';
      return {
        ...{ services, configs, secrets, tasks, nodes, images },
        networks: allNetworks.filter(isOfSwarm),
        localNetworks: allNetworks.filter((network) => !isOfSwarm(network)),
        lacksIpvs: lacking,
      };
    },
    timeoutSeconds === undefined ? {} : { timeoutSeconds },
  );
}

/** @throws SwarmError `StackExists`, `StackImpossible` */
export function refuseInTheWay(owner: StackOwner, plan: StackPlan, present: PresentObjects): void {
  refuseForeign(owner, 'service', serviceNames(plan), present.services);
  refuseForeign(owner, 'network', plan.networks.map(nameOf), present.networks);
  refuseForeign(owner, 'config', plan.configs.map(nameOf), present.configs);
  refuseForeign(owner, 'secret', plan.secrets.map(nameOf), present.secrets);
  const { impossible } = findings(owner, plan, present, []);
  if (impossible.length === 0) return;
  throw new SwarmError(
    'StackImpossible',
    `${plan.name}: the swarm cannot run it as it is declared; nothing was touched: ${impossible.join('; ')}`,
    { source: 'user' },
  );
}

/** What may not go well, as sentences. */
export function doubts(
  owner: StackOwner,
  plan: StackPlan,
  present: PresentObjects,
  { neighbours }: Pick<Beside, 'neighbours'>,
): readonly string[] {
  const lacking = present.lacksIpvs === undefined ? [] : [present.lacksIpvs];
  return [...lacking, ...findings(owner, plan, present, neighbours).doubtful].map(
    (sentence) => `stack ${plan.name}: ${sentence}`,
  );
}

function findings(
  owner: StackOwner,
  plan: StackPlan,
  { services, nodes, images }: PresentObjects,
  neighbours: readonly StackPlan[],
): SwarmFindings {
  const own = serviceNames(plan);
  const others = services.filter(
    ({ name, labels }) => !own.includes(name) && !isOurs(owner, labels),
  );
  const found = [
    swarmFindings(plan, { others, nodes, neighbours }),
    imageFindings(plan, nodes, images),
  ];
  return {
    impossible: found.flatMap(({ impossible }) => impossible),
    doubtful: found.flatMap(({ doubtful }) => doubtful),
  };
}

function serviceNames({ services }: StackPlan): readonly string[] {
  return services.map(({ body }) => body.Name);
}

/**
 * Makes the swarm have the services of a plan, and what they need; old configs and secrets stay, since
 * an update may yet go back to them. Safe to repeat: what is there already is left alone.
 *
 * @returns the services that were created or updated.
 */
export async function applyStack(
  operation: Operation,
  access: SwarmAccess,
  owner: StackOwner,
  plan: StackPlan,
  { services, networks, configs, secrets, tasks }: PresentObjects,
  logins: Logins = noLogins,
): Promise<readonly StackService[]> {
  const isMissing =
    (objects: readonly { readonly name: string }[]) =>
    ({ name }: { readonly name: string }): boolean =>
      !objects.some((each) => each.name === name);
  for (const network of plan.networks.filter(isMissing(networks))) {
    const labels = network.body['Labels'] as Readonly<Record<string, string>>;
    const body = { ...network.body, Labels: ownedLabels(owner, labels) };
    await create(operation, access, `create network ${network.name}`, ({ docker }) =>
      docker.createNetwork({ ...network, body }),
    );
  }
  const labelled = (file: StackFile): StackFile => ({
    ...file,
    labels: ownedLabels(owner, file.labels),
  });
  for (const config of plan.configs.filter(isMissing(configs)).map(labelled)) {
    await create(operation, access, `create config ${config.name}`, ({ docker }) =>
      docker.createConfig(config.name, config.data, config.labels, config.templateDriver),
    );
  }
  for (const secret of plan.secrets.filter(isMissing(secrets)).map(labelled)) {
    await create(operation, access, `create secret ${secret.name}`, ({ docker }) =>
      docker.createSecret(secret),
    );
  }

  // First those that are to go: another one may want their port.
  for (const { id, name, labels } of services) {
    if (isOurs(owner, labels) && !serviceNames(plan).includes(name)) {
      await operation.step(`remove service ${name}`, () =>
        askManager(operation, access, ({ docker }) => gone(docker.removeService(id))),
      );
    }
  }
  const changed: StackService[] = [];
  for (const service of plan.services) {
    const owned = ownedService(owner, service);
    const found = services.find(({ name }) => name === owned.body.Name);
    // One whose update stopped half-way, or that gave up, goes on by another update alone.
    const isStuck =
      found !== undefined &&
      (updateHalt(found) !== undefined || failedJobTasks(found, tasks).length > 0);
    const { Image } = owned.body.TaskTemplate.ContainerSpec;
    const isDone = found !== undefined && !isStuck && isAsPlanned(owned, found, networks);
    if (isDone && !logins.isNew(Image)) {
      // As it should be: an update would forget what it was before, and its last update.
      continue;
    }
    await deploy(operation, access, owner, owned, found, logins);
    changed.push(service);
  }
  return changed;
}

const noLogins: Logins = { of: () => undefined, isNew: () => false };

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

export function ownedService(owner: StackOwner, { key, body }: StackService): StackService {
  return { key, body: { ...body, Labels: ownedLabels(owner, body.Labels) } };
}

async function deploy(
  operation: Operation,
  access: SwarmAccess,
  owner: StackOwner,
  service: StackService,
  found: ServiceFacts | undefined,
  logins: Logins,
): Promise<void> {
  const { body } = service;
  let isAskedAgain = false;
  await operation.step(`${found === undefined ? 'create' : 'update'} service ${body.Name}`, () =>
    askManager(operation, access, async ({ docker }) => {
      const present = (await docker.services()).find(({ name }) => name === body.Name);
      const isDone = (isAskedAgain || found === undefined) && hasArrived(service, found, present);
      isAskedAgain = true;
      if (isDone) return;
      if (present !== undefined) refuseChanged(owner, found, present);
      const login = logins.of(body.TaskTemplate.ContainerSpec.Image);
      await docker.deployService(body, present, login);
    }),
  );
}

/**
 * An answer may be lost, and what was asked has come true. The same again would be an update of its own:
 * what the swarm goes back to would be this very spec, and a job would run twice.
 */
function hasArrived(
  service: StackService,
  before: ServiceFacts | undefined,
  present: ServiceFacts | undefined,
): boolean {
  if (present === undefined) return false;
  const isHalted = updateHalt(present) !== undefined;
  const wasHalted = before !== undefined && updateHalt(before) !== undefined;
  // An update that has stopped since, or been taken back, has been there: the watch tells of it.
  return isHalted ? !wasHalted : isAsPlanned(service, present);
}

/** @throws SwarmError `StackExists`, or `StackChanged` when somebody has changed the service since it was looked at. */
function refuseChanged(
  owner: StackOwner,
  before: ServiceFacts | undefined,
  present: ServiceFacts,
): void {
  refuseForeign(owner, 'service', [present.name], [present]);
  if (before !== undefined && isSameService(before, present)) return;
  throw new SwarmError(
    'StackChanged',
    `${owner.name}: somebody else has ${before === undefined ? 'made' : 'changed'} the service ${present.name} since this run looked at it; that was not overwritten; see what it was (\`docker service inspect ${present.name}\`), and run \`pulumi up\` again`,
    { source: 'world' },
  );
}

/** A name that is taken since the look was taken by a lost answer's own call, or by an operation that ended meanwhile. */
async function create(
  operation: Operation,
  access: SwarmAccess,
  sentence: string,
  ask: Parameters<typeof askManager<string>>[2],
): Promise<void> {
  await operation.step(sentence, () =>
    askManager(operation, access, async (manager) => {
      try {
        await ask(manager);
      } catch (error) {
        if (!(error instanceof DockerApiError && error.statusCode === 409)) throw error;
      }
    }),
  );
}

/** Somebody else may have been faster. */
export async function gone(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    // A network that is gone is a 500 on 20.10.24.
    const isGone = error instanceof DockerApiError && /not found/.test(error.message);
    if (!isGone) throw error;
  }
}
