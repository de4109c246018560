import { standInLabel } from '../../core/standIn';
import { goldenOs, nextOs } from '../clusterShape';
import type { Stage } from '../stage';
import { bringVipTo } from './bringVipTo';
import { killAt, type KillTarget } from './killAt';
import { replacementSteps } from './replacementSteps';
import type { StepPoint } from './stepPoint';
import type { StepName } from './stepNames';

export interface Kill {
  readonly target: KillTarget;
  readonly point: StepPoint;
}

/** A node whose OS goes back and forth, and what must stay as it was while it does. */
export interface Alternating {
  /** The first manager: it holds the virtual IP by preference. */
  readonly node: string;
  /** What it runs now. */
  os: string;
  readonly clusterId: string;
  readonly others: Identities;
}

type Identities = Readonly<Record<string, { readonly boot: string; readonly nodeId: string }>>;

export async function alternating(stage: Stage, node: string): Promise<Alternating> {
  return {
    node,
    os: goldenOs,
    clusterId: await stage.clusterId(),
    others: await identities(stage, othersOf(stage, node)),
  };
}

/**
 * Replaces the node with one of the other OS, through kills at these points in this order, and lets the
 * next `up` finish it. Then checks that one cluster is there, with one entry per node, and that nothing
 * was built again that had been.
 *
 * @returns for each kill whether it hit.
 */
export async function replaceThroughKills(
  stage: Stage,
  cluster: Alternating,
  kills: readonly Kill[],
): Promise<readonly ('hit' | 'missed')[]> {
  const { node } = cluster;
  const os = cluster.os === goldenOs ? nextOs : goldenOs;
  await bringVipTo(stage, node);
  stage.changeOs(os, node);
  cluster.os = os;
  const verdicts: ('hit' | 'missed')[] = [];
  let built: Built = {};
  for (const kill of kills) {
    const verdict = await killAt(stage, kill.target, node, kill.point);
    verdicts.push(verdict);
    if (verdict === 'missed') break;
    if (kill.target === 'CLI') await stage.run('cancel');
    built = { ...built, ...(await builtBy(stage, node, kill)) };
  }
  await stage.runToTheEnd('up');
  await checkWhole(stage, cluster, built);
  return verdicts;
}

/** What of the new node was there when a run was killed. */
interface Built {
  readonly boot?: string;
  readonly nodeId?: string;
}

async function builtBy(stage: Stage, node: string, { target, point }: Kill): Promise<Built> {
  const isBuilt = isBehind(point, target, 'powerOn');
  const isJoined = isBehind(point, target, 'join');
  const boot = isBuilt ? (await stage.bootIds([node]))[node] : undefined;
  const nodeId = isJoined ? await nodeIdOf(stage, node) : undefined;
  return {
    ...(boot === undefined ? {} : { boot }),
    ...(nodeId === undefined ? {} : { nodeId }),
  };
}

/** Whether a step was done when the run was killed: before this point, or in it by a provider that ended it. */
function isBehind({ step, operation }: StepPoint, target: KillTarget, done: StepName): boolean {
  const order = replacementSteps(true);
  // Their sentences are also said on the way out.
  if (operation === 'delete') return false;
  const from = order.indexOf(done) + (target === 'CLI' ? 0 : 1);
  return order.indexOf(step) >= from || step === 'label';
}

async function checkWhole(
  stage: Stage,
  { node, clusterId, others }: Alternating,
  built: Built,
): Promise<void> {
  await stage.untilAsDeclared();
  for (const manager of stage.cluster.managers) {
    stage.checkEqual(await stage.clusterId(manager), clusterId, `${manager} is in the same swarm`);
  }
  stage.checkEqual(
    await identities(stage, Object.keys(others)),
    others,
    'no other node was rebuilt or joined anew',
  );
  if (built.boot !== undefined) {
    stage.checkEqual((await stage.bootIds([node]))[node], built.boot, `${node} was built once`);
  }
  if (built.nodeId !== undefined) {
    stage.checkEqual(await nodeIdOf(stage, node), built.nodeId, `${node} joined once`);
  }
  const standIns = (await stage.nodes()).filter(({ labels }) => labels[standInLabel] !== undefined);
  stage.checkEqual(
    standIns.map(({ hostname }) => hostname),
    [],
    'nobody stands in any more',
  );
  await stage.untilServed();
}

async function identities(stage: Stage, names: readonly string[]): Promise<Identities> {
  const boots = await stage.bootIds(names);
  const entries = names.map(
    async (name) =>
      [name, { boot: boots[name] ?? '', nodeId: await nodeIdOf(stage, name) }] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function nodeIdOf(stage: Stage, name: string): Promise<string> {
  return (await (await stage.host(name)).docker.info()).nodeId;
}

function othersOf(stage: Stage, node: string): readonly string[] {
  return stage.nodeNames.filter((name) => name !== node);
}
