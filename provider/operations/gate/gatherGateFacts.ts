import type { ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import type { ServiceFacts, Sight } from '../../../core/facts';
import { isAt } from '../../../core/gate';
import type { GateFacts, ManagerSight } from '../../../core/gate';
import { declaredManagersLabel, declaredNames, declaredWorkersLabel } from '../../../core/labels';
import type { Labels } from '../../../core/labels';
import { readBaselines } from '../../../core/lease';
import type { ServiceBaseline } from '../../../core/lease';
import { askedAnew, broughtUp, entriesOf } from '../../../core/recentLook';
import type { PresentFacts, RunningServices, SwarmLook } from '../../../core/recentLook';
import { parseRenames, presentName } from '../../../core/renames';
import { drainsTogether } from '../../../core/drainsTogether';
import { belowBaselines, stayingTasks } from '../../../core/services';
import type { Clock } from '../../../effects/clock';
import type { DockerApi } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import type { SwarmAccess } from '../ask/managers';
import { leaseLabelsOf } from '../hold/lease';

/** The facts, what they were gathered from, and of when that is. */
export interface GatheredFacts extends GateFacts {
  /** The lists of the whole swarm are of no moment before this one, by the monotonic clock. */
  readonly listsAtMs: number;
  /** Undefined: the tasks were not looked at, or could not be had. */
  readonly running: RunningServices | undefined;
}

/**
 * Asks every declared manager at its own socket, all at once. Never throws: no answer is a fact too.
 * Each lists the managers; all nodes are asked of one alone, since that is done before each of a thousand.
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
  options: {
    readonly declared?: readonly string[];
    /** The swarm as a gate before this one has seen it: serves where core/recentLook.ts lets it. Default: it is looked at now. */
    readonly recent?: SwarmLook | undefined;
    /** Tasks are looked at also where no node lacks any: a baseline is taken from them, and further gates use them. Default: false. */
    readonly withTasks?: boolean;
  } = {},
): Promise<GatheredFacts> {
  const answers = await Promise.all(
    access.managers.map((contact) => lookAtManager(operation, contact)),
  );
  const labels = answers.map((answer) => answer.labels).find((found) => found !== undefined) ?? {};
  const managers = options.declared ?? declaredNames(labels, declaredManagersLabel);
  const renames = parseRenames(labels);
  const views = answers.filter(({ sight }) => isSeen(sight.managers));
  const members = views.map((answer) => answer.sight.managers).find(isSeen)?.seen ?? [];
  const isAsked = ({ name, address, isStandIn }: ManagerContact): boolean =>
    name === target ||
    (isStandIn === true
      ? members.some((node) => node.managerStatus !== undefined && isAt(node, address))
      : (managers?.includes(name) ?? true));
  const names = access.managers.filter(isAsked).map(({ name }) => name);
  const asked = answers.filter(({ sight }) => names.includes(sight.name));
  const docker = views.find((view) => view.docker !== undefined)?.docker;
  const kept = await lookAtBaselines(docker);
  const going = isSeen(kept) ? Object.keys(kept.seen) : [];
  const { clock } = operation.effects;
  const now = { atMs: clock.monotonicMs(), managers: members, going, target };
  const engines = enginesFor(asked, access.clusterId, target);
  const services =
    options.withTasks === true || going.length > 0
      ? await lookAtServices(engines[0])
      : { seen: [] };
  const recent =
    isSeen(kept) && isSeen(services)
      ? await bringUp(clock, options.recent, { ...now, services: services.seen }, engines[0])
      : undefined;
  const lists =
    recent === undefined
      ? await lookAtLists(engines, services)
      : { nodes: { seen: recent.nodes }, running: { seen: recent.running ?? noServices } };
  const { nodes, running } = lists;
  return {
    listsAtMs: recent?.atMs ?? now.atMs,
    clusterId: access.clusterId,
    managers: asked.map(({ sight }) => sight),
    nodes,
    workers: (declaredNames(labels, declaredWorkersLabel) ?? []).map((name) =>
      presentName(name, renames, isSeen(nodes) ? nodes.seen : []),
    ),
    isRootRotationInProgress: answers.some(({ isRotating }) => isRotating),
    maxUnavailable,
    running: options.withTasks === true && isSeen(running) ? running.seen : undefined,
    ...judgeServices(kept, nodes, running, target),
  };
}

type Baselines = Readonly<Record<string, ServiceBaseline>>;

/** Kept baselines are those of nodes whose step has not ended well; mostly there is none. */
async function lookAtBaselines(docker: DockerApi | undefined): Promise<Sight<Baselines>> {
  if (docker === undefined) return { unseen: 'no manager answers' };
  return look(async () => readBaselines(leaseLabelsOf(await docker.configs())));
}

const noServices: RunningServices = { services: [], tasks: [] };

async function lookAtServices(
  docker: DockerApi | undefined,
): Promise<Sight<readonly ServiceFacts[]>> {
  return docker === undefined ? { unseen: 'no manager answers' } : look(() => docker.services());
}

