import { planAdoption } from './adoption';
import { isEvictable } from './evictable';
import type { Availability, Sight, SwarmNodeFacts } from './facts';
import { isSeen } from './facts';
import type { GateFacts } from './gate';
import type { Labels } from './labels';
import { afterMending, mendedNodes } from './mending';
import { managerOrder, resolveMaxUnavailable, workerBatches } from './order';
import { tolerance } from './quorum';
import { atTheGate, renameReasons, rollReasons } from './rolloutReasons';
import { chooseStandIn } from './standIn';
import { entryOfNode, planTurns } from './rolloutTurns';

/** One declared node, as far as a roll depends on it. */
export interface RolloutNode {
  readonly name: string;
  readonly address: string;
  /** Its name before it was renamed: an entry of that name at its address is its own. Default: none. */
  readonly previousName?: string;
  /** Wanted operating system, e.g. `debian:13`; undefined: whatever it has. */
  readonly os: string | undefined;
  /** Wanted engine version; undefined: whatever the OS brings. */
  readonly engineVersion: string | undefined;
  /** Only a take-over looks at these two: in every other run they are changed in place. Default: none, and `active`. */
  readonly labels?: Labels;
  readonly availability?: Availability;
}

/** What one declared manager's own host told. */
export interface HostSight {
  readonly name: string;
  /** `absent`: the one authority on it says that there is no such machine, or no engine on it, yet. */
  readonly swarm: 'member' | 'none' | 'absent' | 'unknown';
  /** The machine's own os-release; only asked of managers, and in a take-over. */
  readonly os: string | undefined;
  /** Cluster ID, which only a manager knows. */
  readonly clusterId?: string;
  /** Node ID by its own word. */
  readonly nodeId?: string;
  /** Why `swarm` is `unknown`. */
  readonly why?: string;
}

export interface RolloutFacts {
  readonly managers: readonly HostSight[];
  /** Asked at their own hosts only in a take-over. Default: none. */
  readonly workers?: readonly HostSight[];
  /** What the gate reads; `clusterId` is that of the swarm that the managers are in. */
  readonly gate: GateFacts | undefined;
  /** A worker that stands in for the only manager answers as a manager. Default: false. */
  readonly isHeldByStandIn?: boolean;
  /** The last run knew how to reach who is to stand in for an only manager. Default: false. */
  readonly knowsStandIns?: boolean;
  /** The list of nodes of a manager that answered. */
  readonly nodes: Sight<readonly SwarmNodeFacts[]>;
  /** Interface addresses seen on managers: who holds the virtual IP. */
  readonly vipHolder: string | undefined;
  /** Managers that the head of the run sets right, and how it does so, e.g. `is locked: it is unlocked`. Default: none. */
  readonly unsettled?: readonly { readonly name: string; readonly why: string }[];
}

export interface RolloutDeclaration {
  readonly managers: readonly RolloutNode[];
  readonly workers: readonly RolloutNode[];
  readonly maxUnavailable: number | string;
  /** Who is a manager while one is out: see core/standIn.ts. Default: nobody. */
  readonly standIn?: true | string;
  /** Cluster ID of a running swarm that this run takes over. Default: none. */
  readonly adopt?: string;
}

/** One node's turn, with the numbers while it is out. */
export interface RolloutTurn {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  /** `replace`: in the swarm and different. `add`: not in the swarm yet. `adopt`: taken over as it is. */
  readonly kind: 'replace' | 'add' | 'adopt';
  /** What differs, e.g. `os debian:12 → debian:13`. */
  readonly why: readonly string[];
  /** The manager that it will join by; undefined: there is none but itself. */
  readonly contact: string | undefined;
  readonly sentence: string;
}

