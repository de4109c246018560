import { isSameAddress } from './addresses';
import { describeLocked } from './autolock';
import type { EngineInfo, NodeState, Sight, SwarmNodeFacts } from './facts';
import { isSeen } from './facts';
import { heldAvailability } from './held';
import { removal } from './quorum';
import type { RemovalNumbers } from './quorum';

/** One declared manager, asked at its own socket. */
export interface ManagerSight {
  readonly name: string;
  readonly address: string;
  readonly info: Sight<EngineInfo>;
  /** The managers as this one lists them: all members of raft, and those that are about to be. */
  readonly managers: Sight<readonly SwarmNodeFacts[]>;
}

/** Everything the gate decides from; gathered afresh for every decision, but for what core/recentLook.ts says. */
export interface GateFacts {
  readonly clusterId: string;
  /** Every declared manager, the target included when it is one. */
  readonly managers: readonly ManagerSight[];
  /** All nodes, as one manager lists them, or has listed them a moment ago; before a step one that stays, where there is another. */
  readonly nodes: Sight<readonly SwarmNodeFacts[]>;
  /** Declared workers' names; empty when none are declared. */
  readonly workers: readonly string[];
  /** Names of nodes of which a baseline is kept: they go, and have not come back well. */
  readonly going: readonly string[];
  readonly isRootRotationInProgress: boolean;
  /** How many workers may be out at once, this one counted. At least 1. */
  readonly maxUnavailable: number;
  /** What is worse than before other nodes went, whose steps have not ended well. */
  readonly services: Sight<readonly BelowBaseline[]>;
  /** The same for a node that may be drained beside others, by core/drainsTogether.ts; undefined: no drain is under way. */
  readonly beside?: readonly BelowBaseline[] | undefined;
}

/** A service that runs fewer tasks than the baseline that was taken before a node went. */
export interface BelowBaseline {
  readonly node: string;
  /** E.g. `service web runs 1 of 3 tasks`. */
  readonly sentence: string;
}

/** Who goes. */
export interface GateTarget {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  /** It may be drained while others are, as far as no service loses more by it than it may. Default: it waits until they are through. */
  readonly mayGoBeside?: boolean;
}

/** Why a gate stays shut. `code` is stable; `message` names who and what, with values. */
export interface GateReason {
  readonly code:
    | 'NoAnswer'
    | 'WrongCluster'
    | 'NotInControl'
    | 'Locked'
    | 'ManagerError'
    | 'DifferentLeader'
    | 'DifferentMembers'
    | 'ManagerOut'
    | 'StaleMember'
    | 'RootRotation'
    | 'LeaderSettling'
    | 'Quorum'
    | 'ServicesBelowBaseline'
    | 'WorkersOut';
  /** The node that the reason is about; undefined: the swarm as a whole. */
  readonly subject?: string;
  readonly message: string;
}

export interface GateVerdict {
  readonly isOpen: boolean;
  /** Empty exactly when the gate is open. */
  readonly reasons: readonly GateReason[];
  /** The arithmetic; undefined when the target is no raft member, or when no manager answered. */
  readonly numbers: RemovalNumbers | undefined;
  readonly leader: string | undefined;
}

export function rotationReasons(facts: GateFacts): readonly GateReason[] {
  return facts.isRootRotationInProgress
    ? [
        {
          code: 'RootRotation',
          message: 'a rotation of the root CA is in progress: tokens and certificates are changing',
        },
      ]
    : [];
}

/**
 * May this node be taken out now? One decision for preview and for every step that takes a node out.
 *
 * The target's own socket is not asked for anything: a dead node may be replaced as long as the
 * others carry the swarm. "No answer" of any other manager shuts the gate, whatever the leader
 * believes of it.
 */
