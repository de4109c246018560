import type { SwarmNodeFacts } from '../../../core/facts';
import { SwarmError, errorMessage } from '../../../core/errors';
import { imageWays, loginFor, neededImages, registryOf } from '../../../core/images';
import type { NeededImage } from '../../../core/images';
import { readBaseline } from '../../../core/lease';
import { runsNow } from '../../../core/services';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { readLeaseLabels } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { holdersOf } from './imageHolders';
import type { ImageHolder } from './imageHolders';
import { transferStatus } from './transferStatus';

/**
 * Brings the images of services onto a node that is about to become active: those that it has already are
 * left alone, others are pulled from their registry or copied from another node. Without them the swarm
 * gives it tasks that it rejects.
 *
 * @throws SwarmError `ImagesMissing` when a service that runs has one that cannot be had.
 */
export async function provideImages(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
): Promise<void> {
  if ((spec.availability ?? 'active') !== 'active') return;
  const { needed, candidates } = await look(operation, spec, nodeId);
  if (needed.length === 0) return;
  const host = await operation.effects.hosts.connect(spec.connection);
  const has = await Promise.all(needed.map(({ reference }) => host.docker.image(reference)));
  const missing = needed.filter((_, index) => has[index] === undefined);
  if (missing.length === 0) return;
  const failures = await operation.step(steps.provideImages(spec.name), async () => {
    const found: Failure[] = [];
    for (const image of missing) {
      const why = await bring(operation, spec, host, image, candidates(image));
      if (why !== undefined) found.push({ image, why });
    }
    return found;
  });
  for (const { image, why } of failures.filter((failure) => !failure.image.isMissed)) {
    operation.log('warning', `${spec.name}: ${describe(image)} was not brought: ${why}`);
  }
  const missed = failures.filter(({ image }) => image.isMissed);
  if (missed.length === 0) return;
  throw new SwarmError(
    'ImagesMissing',
    `${spec.name}: ${missed.map(({ image, why }) => `${describe(image)} cannot be had: ${why}`).join('; ')}; a task of it would be rejected there, so ${spec.name} was not activated and stays drained; ` +
      `bring a node back that has it, declare its archive in \`engine.images\` or a login in \`registries\`, then \`pulumi up\` goes on`,
    { source: 'world' },
  );
}

export function areImagesMissing(error: unknown): boolean {
  return error instanceof SwarmError && error.code === 'ImagesMissing';
}

interface Failure {
  readonly image: NeededImage;
  readonly why: string;
}

interface Look {
  readonly needed: readonly NeededImage[];
  /** Other nodes of the swarm, those first that run a task of the image. */
  readonly candidates: (image: NeededImage) => readonly SwarmNodeFacts[];
}

async function look(operation: Operation, spec: NodeInputs, nodeId: string): Promise<Look> {
  const access = accessOf(spec);
  const none: Look = { needed: [], candidates: () => [] };
  const avoid = [spec.name];
  const [own, services] = await askManager(
    operation,
    access,
    ({ docker }) => Promise.all([docker.node(nodeId), docker.services()]),
    { avoid },
  );
  // One that serves already has been given its tasks.
  if (own === undefined || own.availability === 'active' || services.length === 0) return none;
  const [nodes, tasks] = await askManager(
    operation,
    access,
    ({ docker }) => Promise.all([docker.nodes(), docker.tasks()]),
    { avoid },
  );
  const baseline = readBaseline(await readLeaseLabels(operation, access), spec.name) ?? {};
  const others = nodes.filter(({ id }) => id !== nodeId);
  const runs = ({ reference }: NeededImage, { id }: SwarmNodeFacts): boolean =>
    tasks.some((task) => task.nodeId === id && task.image === reference && runsNow(task, nodes));
  return {
    needed: neededImages(own, services, tasks, nodes, baseline),
    candidates: (image) => [
      ...others.filter((entry) => runs(image, entry)),
      ...others.filter((entry) => !runs(image, entry)),
    ],
  };
}

/** Why an image could not be brought; undefined: it is there. */
async function bring(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  image: NeededImage,
  candidates: readonly SwarmNodeFacts[],
): Promise<string | undefined> {
  const { reference } = image;
  const { holders, account } = await holdersOf(operation, spec, host, reference, candidates);
  const whys: string[] = [];
  const attempt = async (how: string, action: () => Promise<void>): Promise<boolean> => {
    try {
      await action();
      if ((await host.docker.image(reference)) !== undefined) return true;
      whys.push(`${how}: it is not there under this name afterwards`);
    } catch (error) {
      whys.push(`${how}: ${errorMessage(error)}`);
    }
    return false;
  };
  for (const way of imageWays(holders[0]?.facts)) {
    if (way === 'pull') {
      if (
        await attempt(`pulled from ${registryOf(reference)}`, () =>
          pull(operation, spec, host, reference),
        )
      ) {
        return undefined;
      }
      continue;
    }
    for (const holder of holders) {
      const isThere = await attempt(`copied from ${holder.name}`, () =>
        copy(operation, host, reference, holder),
      );
      if (isThere) return undefined;
    }
  }
  return [...whys, ...(holders.length === 0 ? [account] : [])].join('; ');
}

async function pull(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  reference: string,
): Promise<void> {
  const login = loginFor(reference, spec.registries ?? []);
  await host.docker.pullImage(reference, {
    login,
    onProgress: transferStatus(operation, `pull ${reference}`),
  });
}

/** From one engine to the other through this computer, of which only a few pieces are here at a time. */
async function copy(
  operation: Operation,
  host: Host,
  reference: string,
  { name, docker, facts }: ImageHolder,
): Promise<void> {
  const progress = transferStatus(operation, `copy ${reference} from ${name}`);
  await docker.saveImage(
    reference,
    (bytes) => {
      progress({ bytes, total: facts.bytes });
    },
    (archive) => host.docker.loadArchive(archive),
  );
}

function describe({ reference, services }: NeededImage): string {
  return `image ${reference} of ${services.length === 1 ? 'service' : 'services'} ${services.join(', ')}`;
}