/** All nodes, and all tasks where there are services that could have any. */
async function lookAtLists(
  engines: readonly DockerApi[],
  services: Sight<readonly ServiceFacts[]>,
): Promise<{ readonly nodes: GateFacts['nodes']; readonly running: Sight<RunningServices> }> {
  const [docker] = engines;
  const lookAtTasks = async (): Promise<Sight<RunningServices>> => {
    if (!isSeen(services)) return services;
    if (services.seen.length === 0 || docker === undefined) return { seen: noServices };
    return look(async () => ({ services: services.seen, tasks: await docker.tasks() }));
  };
  const [nodes, running] = await Promise.all([lookAtNodes(engines), lookAtTasks()]);
  return { nodes, running };
}

/** The swarm as it was seen a moment ago, with what counts as it is now; undefined: that does not do, or could not be had. */
async function bringUp(
  clock: Clock,
  recent: SwarmLook | undefined,
  now: PresentFacts,
  docker: DockerApi | undefined,
): Promise<SwarmLook | undefined> {
  if (recent === undefined || docker === undefined) return undefined;
  const ids = askedAnew(recent, now);
  if (ids === undefined) return undefined;
  const own = now.services.length === 0 ? [] : entriesOf(recent, now.target);
  const answers = await look(() =>
    Promise.all([
      Promise.all(ids.map(async (id) => [id, await docker.node(id)] as const)),
      Promise.all(own.map(({ id }) => docker.tasks({ nodeId: id }))),
    ]),
  );
  // An answer may have taken its time, and an election.
  const isLate = askedAnew(recent, { ...now, atMs: clock.monotonicMs() }) === undefined;
  if (!isSeen(answers) || isLate) return undefined;
  const [nodes, tasks] = answers.seen;
  if (nodes.some(([, node]) => node?.state === 'unknown')) return undefined;
  const anew = { nodes: new Map(nodes), services: now.services, tasks: tasks.flat() };
  return broughtUp(recent, now, anew);
}

/** What is worse than the baselines that are kept, and whether drains are under way that explain it. */
function judgeServices(
  kept: Sight<Baselines>,
  nodes: GateFacts['nodes'],
  running: Sight<RunningServices>,
  target: string,
): Pick<GateFacts, 'services' | 'going' | 'beside'> {
  if (!isSeen(kept)) return { services: kept, going: [] };
  const baselines = kept.seen;
  const going = Object.keys(baselines);
  if (going.length === 0) return { services: { seen: [] }, going };
  if (!isSeen(nodes)) return { services: nodes, going };
  if (!isSeen(running)) return { services: running, going };
  const { services, tasks } = running.seen;
  const staying = stayingTasks(tasks, nodes.seen);
  const worse = belowBaselines(baselines, services, staying, nodes.seen);
  const beside = drainsTogether({ services, tasks, nodes: nodes.seen, baselines }, target);
  return { services: { seen: worse }, going, beside };
}

/** Managers of this swarm that answer, in the order in which they are asked: the target when there is nobody else. */
function enginesFor(
  answers: readonly ManagerAnswer[],
  clusterId: string,
  target: string,
): readonly DockerApi[] {
  const isTarget = ({ sight }: ManagerAnswer): boolean => sight.name === target;
  const others = answers.filter((answer) => !isTarget(answer));
  return [...others, ...answers.filter(isTarget)].flatMap(({ docker, sight }) => {
    const isOurs = isSeen(sight.info) && sight.info.seen.clusterId === clusterId;
    return docker === undefined || !isOurs ? [] : [docker];
  });
}

/** All nodes, as the first of them tells that answers. */
async function lookAtNodes(engines: readonly DockerApi[]): Promise<GateFacts['nodes']> {
  let nodes: GateFacts['nodes'] = { unseen: 'no manager answers' };
  for (const docker of engines) {
    nodes = await look(() => docker.nodes());
    if (isSeen(nodes)) return nodes;
  }
  return nodes;
}

/** What a manager answered. */
interface ManagerAnswer {
  readonly sight: ManagerSight;
  readonly docker: DockerApi | undefined;
  readonly labels: Labels | undefined;
  readonly isRotating: boolean;
}

async function lookAtManager(
  operation: Operation,
  contact: ManagerContact,
): Promise<ManagerAnswer> {
  const docker = await look(
    async () => (await operation.effects.hosts.connect(contact.connection)).docker,
  );
  const ask = <T>(question: (api: DockerApi) => Promise<T>): Promise<Sight<T>> =>
    isSeen(docker) ? look(() => question(docker.seen)) : Promise.resolve(docker);
  const [info, both] = await Promise.all([
    ask((api) => api.info()),
    // One answer or none: without the swarm's own object nobody knows who is declared and whether
    // its CA rotates, and a list of managers alone would open the gate.
    ask((api) => Promise.all([api.nodes({ role: 'manager' }), api.swarm()])),
  ]);
  const { name, address } = contact;
  if (!isSeen(both)) {
    return {
      sight: { name, address, info, managers: both },
      docker: undefined,
      labels: undefined,
      isRotating: false,
    };
  }
  const [managers, swarm] = both.seen;
  return {
    sight: { name, address, info, managers: { seen: managers } },
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