export function gate(facts: GateFacts, target: GateTarget): GateVerdict {
  const others = facts.managers.filter((manager) => manager.name !== target.name);
  const reasons: GateReason[] = others.flatMap((manager) => ownSocketReasons(manager, facts));
  const managers = others.map((manager) => manager.managers).find(isSeen)?.seen;
  if (managers === undefined || !isSeen(facts.nodes)) {
    reasons.push({
      code: 'NoAnswer',
      message:
        managers === undefined || isSeen(facts.nodes)
          ? 'no other manager answers with the list of nodes'
          : `no other manager lists all nodes: ${facts.nodes.unseen}`,
    });
    return { isOpen: false, reasons: distinct(reasons), numbers: undefined, leader: undefined };
  }
  const list = facts.nodes.seen;
  const members = managers.filter((node) => node.managerStatus !== undefined);
  reasons.push(...agreementReasons(others));
  reasons.push(...outReasons(others, members));
  reasons.push(...staleReasons(facts, members, target));
  reasons.push(...settlingReasons(list, target));
  reasons.push(...serviceReasons(facts, target));
  reasons.push(...rotationReasons(facts));
  // A manager that is no member any more (an interrupted run demoted it) takes no vote with it.
  const numbers = members.some((node) => isTarget(node, target, facts))
    ? removalNumbers(members, target, facts)
    : undefined;
  if (numbers !== undefined && !numbers.isAllowed) {
    reasons.push({
      code: 'Quorum',
      message:
        `taking ${target.name} out would leave ${String(numbers.reachableWithout)} reachable of ` +
        `${String(numbers.members - 1)} managers, and ${String(numbers.needed)} are needed`,
    });
  }
  if (target.role === 'worker') reasons.push(...workerReasons(facts, list, target));
  const leader = leaderAmong(members);
  return {
    isOpen: reasons.length === 0,
    reasons: distinct(reasons),
    numbers,
    leader: leader?.hostname,
  };
}

/** What speaks against a manager by its own word. */
export function ownSocketReasons(manager: ManagerSight, facts: GateFacts): GateReason[] {
  const { name, info, managers } = manager;
  if (!isSeen(info)) {
    return [
      { code: 'NoAnswer', subject: name, message: `${name} does not answer: ${info.unseen}` },
    ];
  }
  const { seen } = info;
  if (seen.clusterId !== undefined && seen.clusterId !== facts.clusterId) {
    return [
      {
        code: 'WrongCluster',
        subject: name,
        message: `${name} is in swarm ${seen.clusterId}, not in ${facts.clusterId}`,
      },
    ];
  }
  if (seen.localNodeState === 'locked') {
    return [{ code: 'Locked', subject: name, message: describeLocked(name) }];
  }
  if (seen.error !== '') {
    return [{ code: 'ManagerError', subject: name, message: `${name} reports: ${seen.error}` }];
  }
  if (seen.localNodeState !== 'active' || !seen.isControlAvailable) {
    return [
      {
        code: 'NotInControl',
        subject: name,
        message: `${name} is ${seen.localNodeState} and ${seen.isControlAvailable ? 'in control' : 'not a working manager'}`,
      },
    ];
  }
  const unanswered = isSeen(managers)
    ? seen.clusterId === undefined
      ? `${name} does not say which swarm it is in`
      : undefined
    : `${name} does not list its nodes: ${managers.unseen}`;
  return unanswered === undefined ? [] : [{ code: 'NoAnswer', subject: name, message: unanswered }];
}

/** Every manager must name the same leader and the same members. */
function agreementReasons(views: readonly ManagerSight[]): GateReason[] {
  const reasons: GateReason[] = [];
  let first: { name: string; leader: string; members: string } | undefined;
  for (const view of views) {
    if (!isSeen(view.managers)) continue;
    const members = view.managers.seen.filter((node) => node.managerStatus !== undefined);
    const leader = leaderAmong(members);
    const own = {
      name: view.name,
      leader: leader === undefined ? 'nobody' : identity(leader),
      members: members.map(identity).sort().join(' '),
    };
    first ??= own;
    if (own.leader === 'nobody') {
      reasons.push({ code: 'DifferentLeader', message: `${own.name} names no leader` });
    } else if (own.leader !== first.leader) {
      reasons.push({
        code: 'DifferentLeader',
        message: `${first.name} names ${first.leader} as the leader, ${own.name} names ${own.leader}`,
      });
    }
    if (own.members !== first.members) {
      reasons.push({
        code: 'DifferentMembers',
        message: `${first.name} lists the members (${first.members}), ${own.name} lists (${own.members})`,
      });
    }
  }
  return reasons;
}

