import { planAdoption } from './adoption';
import { engineAdvice } from './engineAdvice';
import { isEvictable } from './evictable';
import type { Sight, SwarmNodeFacts } from './facts';
import { isSeen } from './facts';
import { holdWarnings, inPlaceReasons } from './inPlace';
import { joinedLabel } from './labels';
import { afterMending, mendedNodes } from './mending';
import { promotionReasons } from './promotionReasons';
import { managerOrder, resolveMaxUnavailable, workerBatches } from './order';
import type { RolloutDeclaration, RolloutFacts, RolloutPlan, RolloutTurn } from './rolloutFacts';
import { atTheGate, outageFaults, renameReasons, rollReasons } from './rolloutReasons';
import type { OnlyManager } from './rolloutReasons';
import {
  entryOfNode,
  isInPlace,
  managersBuilt,
  osOf,
  planTurns,
  restoreTurn,
} from './rolloutTurns';
import { countWarnings, serviceWarnings, sightWarnings } from './rolloutWarnings';
import { canaryAlone } from './canary';
import { chooseStandIn } from './standIn';
import { planVipMoves } from './vip/planVipMoves';
import type { VipPlan } from './vip/planVipMoves';

/** Order, trajectory and verdict of a whole run, from one look at the world. */
export function planRollout(declared: RolloutDeclaration, seen: RolloutFacts): RolloutPlan {
  const names = [...declared.managers, ...declared.workers].map(({ name }) => name);
  const facts = afterEviction(afterHead(seen), names);
  const nodes = isSeen(facts.nodes) ? facts.nodes.seen : undefined;
  const swarm = swarmExistence(facts);
  const maxUnavailable = resolveMaxUnavailable(declared.maxUnavailable, declared.workers.length);
  const managers = managerOrder(
    declared.managers.map((node) => ({
      name: node.name,
      isLeader: entryOfNode(nodes, node)?.managerStatus?.isLeader === true,
      isBroken: nodes !== undefined && !isReachableManager(entryOfNode(nodes, node)),
    })),
  );
  const batches = workerBatches(
    declared.workers.map((node) => ({
      name: node.name,
      isLeader: false,
      isBroken: nodes !== undefined && entryOfNode(nodes, node)?.state !== 'ready',
    })),
    maxUnavailable,
  );
  if (declared.adopt !== undefined) {
    const { adopt } = declared;
    const hosts = [...seen.managers, ...(seen.workers ?? [])];
    const adoption = planAdoption(declared, { adopt, hosts, nodes: seen.nodes });
    const counted = countWarnings(declared.managers.length);
    return {
      ...{ swarm, managers, batches, maxUnavailable, ...adoption },
      warnings: [...counted, ...adoption.warnings],
    };
  }
  const standIn = standInOf(declared, nodes ?? []);
  const vip =
    swarm === 'live' && nodes !== undefined
      ? vipMoves(declared, facts, nodes, managers)
      : undefined;
  const seenNow = {
    nodes: nodes ?? [],
    hosts: facts.managers,
    standIn: 'name' in standIn ? standIn.name : undefined,
    ...(facts.alpn === undefined ? {} : { alpn: facts.alpn }),
    ...(facts.kept === undefined ? {} : { kept: facts.kept }),
  };
  const turns =
    facts.restore !== undefined
      ? [restoreTurn(facts.restore)]
      : swarm === 'live' && nodes !== undefined
        ? planTurns(declared, {
            ...seenNow,
            ...(vip === undefined ? {} : { vipAtTurn: vip.atTurn }),
            outageArchive: declared.standIn === undefined ? declared.outageArchive : undefined,
            managers,
            workers: batches.flat(),
          })
        : [];
  const engines = engineAdvice(declared, { ...facts, nodes: nodes ?? [], swarm, turns });
  return {
    swarm,
    managers,
    batches: declared.canary === undefined ? batches : canaryAlone(batches, turns),
    maxUnavailable,
    turns,
    ...(vip === undefined || !turns.some(isVipMoving) ? {} : { vip: vip.sentence }),
    reasons: [
      ...(vip?.reasons ?? []),
      ...renameReasons(declared, nodes ?? []),
      ...outageFaults(declared, nodes ?? [], turns),
      ...(facts.restore?.fault === undefined ? [] : [facts.restore.fault]),
      ...engines.reasons,
      ...turns.flatMap(({ refusal }) => refusal ?? []),
      ...promotionReasons(declared, turns, seenNow),
      ...('why' in standIn && turns.some(isManagerGoing) ? [standIn.why] : []),
      ...rollReasons(
        atTheGate(declared, facts, maxUnavailable),
        facts.nodes,
        turns,
        onlyManager(declared, facts),
      ),
      ...inPlaceReasons(declared, facts, nodes ?? [], turns),
    ],
    warnings: [
      ...countWarnings(declared.managers.length),
      ...(seen.unsettled ?? []).map(({ name, why }) => `${name} ${why} before anything else`),
      ...(swarm === 'live' && facts.restore === undefined ? sightWarnings(seen, names) : []),
      ...(vip?.warnings ?? []),
      ...engines.warnings,
      ...holdWarnings(declared, nodes ?? []),
      ...(turns.length > 0 ? serviceWarnings(facts.gate) : []),
    ],
  };
}

