import { errorMessage } from '../../../core/errors';
import type { ManagerContact } from '../../../core/connection';
import type { SwarmNodeFacts } from '../../../core/facts';
import { loginFor } from '../../../core/images';
import { isSameReference, type ImageSight } from '../../../core/stack/imageFindings';
import type { StackPlan } from '../../../core/stack/stackPlan';
import type { DockerApi } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { plannedNodes } from '../ask/plannedNodes';
import type { StackInputs } from './stackSpec';

/** Where images may come from that the nodes do not have yet. */
export type ImageSources = Pick<StackInputs, 'registries' | 'images' | 'managers'>;

/** A silent node costs no more than this. */
const patienceSeconds = 5;
/** A cluster of hundreds is not asked as a whole: what is not seen is not certain. */
const mostOthers = 20;

interface NodeSight {
  readonly id: string;
  readonly has: ReadonlyMap<string, boolean>;
}

/**
 * Looks for the images of a stack: on the managers, then, for those that one of them lacks, in the registry by the engine
 * of the one that is asked, and last on other nodes in reach. What all managers have, or what is declared as an archive,
 * needs no further look. Never throws for a node or a registry that does not answer.
 */
export async function lookAtImages(
  operation: Operation,
  docker: DockerApi,
  plan: StackPlan,
  nodes: readonly SwarmNodeFacts[],
  { registries = [], images = [], managers }: ImageSources,
): Promise<readonly ImageSight[]> {
  const wanted = [
    ...new Set(plan.services.map(({ body }) => body.TaskTemplate.ContainerSpec.Image)),
  ].filter((image) => !images.some((declared) => isSameReference(declared, image)));
  const look = (contacts: readonly ManagerContact[], references: readonly string[]) =>
    references.length === 0
      ? Promise.resolve([])
      : Promise.all(contacts.map((contact) => lookAtNode(operation, contact, nodes, references)));
  const ofManagers = (await look(managers, wanted)).flatMap((sight) => sight ?? []);
  const lacking = wanted.filter(
    (image) => ofManagers.length === 0 || ofManagers.some(({ has }) => has.get(image) === false),
  );
  const answers = new Map(
    await Promise.all(
      lacking.map(async (image) => {
        const answer = await askRegistry(docker, image, registries);
        return [image, answer] as const;
      }),
    ),
  );
  const open = lacking.filter((image) => answers.get(image)?.has !== 'yes');
  const others = plannedNodes(operation, managers)
    .filter(({ address }) => managers.every((manager) => manager.address !== address))
    .slice(0, mostOthers);
  const ofOthers = (await look(others, open)).flatMap((sight) => sight ?? []);
  return open.flatMap((reference): readonly ImageSight[] => {
    const registry = answers.get(reference);
    if (registry === undefined) return [];
    const seen = [...ofManagers, ...ofOthers].flatMap(({ id, has }) => {
      const hasIt = has.get(reference);
      return hasIt === undefined ? [] : [[id, hasIt] as const];
    });
    return [{ reference, nodes: Object.fromEntries(seen), registry }];
  });
}

/** Undefined: it did not answer, or it is no node of this swarm. */
async function lookAtNode(
  operation: Operation,
  { connection }: ManagerContact,
  nodes: readonly SwarmNodeFacts[],
  references: readonly string[],
): Promise<NodeSight | undefined> {
  try {
    const host = await operation.effects.hosts.connect(connection, {
      timeoutSeconds: patienceSeconds,
    });
    const { nodeId } = await host.docker.info();
    if (nodes.every(({ id }) => id !== nodeId)) return undefined;
    const found = await Promise.all(
      references.map(async (reference) => {
        const image = await host.docker.image(reference);
        return [reference, image !== undefined] as const;
      }),
    );
    return { id: nodeId, has: new Map(found) };
  } catch {
    return undefined;
  }
}

async function askRegistry(
  docker: DockerApi,
  image: string,
  registries: NonNullable<ImageSources['registries']>,
): Promise<ImageSight['registry']> {
  try {
    const why = await docker.registryLacks(image, loginFor(image, registries));
    return why === undefined ? { has: 'yes', why: '' } : { has: 'no', why };
  } catch (error) {
    return { has: 'unknown', why: errorMessage(error) };
  }
}
