import type { ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import type { Sight } from '../../../core/facts';
import { isAt } from '../../../core/gate';
import type { GateFacts, ManagerSight } from '../../../core/gate';
import { declaredManagersLabel, declaredNames, declaredWorkersLabel } from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { readBaselines } from '../../../core/lease';
import { parseRenames, presentName } from '../../../core/renames';
import { worseThanBaseline } from '../../../core/services';
import type { DockerApi } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import type { SwarmAccess } from '../ask/managers';
import { leaseLabelsOf } from '../hold/lease';

/**
 * Asks every declared manager at its own socket, all at once. Never throws: no answer is a fact too.
 *
 * A Delete knows the contacts of the run before. Who is declared now is in the swarm's label, which
 * `Swarm` writes at the head of every run: a manager that was taken out of the program must not be
 * missed by the gate of another one. The plan, made before that, gives the names itself (`declared`).
 */
export async function gatherGateFacts(
  operation: Operation,
  access: SwarmAccess,
  target: string,
  maxUnavailable: number,
  declared?: readonly string[],
): Promise<GateFacts> {
  const answers = await Promise.all(
    access.managers.map((contact) => lookAtManager(operation, contact)),
  );
  const labels = answers.map((answer) => answer.labels).find((found) => found !== undefined) ?? {};
  const managers = declared ?? declaredNames(labels, declaredManagersLabel);
  const renames = parseRenames(labels);
  const views = answers.filter(({ sight }) => isSeen(sight.nodes));
  const nodes = views.map((answer) => answer.sight.nodes).find(isSeen)?.seen ?? [];
  const isAsked = ({ name, address, isStandIn }: ManagerContact): boolean =>
    name === target ||
    (isStandIn === true
      ? nodes.some((node) => node.managerStatus !== undefined && isAt(node, address))
      : (managers?.includes(name) ?? true));
  const asked = access.managers.filter(isAsked).map(({ name }) => name);
  return {
    clusterId: access.clusterId,
    managers: answers.map(({ sight }) => sight).filter(({ name }) => asked.includes(name)),
    workers: (declaredNames(labels, declaredWorkersLabel) ?? []).map((name) =>
      presentName(name, renames, nodes),
    ),
    isRootRotationInProgress: answers.some(({ isRotating }) => isRotating),
    maxUnavailable,
    ...(await lookAtServices(views.map(({ docker }) => docker))),
  };
}

/** Kept baselines are those of nodes whose step has not ended well; mostly there is none. */
async function lookAtServices(
  views: readonly (DockerApi | undefined)[],
): Promise<Pick<GateFacts, 'services' | 'going'>> {
  const docker = views.find((view) => view !== undefined);
  if (docker === undefined) return { services: { unseen: 'no manager answers' }, going: [] };
  const baselines = await look(async () =>
    Object.entries(readBaselines(leaseLabelsOf(await docker.configs()))),
  );
  if (!isSeen(baselines)) return { services: baselines, going: [] };
  const going = baselines.seen.map(([node]) => node);
  if (going.length === 0) return { services: { seen: [] }, going };
  const worse = await look(async () => {
    const [services, tasks, nodes] = await Promise.all([
      docker.services(),
      docker.tasks(),
      docker.nodes(),
    ]);
    return baselines.seen.flatMap(([node, baseline]) =>
      worseThanBaseline(baseline, services, tasks, nodes).map((sentence) => ({ node, sentence })),
    );
  });
  return { services: worse, going };
}

async function lookAtManager(
  operation: Operation,
  contact: ManagerContact,
): Promise<{
  readonly sight: ManagerSight;
  readonly docker: DockerApi | undefined;
  readonly labels: Labels | undefined;
  readonly isRotating: boolean;
}> {
  const docker = await look(
    async () => (await operation.effects.hosts.connect(contact.connection)).docker,
  );
  const ask = <T>(question: (api: DockerApi) => Promise<T>): Promise<Sight<T>> =>
    isSeen(docker) ? look(() => question(docker.seen)) : Promise.resolve(docker);
  const [info, both] = await Promise.all([
    ask((api) => api.info()),
    // One answer or none: without the swarm's own object nobody knows who is declared and whether
    // its CA rotates, and a list of nodes alone would open the gate.
    ask((api) => Promise.all([api.nodes(), api.swarm()])),
  ]);
  const { name, address } = contact;
  if (!isSeen(both)) {
    return {
      sight: { name, address, info, nodes: both },
      docker: undefined,
      labels: undefined,
      isRotating: false,
    };
  }
  const [nodes, swarm] = both.seen;
  return {
    sight: { name, address, info, nodes: { seen: nodes } },
    docker: isSeen(docker) ? docker.seen : undefined,
    labels: swarm.labels,
    isRotating: swarm.isRootRotationInProgress,
  };
}

/** The answer, or why there is none. */
export async function look<T>(question: () => Promise<T>): Promise<Sight<T>> {
  try {
    return { seen: await question() };
  } catch (error) {
    return { unseen: errorMessage(error) };
  }
}