/** Undefined: no virtual IP is declared, or nobody holds it. */
function vipMoves(
  declared: RolloutDeclaration,
  { vipHolder: holder, vipUnfit, vipStrangers = [], managers: hosts, kept = {} }: RolloutFacts,
  nodes: readonly SwarmNodeFacts[],
  managers: readonly string[],
): VipPlan | undefined {
  if (declared.vip === undefined || holder === undefined) return undefined;
  const entries = declared.managers.map((node) => ({ node, entry: entryOfNode(nodes, node) }));
  return planVipMoves({
    vip: declared.vip,
    ...{ holder, managers },
    leader: entries.find(({ entry }) => entry?.managerStatus?.isLeader === true)?.node.name,
    built: managersBuilt(declared, { nodes, hosts }),
    stays: new Set(
      entries.flatMap(({ node, entry }) =>
        entry !== undefined && isInPlace(node, entry, osOf(hosts, node), kept[node.name])
          ? [node.name]
          : [],
      ),
    ),
    unfit: vipUnfit ?? {},
    strangers: vipStrangers,
    joined: Object.fromEntries(
      entries.map(({ node, entry }) => [node.name, entry?.labels[joinedLabel] ?? '']),
    ),
  });
}

function standInOf(
  { standIn, workers }: RolloutDeclaration,
  nodes: readonly SwarmNodeFacts[],
): { readonly name: string | undefined } | { readonly why: string } {
  if (standIn === undefined) return { name: undefined };
  const choice = chooseStandIn(
    standIn,
    workers.map(({ name }) => name),
    nodes,
  );
  return 'why' in choice ? choice : { name: choice.node.hostname };
}

/** What becomes of an only manager that is replaced. */
function onlyManager(
  { standIn, outageArchive }: RolloutDeclaration,
  { knowsStandIns, unsettled = [] }: RolloutFacts,
): OnlyManager {
  if (standIn === undefined && outageArchive !== undefined) {
    // What the head of the run sets right first cannot be judged before it has.
    return { decidedBy: unsettled.length > 0 ? 'step' : 'plan' };
  }
  if (standIn === undefined) {
    return {
      refusal:
        'replacing it would end the swarm; declare two more managers first, or `standIn` and a worker; or accept that the swarm is without a manager meanwhile: `allowOutage: true` and `backup`',
    };
  }
  return knowsStandIns === true
    ? { decidedBy: 'step' }
    : {
        refusal:
          'how a worker that stands in for it is reached was not known to the last run; run `pulumi up` with `standIn` alone, and then with the change',
      };
}

function isManagerGoing({ role, kind }: RolloutTurn): boolean {
  return role === 'manager' && kind === 'replace';
}

/** Whose engine stops hands the virtual IP over, whether its node goes or not. */
function isVipMoving(turn: RolloutTurn): boolean {
  return isManagerGoing(turn) || (turn.role === 'manager' && turn.kind === 'inPlace');
}

function swarmExistence(facts: RolloutFacts): RolloutPlan['swarm'] {
  // Whoever takes it for none founds a second one in its place.
  if (facts.isHeldByStandIn === true || facts.restore !== undefined) return 'live';
  if (facts.managers.some(({ swarm }) => swarm === 'member')) return 'live';
  return facts.managers.every(({ swarm }) => swarm === 'none' || swarm === 'absent')
    ? 'none'
    : 'unknown';
}

/** The world as it is behind the head of the run, which unlocks what is locked. */
function afterHead(facts: RolloutFacts): RolloutFacts {
  const names = (facts.unsettled ?? []).map(({ name }) => name);
  if (names.length === 0 || facts.gate === undefined) return facts;
  const addresses = facts.gate.managers
    .filter(({ name }) => names.includes(name))
    .map(({ address }) => address);
  return {
    ...facts,
    nodes: mendedNodes(facts.nodes, addresses),
    gate: afterMending(facts.gate, names),
  };
}

/** The world as it is behind the head of the run, which evicts silent nodes that nobody declares any more. */
function afterEviction(facts: RolloutFacts, declared: readonly string[]): RolloutFacts {
  const remaining = (nodes: Sight<readonly SwarmNodeFacts[]>): typeof nodes =>
    isSeen(nodes) ? { seen: nodes.seen.filter((node) => !isEvictable(node, declared)) } : nodes;
  return {
    ...facts,
    nodes: remaining(facts.nodes),
    gate:
      facts.gate === undefined
        ? undefined
        : {
            ...facts.gate,
            managers: facts.gate.managers.map((manager) => ({
              ...manager,
              managers: remaining(manager.managers),
            })),
            nodes: remaining(facts.gate.nodes),
          },
  };
}

function isReachableManager(node: SwarmNodeFacts | undefined): boolean {
  return node?.managerStatus?.reachability === 'reachable';
}