/** An earlier life of a node has its name, but not its ID. */
function identity(node: SwarmNodeFacts): string {
  return `${node.hostname}/${node.id}`;
}

/** A declared manager that is not a reachable member is out; nobody else may go meanwhile. */
function outReasons(
  others: readonly ManagerSight[],
  members: readonly SwarmNodeFacts[],
): GateReason[] {
  return others.flatMap((manager): GateReason[] => {
    const entry = memberAt(members, manager.address);
    if (entry === undefined) {
      return [
        {
          code: 'ManagerOut',
          subject: manager.name,
          message: `manager ${manager.name} is not a member`,
        },
      ];
    }
    const reachability = entry.managerStatus?.reachability ?? 'unknown';
    return reachability === 'reachable'
      ? []
      : [
          {
            code: 'ManagerOut',
            subject: manager.name,
            message: `manager ${manager.name} is ${reachability}`,
          },
        ];
  });
}

/**
 * Members that can vote for nobody: one that does not answer and that nobody declares, and an earlier
 * life of a manager that was rebuilt without being removed. A reachable member that is no longer
 * declared votes like any other; it leaves at the end of the run. The target is leaving now.
 */
function staleReasons(
  facts: GateFacts,
  members: readonly SwarmNodeFacts[],
  target: GateTarget,
): GateReason[] {
  const stale = members.filter(
    (node) =>
      !facts.managers.some((manager) => isAt(node, manager.address)) &&
      !isTarget(node, target, facts) &&
      node.managerStatus?.reachability !== 'reachable',
  );
  const twice = facts.managers.filter(
    (manager) => members.filter((node) => isAt(node, manager.address)).length > 1,
  );
  return [
    ...stale.map((node) => ({
      code: 'StaleMember' as const,
      message: `member ${node.hostname} (${node.id}) at ${memberAddress(node)} is not declared and does not answer`,
    })),
    ...twice.map((manager) => ({
      code: 'StaleMember' as const,
      message: `${manager.name} is a member more than once: an earlier one was never removed`,
    })),
  ];
}

/** After every change of leader all nodes are `unknown` until they register again. */
export function settlingReasons(list: readonly SwarmNodeFacts[], target: GateTarget): GateReason[] {
  const settling = list.filter((node) => node.state === 'unknown' && node.hostname !== target.name);
  return settling.map((node) => ({
    code: 'LeaderSettling',
    subject: node.hostname,
    message: `${node.hostname} has not registered with the present leader yet`,
  }));
}

/** What the last node cost is given back before the next one goes. */
export function serviceReasons({ services, beside }: GateFacts, target: GateTarget): GateReason[] {
  if (!isSeen(services)) {
    return [{ code: 'NoAnswer', message: `the services were not looked at: ${services.unseen}` }];
  }
  if (target.mayGoBeside === true && beside !== undefined) {
    return beside.map(({ node, sentence }) => ({
      code: 'ServicesBelowBaseline',
      subject: node,
      message: `while ${node} is drained: ${sentence}`,
    }));
  }
  return services.seen
    .filter(({ node }) => node !== target.name)
    .map(({ node, sentence }) => ({
      code: 'ServicesBelowBaseline',
      subject: node,
      message: `services are not as they were before ${node} went: ${sentence}`,
    }));
}

