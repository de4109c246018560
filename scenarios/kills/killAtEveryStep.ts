import { errorMessage } from '../../core/errors';
import type { Stage } from '../stage';
import { NotHeld } from '../verdict';
import type { KillTarget } from './killAt';
import { alternating, replaceThroughKills } from './replaceThroughKills';
import { replacementSteps } from './replacementSteps';
import { describePoint, isSamePoint, pointsOf, type StepPoint } from './stepPoint';

/** A step that is over before the kill arrives is tried again in the next replacement. */
const attempts = 4;

/**
 * Replaces the first manager once undisturbed, to see its steps, and then once for each of them, killed in
 * it. Each kill has its own `up` that goes on to the end.
 */
export async function killAtEveryStep(
  stage: Stage,
  target: KillTarget,
  options: { readonly isWithStandIn: boolean },
): Promise<void> {
  const [node] = stage.cluster.managers;
  if (node === undefined) throw new Error('the cluster has no manager');
  if (options.isWithStandIn) await stage.setConfig('standIn', 'true');
  const quiet = stage.aside();
  const cluster = await alternating(stage, node);

  const mark = stage.mark();
  await replaceThroughKills(quiet, cluster, []);
  const points = distinct(pointsOf(stage.pulumi.journal().slice(mark), node));
  stage.did(`replaced ${node} undisturbed: ${String(points.length)} steps`);
  const wanted = replacementSteps(options.isWithStandIn);
  stage.checkEqual(
    wanted.filter((step) => points.every((point) => point.step !== step)),
    [],
    'the replacement takes every step that it is made of',
  );

  for (const point of points) {
    const began = performance.now();
    await untilHit(quiet, point, () => replaceThroughKills(quiet, cluster, [{ target, point }]));
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    stage.did(`killed -9 the ${target} in ${describePoint(point)}; done after ${seconds} s`);
  }
  stage.saw(
    `${String(points.length)} kills, one in every step; after each the next up finished: the same swarm, one entry per node, no stale member, nothing built or joined twice`,
  );
  await stage.checkNothingPending();
}

async function untilHit(
  stage: Stage,
  point: StepPoint,
  replace: () => Promise<readonly ('hit' | 'missed')[]>,
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      if ((await replace()).every((verdict) => verdict === 'hit')) return;
    } catch (error) {
      if (!(error instanceof NotHeld)) throw error;
      throw new NotHeld(`killed in ${describePoint(point)}: ${errorMessage(error)}`);
    }
    stage.did(`the step was over before the kill: ${describePoint(point)}, attempt ${attempt}`);
  }
  throw new NotHeld(`${describePoint(point)} was not killed in ${attempts} attempts`);
}

function distinct(points: readonly StepPoint[]): readonly StepPoint[] {
  return points.filter(
    (point, index) => points.findIndex((other) => isSamePoint(point, other)) === index,
  );
}
