import { splitReference } from '../images';
import type { SwarmNodeFacts } from '../facts';
import type { StackPlan } from './stackPlan';
import { fittingNodes, type SwarmFindings } from './swarmFindings';

/** Where an image of a stack was looked for. */
export interface ImageSight {
  /** As the compose files write it. */
  readonly reference: string;
  /** IDs of nodes that were looked at, and whether each has it; others were not in reach. */
  readonly nodes: Readonly<Record<string, boolean>>;
  /** `yes`, `no`: the registry’s own answer, `why` in its words. `unknown`: it gave none. */
  readonly registry: { readonly has: 'yes' | 'no' | 'unknown'; readonly why: string };
}

/**
 * Images that tasks would not find. Certain is only what all have answered: every node that the service may run on, and
 * the registry.
 */
export function imageFindings(
  { services }: StackPlan,
  nodes: readonly SwarmNodeFacts[],
  sights: readonly ImageSight[],
): SwarmFindings {
  const impossible: string[] = [];
  const doubtful: string[] = [];
  for (const service of services) {
    const image = service.body.TaskTemplate.ContainerSpec.Image;
    const sight = sights.find(({ reference }) => reference === image);
    if (sight === undefined || sight.registry.has === 'yes') continue;
    const fitting = fittingNodes(service, nodes);
    const lacking = fitting.filter(({ id }) => sight.nodes[id] === false);
    if (lacking.length === 0) continue;
    const names = lacking.map(({ hostname }) => hostname).join(', ');
    const { has, why } = sight.registry;
    const remedy = 'push it, or declare its archive in `images` of the engine';
    if (has === 'no' && lacking.length === fitting.length) {
      impossible.push(
        `services.${service.key} wants the image ${image}, which none of its nodes (${names}) has, nor its registry (${why}); ${remedy}`,
      );
      continue;
    }
    const registry =
      has === 'no'
        ? `and its registry has none (${why})`
        : `and whether its registry has it is not known (${why})`;
    doubtful.push(
      `services.${service.key} wants the image ${image}, which ${names} ${lacking.length === 1 ? 'does' : 'do'} not have, ${registry}: tasks may be rejected there; ${remedy}`,
    );
  }
  return { impossible, doubtful };
}

/** Whether two references are of the same image: Docker Hub’s own parts, and the tag `latest`, may be left out. */
export function isSameReference(one: string, other: string): boolean {
  const [a, b] = [one, other].map((reference) => {
    const { name, tag } = splitReference(reference);
    return `${name.replace(/^(?:(?:index\.)?docker\.io\/)?(?:library\/)?/, '')}:${tag}`;
  });
  return a === b;
}
