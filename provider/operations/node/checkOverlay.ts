import type { ManagerContact } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import { isAt } from '../../../core/gate';
import { planOverlay } from '../../../core/overlay';
import type { OverlayPlan } from '../../../core/overlay';
import { steps } from '../../../core/steps';
import type { SwarmNodeFacts } from '../../../core/facts';
import type { DockerApi } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { awaitGossip } from './awaitGossip';
import { findCauses } from './findOverlayCauses';
import { briefSeconds, tryOverlay } from './tryOverlay';
import type { Loss } from './tryOverlay';

/**
 * Tries the overlay between a node that has joined and another declared manager, both ways: out of
 * the ingress sandbox of one to the ingress address of the other. Every node has that sandbox from its
 * join on, while the swarm starts no container on an overlay network of a drained node.
 *
 * @throws SwarmError `OverlaySilent` when nothing has passed until the `ready` timeout; `TimedOut`
 * when it could not be tried until then.
 */
export async function checkOverlay(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  isUnfinished: boolean,
): Promise<void> {
  const { plan, peer } = await findPeer(operation, spec, nodeId, isUnfinished);
  if (plan.kind === 'untried') {
    await operation.step(steps.overlayUntried(spec.name, plan.why), () => Promise.resolve());
    if (!plan.isAlone) {
      operation.log('warning', `${spec.name}: its overlay was not tried: ${plan.why}`);
    }
  }
  if (plan.kind !== 'try') return;
  await operation.step(steps.overlay(spec.name, peer.name), () =>
    untilItAnswers(operation, spec, peer),
  );
}

/** Then an answer may take as long as the kernel's second attempt: a network may be slow. */
const briefTries = 4;

interface Found {
  readonly plan: OverlayPlan;
  readonly peer: ManagerContact;
}

/** The managers and the node itself; a manager that is the only one has workers alone beside it. */
async function peersOf(docker: DockerApi, nodeId: string): Promise<readonly SwarmNodeFacts[]> {
  const [managers, own] = await Promise.all([
    docker.nodes({ role: 'manager' }),
    docker.node(nodeId),
  ]);
  const others = managers.filter(({ id, state }) => id !== nodeId && state !== 'down');
  if (others.length === 0) return docker.nodes();
  return own === undefined ? others : [own, ...managers.filter(({ id }) => id !== nodeId)];
}

async function findPeer(
  operation: Operation,
  spec: NodeInputs,
  nodeId: string,
  isUnfinished: boolean,
): Promise<Found> {
  const look = (): Promise<Found> =>
    askManager(
      operation,
      accessOf(spec),
      async ({ contact, docker, nodeId: peerId }) => {
        const ingress = await docker.ingressNetwork();
        // After it, because it fails without a leader: a manager without one lists no networks of the swarm.
        const nodes = await peersOf(docker, nodeId);
        const otherManagers = spec.managers.filter(
          ({ name, address, isStandIn }) =>
            name !== spec.name &&
            (isStandIn !== true ||
              nodes.some((node) => node.managerStatus !== undefined && isAt(node, address))),
        );
        const plan = planOverlay({
          nodeId,
          nodes,
          isUnfinished,
          hasIngress: ingress !== undefined,
          peerId: peerId === nodeId ? undefined : peerId,
          otherManagers: otherManagers.map(({ name }) => name),
        });
        return { plan, peer: contact };
      },
      { avoid: [spec.name] },
    );
  let found = await look();
  await waitUntil(operation, 'a peer for the overlay', timeoutsOf(spec).ready, async () => {
    if (found.plan.kind === 'wait') found = await look();
    return found.plan.kind !== 'wait' || found.plan.why;
  });
  return found;
}

async function untilItAnswers(
  operation: Operation,
  spec: NodeInputs,
  peer: ManagerContact,
): Promise<void> {
  const { ready } = timeoutsOf(spec);
  let silence: Loss | undefined;
  let tries = 0;
  try {
    await awaitGossip(operation, spec, peer);
    await waitUntil(operation, 'the overlay', ready, async () => {
      silence = undefined;
      tries += 1;
      const seconds = tries > briefTries ? undefined : briefSeconds;
      const answer = await tryOverlay(operation, spec, peer, seconds);
      if ('loss' in answer) silence = answer;
      return 'loss' in answer ? answer.loss : 'notYet' in answer ? answer.notYet : true;
    });
  } catch (error) {
    if (!isTimedOut(error) || silence === undefined) throw error;
    const { loss, isLargeOnly } = silence;
    const what = isLargeOnly
      ? `not every packet passes between ${spec.name} and ${peer.name}`
      : `nothing passes between ${spec.name} and ${peer.name}: ${loss}`;
    const why = isLargeOnly ? loss : await findCauses(operation, spec, peer);
    throw new SwarmError(
      'OverlaySilent',
      `${spec.name}: over the overlay network ${what}, for ${String(ready)} s; ${spec.name} was not activated; ${why}; then \`pulumi up\` goes on`,
      { source: 'world', cause: error },
    );
  }
}

/** Whether the overlay was tried and nothing passed, as opposed to a fault of the trying. */
export function isOverlaySilent(error: unknown): boolean {
  return error instanceof SwarmError && error.code === 'OverlaySilent';
}