function workerReasons(
  facts: GateFacts,
  list: readonly SwarmNodeFacts[],
  target: GateTarget,
): GateReason[] {
  const entries = byHostname(list);
  const whyOut = (name: string): WorkerOut | undefined =>
    whyWorkerIsOut(entries.get(name) ?? [], name, facts.going);
  // Nothing is taken away with a worker that is out already: rebuilding it gives one back.
  const state = whyOut(target.name);
  if (state === 'down' || state === 'not in the swarm') return [];
  const out = facts.workers
    .filter((name) => name !== target.name)
    .map((name) => ({ name, why: whyOut(name) }))
    .filter((worker) => worker.why !== undefined);
  return out.length + 1 <= facts.maxUnavailable
    ? []
    : out.map(({ name, why }) => ({
        code: 'WorkersOut',
        subject: name,
        message: `worker ${name} is ${why ?? ''}, and ${String(facts.maxUnavailable)} may be out at once`,
      }));
}

/** A plan asks this for each of the nodes that go, of all of them. */
function byHostname(list: readonly SwarmNodeFacts[]): ReadonlyMap<string, SwarmNodeFacts[]> {
  const entries = new Map<string, SwarmNodeFacts[]>();
  for (const node of list) {
    const known = entries.get(node.hostname);
    if (known === undefined) entries.set(node.hostname, [node]);
    else known.push(node);
  }
  return entries;
}

type WorkerOut = NodeState | 'not in the swarm' | 'drained to go' | 'upgraded in place';

/** A node that was drained or paused by its declaration serves nothing, but it is not out; one that is drained to go or to be upgraded is. */
function whyWorkerIsOut(
  entries: readonly SwarmNodeFacts[],
  name: string,
  going: readonly string[],
): WorkerOut | undefined {
  if (entries.length === 0) return 'not in the swarm';
  const ready = entries.find((node) => node.state === 'ready');
  if (ready === undefined) return entries.at(0)?.state;
  if (heldAvailability(ready) !== undefined) return 'upgraded in place';
  return ready.availability === 'drain' && going.includes(name) ? 'drained to go' : undefined;
}

function removalNumbers(
  members: readonly SwarmNodeFacts[],
  target: GateTarget,
  facts: GateFacts,
): RemovalNumbers {
  const reachable = members.filter(
    (node) => node.managerStatus?.reachability === 'reachable' && !isTarget(node, target, facts),
  );
  return removal(members.length, reachable.length);
}

/** By address; by name where the target is no longer declared as a manager (it becomes a worker). */
function isTarget(node: SwarmNodeFacts, target: GateTarget, facts: GateFacts): boolean {
  const own = facts.managers.find((manager) => manager.name === target.name)?.address;
  return own === undefined ? node.hostname === target.name : isAt(node, own);
}

function memberAt(members: readonly SwarmNodeFacts[], address: string): SwarmNodeFacts | undefined {
  return members.find((node) => isAt(node, address));
}

/** Who leads raft, as these entries say. */
export function leaderAmong(nodes: readonly SwarmNodeFacts[]): SwarmNodeFacts | undefined {
  return nodes.find(({ managerStatus }) => managerStatus?.isLeader === true);
}

/** Whether a member's raft address is at an IP, however either is written. */
export function isAt(member: SwarmNodeFacts, address: string): boolean {
  return isSameAddress(memberAddress(member), address);
}

/** The IP of a member's raft address, e.g. `10.88.0.11` of `10.88.0.11:2377` or `[fd00::1]:2377`. */
export function memberAddress(node: SwarmNodeFacts): string {
  const address = node.managerStatus?.address ?? node.address;
  const match = /^\[(.+)\]:\d+$/.exec(address) ?? /^([^:]+):\d+$/.exec(address);
  return match?.[1] ?? address;
}

function distinct(reasons: readonly GateReason[]): GateReason[] {
  return reasons.filter(
    ({ message }, index) => reasons.findIndex((other) => other.message === message) === index,
  );
}

/** The reasons of a shut gate as one clause. */
export function describeReasons(reasons: readonly GateReason[]): string {
  return reasons.map(({ message }) => message).join('; ');
}