export interface RolloutPlan {
  /** `none`: no declared address is in any swarm. `unknown`: some did not answer, so nobody may found one. */
  readonly swarm: 'none' | 'live' | 'unknown';
  readonly managers: readonly string[];
  readonly batches: readonly (readonly string[])[];
  readonly maxUnavailable: number;
  readonly turns: readonly RolloutTurn[];
  /** Why the roll could not be carried out safely now; empty when it can, or when nothing is to be replaced. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

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
  const turns =
    swarm === 'live' && nodes !== undefined
      ? planTurns(declared, {
          nodes,
          hosts: facts.managers,
          vipHolder: facts.vipHolder,
          standIn: 'name' in standIn ? standIn.name : undefined,
          managers,
          workers: batches.flat(),
        })
      : [];
  return {
    swarm,
    managers,
    batches,
    maxUnavailable,
    turns,
    reasons: [
      ...renameReasons(declared, nodes ?? []),
      ...('why' in standIn && turns.some(isManagerGoing) ? [standIn.why] : []),
      ...rollReasons(
        atTheGate(declared, facts, maxUnavailable),
        facts.nodes,
        turns,
        onlyManagerRefusal(declared, facts),
      ),
    ],
    warnings: [
      ...countWarnings(declared.managers.length),
      ...(seen.unsettled ?? []).map(({ name, why }) => `${name} ${why} before anything else`),
      ...(swarm === 'live' ? sightWarnings(seen, names) : []),
      ...(turns.length > 0 ? serviceWarnings(facts.gate) : []),
    ],
  };
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

/** What keeps an only manager from being replaced; undefined: a worker stands in for it. */
function onlyManagerRefusal(
  { standIn }: RolloutDeclaration,
  { knowsStandIns }: RolloutFacts,
): string | undefined {
  if (standIn === undefined) {
    return 'replacing it would end the swarm; declare two more managers first, or `standIn` and a worker';
  }
  return knowsStandIns === true
    ? undefined
    : 'how a worker that stands in for it is reached was not known to the last run; run `pulumi up` with `standIn` alone, and then with the change';
}

function isManagerGoing({ role, kind }: RolloutTurn): boolean {
  return role === 'manager' && kind === 'replace';
}

function swarmExistence(facts: RolloutFacts): RolloutPlan['swarm'] {
  if (facts.isHeldByStandIn === true) return 'live';
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
              nodes: remaining(manager.nodes),
            })),
          },
  };
}

/** What a number of managers means for those who live with it. */
function countWarnings(managers: number): readonly string[] {
  if (managers === 1) {
    return [
      'one manager: the swarm stops when it does, and its machine cannot be replaced; three managers survive the loss of one',
    ];
  }
  if (managers === 2) {
    return [
      'two managers: the swarm stops when either of them does, so they are weaker than one; three managers survive the loss of one',
    ];
  }
  return managers > 0 && managers % 2 === 0
    ? [
        `${String(managers)} managers survive the loss of ${String(tolerance(managers))}, no more than ${String(managers - 1)} do, and there is one more that can fail: an odd number is better`,
      ]
    : [];
}

/** What the look at a living swarm could not tell, and whom the head of the run takes out. */
function sightWarnings(facts: RolloutFacts, declared: readonly string[]): readonly string[] {
  if (!isSeen(facts.nodes)) {
    return [
      `no manager lists the nodes of the swarm (${facts.nodes.unseen}): which nodes go, and in which order, is not known; every step waits at its gate`,
    ];
  }
  return facts.nodes.seen
    .filter((node) => isEvictable(node, declared))
    .map(
      (node) =>
        `${node.hostname} (${node.id}) does not answer and is no longer declared: it is evicted before anything else`,
    );
}

/** The next node waits for them at its gate; what mends them may be in this very run. */
function serviceWarnings(gate: GateFacts | undefined): readonly string[] {
  return gate === undefined || !isSeen(gate.services)
    ? []
    : gate.services.seen.map(
        ({ node, sentence }) =>
          `${sentence}, fewer than before ${node} went: the next node waits for it at its gate`,
      );
}

function isReachableManager(node: SwarmNodeFacts | undefined): boolean {
  return node?.managerStatus?.reachability === 'reachable';
}
