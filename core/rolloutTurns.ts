import { restartDigest } from './daemonOptions';
import { isKept, whyNotInPlace, type EngineWish, type KeptEngine } from './engineChange';
import { defaultSource, staticVersion } from './engineSource';
import { versionWithin } from './engineVersion';
import type { Sight, SwarmNodeFacts } from './facts';
import { isAt } from './gate';
import { isGoing } from './canary';
import { describeHooks } from './hooks';
import { managerInPlace } from './inPlace';
import { alpnMissing, describeWay, mayLackAlpn, notOurEngine, planJoin } from './joinWay';
import type { JoinContact } from './joinWay';
import { daemonLabel, managedLabel, osLabel, sourceLabel } from './labels';
import type { Labels } from './labels';
import { quorum, tolerance } from './quorum';
import { isStandIn } from './standIn';
import type {
  HostSight,
  RestoreSight,
  RolloutDeclaration,
  RolloutNode,
  RolloutTurn,
} from './rolloutFacts';

/** What the turns are made of: the order, and what was seen of each node. */
export interface TurnFacts {
  readonly nodes: readonly SwarmNodeFacts[];
  readonly hosts: readonly HostSight[];
  /** What happens to the virtual IP at a manager's turn, by its name. */
  readonly vipAtTurn?: Readonly<Record<string, string>>;
  /** The worker that is a manager while one is out; undefined: nobody. */
  readonly standIn: string | undefined;
  /** Where the swarm of an only manager is archived while that is out; undefined: it does not go so. */
  readonly outageArchive?: string | undefined;
  /** Whether a manager's port offers ALPN, by its name. Default: each does. */
  readonly alpn?: Readonly<Record<string, Sight<boolean>>>;
  /** Engines that an upgrade in place would put back, by their managers. Default: none. */
  readonly kept?: Readonly<Record<string, KeptEngine>>;
  /** In the order of this run. */
  readonly managers: readonly string[];
  readonly workers: readonly string[];
}

/** Every node that is replaced or added, in order, each with the numbers of its own moment. */
export function planTurns(declared: RolloutDeclaration, facts: TurnFacts): readonly RolloutTurn[] {
  // A manager that is put back or added has a vote when the next one goes.
  // One that stands in is none of them: it is a worker again before the next one goes.
  let members = facts.nodes.filter(
    (node) => node.managerStatus !== undefined && !isStandIn(node),
  ).length;
  const inControl = new Set(
    declared.managers
      .filter((node) => isReachable(entryOfNode(facts.nodes, node)))
      .map(({ name }) => name),
  );
  const built = new Set<string>();
  const joins = (turn: Omit<RolloutTurn, 'contact'> | undefined): readonly RolloutTurn[] => {
    if (turn === undefined) return [];
    return turn.kind === 'inPlace'
      ? [{ ...turn, contact: undefined }]
      : [joining(turn, declared, facts, { inControl, built })];
  };
  const managers = inOrder(declared.managers, facts.managers).flatMap((node) => {
    const entry = entryOfNode(facts.nodes, node);
    const turn = joins(managerTurn(node, entry, members, facts));
    if (entry?.managerStatus === undefined) members += 1;
    inControl.add(node.name);
    if (turn.length > 0) built.add(node.name);
    return turn;
  });
  const workers = inOrder(declared.workers, facts.workers).flatMap((node) =>
    joins(workerTurn(node, entryOfNode(facts.nodes, node), facts)),
  );
  return [...managers, ...workers].map((turn) => withHooks(turn, declared));
}

/** What runs around a node that goes and comes back. */
function withHooks(turn: RolloutTurn, { managers, workers }: RolloutDeclaration): RolloutTurn {
  const node = [...managers, ...workers].find(({ name }) => name === turn.name);
  const clause = isGoing(turn) ? describeHooks(node?.hooks ?? {}) : undefined;
  return clause === undefined ? turn : { ...turn, sentence: `${turn.sentence}; ${clause}` };
}

/** Managers as they are when a node's turn comes. */
interface Moment {
  readonly inControl: ReadonlySet<string>;
  /** Those that had their own turn before. */
  readonly built: ReadonlySet<string>;
}

/** With the manager that it will ask: one in control that its engine can join by, never itself. */
function joining(
  turn: Omit<RolloutTurn, 'contact'>,
  declared: RolloutDeclaration,
  facts: TurnFacts,
  { inControl, built }: Moment,
): RolloutTurn {
  const others = declared.managers
    .filter(({ name }) => name !== turn.name && inControl.has(name))
    .map((node) => contactOf(node, facts, built.has(node.name)));
  const contacts = others.length > 0 ? others : standInContact(facts);
  const node = [...declared.managers, ...declared.workers].find(({ name }) => name === turn.name);
  const way = planJoin(node === undefined ? undefined : engineAfter(node, facts), contacts);
  const clause = describeWay(way, contacts);
  // Whose engine it is decides what it is started with.
  const isRefused = way.exception === 'yes' && node?.engineSource?.kind === 'preinstalled';
  return {
    ...turn,
    contact: way.contacts[0],
    sentence: clause === undefined ? turn.sentence : `${turn.sentence}; ${clause}`,
    ...(isRefused ? { refusal: alpnMissing(turn.name, way.without, notOurEngine).message } : {}),
  };
}

/** A manager as others join by it. `isBuilt`: it had its own turn before. */
export function contactOf(
  node: RolloutNode,
  facts: Pick<TurnFacts, 'nodes' | 'hosts' | 'alpn'>,
  isBuilt: boolean,
): JoinContact {
  const { name } = node;
  const entry = entryOfNode(facts.nodes, node);
  const present = entry?.engineVersion ?? '';
  const engineVersion = isBuilt ? (engineAfter(node, facts) ?? '') : present;
  if (!isBuilt && entry !== undefined && entry.managerStatus === undefined) {
    return promotedContact(name, engineVersion);
  }
  // One that has joined as a manager offers ALPN, whatever its engine.
  const alpn = isBuilt || facts.alpn === undefined ? { seen: true } : facts.alpn[name];
  return { name, engineVersion, alpn: alpn ?? { unseen: 'it was not asked' } };
}

function standInContact({ standIn, nodes }: TurnFacts): readonly JoinContact[] {
  if (standIn === undefined) return [];
  return [promotedContact(standIn, entryOf(nodes, standIn)?.engineVersion ?? '')];
}

/** A worker that was promoted: its certificate has changed since its daemon's start. */
function promotedContact(name: string, engineVersion: string): JoinContact {
  return { name, engineVersion, alpn: { seen: !mayLackAlpn(engineVersion) } };
}

/** Engine that a node will have, in full or by its leading parts; undefined: what another OS brings is seen when it runs. */
export function engineAfter(
  node: RolloutNode,
  facts: Pick<TurnFacts, 'nodes' | 'hosts'>,
): string | undefined {
  const entry = entryOfNode(facts.nodes, node);
  const present = entry?.engineVersion === '' ? undefined : entry?.engineVersion;
  if (node.engineVersion !== undefined) {
    const isThere = present !== undefined && versionWithin(present, node.engineVersion);
    return isThere ? present : node.engineVersion;
  }
  return isOtherOs(node, facts) ? undefined : present;
}

/** Whether a node's machine is rebuilt with another OS. */
export function isOtherOs(node: RolloutNode, facts: Pick<TurnFacts, 'nodes' | 'hosts'>): boolean {
  const os = osOf(facts.hosts, node) ?? entryOfNode(facts.nodes, node)?.labels[osLabel];
  return node.os !== undefined && os !== undefined && os !== node.os;
}

function isReachable(entry: SwarmNodeFacts | undefined): boolean {
  return entry?.managerStatus?.reachability === 'reachable';
}

/** The entry of a name; of several the one that is alive. */
export function entryOf(
  nodes: readonly SwarmNodeFacts[] | undefined,
  name: string,
): SwarmNodeFacts | undefined {
  const entries = nodes?.filter((node) => node.hostname === name) ?? [];
  return entries.find(({ state }) => state === 'ready') ?? entries[0];
}

/** The entry of a declared node: by its name, or by the one that it had before, at its address. */
export function entryOfNode(
  nodes: readonly SwarmNodeFacts[] | undefined,
  node: RolloutNode,
): SwarmNodeFacts | undefined {
  const own = entryOf(nodes, node.name);
  if (own !== undefined || node.previousName === undefined) return own;
  const previous = entryOf(nodes, node.previousName);
  return previous !== undefined && isAt(previous, node.address) ? previous : undefined;
}

/** Managers that this run takes out, or puts in. */
export function managersBuilt(
  declared: RolloutDeclaration,
  facts: Pick<TurnFacts, 'nodes' | 'hosts'>,
): ReadonlySet<string> {
  const isBuilt = (node: RolloutNode): boolean => {
    const entry = entryOfNode(facts.nodes, node);
    return entry === undefined || differences(node, entry, osOf(facts.hosts, node)).length > 0;
  };
  return new Set(declared.managers.filter(isBuilt).map(({ name }) => name));
}

function inOrder(nodes: readonly RolloutNode[], names: readonly string[]): readonly RolloutNode[] {
  return names.flatMap((name) => nodes.find((node) => node.name === name) ?? []);
}

function managerTurn(
  node: RolloutNode,
  entry: SwarmNodeFacts | undefined,
  members: number,
  facts: TurnFacts,
): Omit<RolloutTurn, 'contact'> | undefined {
  const { name } = node;
  const back =
    `${String(members)} → ${String(members + 1)} members, ` +
    `quorum ${String(quorum(members + 1))}, tolerance ${String(tolerance(members + 1))}`;
  if (entry === undefined) {
    return {
      name,
      role: 'manager',
      kind: 'add',
      why: [],
      sentence: `add manager ${name}: ${back}`,
    };
  }
  const why = differences(node, entry, osOf(facts.hosts, node));
  if (why.length === 0) return undefined;
  const kept = facts.kept?.[name];
  if (entry.managerStatus !== undefined && isInPlace(node, entry, osOf(facts.hosts, node), kept)) {
    const vip = facts.vipAtTurn?.[name];
    const isBack = isKept(wishOf(node), kept);
    const sentence = managerInPlace({
      ...{ name, why, members, isBack },
      ...(vip === undefined ? {} : { vip }),
    });
    return { name, role: 'manager', kind: 'inPlace', why, sentence };
  }
  const head = `replace manager ${name} (${why.join(', ')}): `;
  if (facts.outageArchive !== undefined && members === 1 && entry.managerStatus !== undefined) {
    return { name, role: 'manager', kind: 'replace', why, sentence: head + outage(node, facts) };
  }
  const out = facts.standIn === undefined ? members - 1 : members;
  const sentence =
    entry.managerStatus === undefined
      ? `${head}no member at present; ${back} when it is back`
      : head +
        (facts.standIn === undefined
          ? `${String(members)} → ${String(out)} members while it is out, `
          : `${facts.standIn} stands in: ${String(members)} → ${String(members + 1)} members, ${String(out)} while it is out, `) +
        `quorum ${String(quorum(out))}, tolerance ${String(tolerance(out))}` +
        (entry.managerStatus.isLeader ? '; the leader, handed over by its demotion' : '') +
        (facts.vipAtTurn?.[name] === undefined ? '' : `; ${facts.vipAtTurn[name]}`);
  return { name, role: 'manager', kind: 'replace', why, sentence };
}

function outage({ name }: RolloutNode, { outageArchive, vipAtTurn, nodes }: TurnFacts): string {
  return (
    `0 of 1 managers while ${name} is rebuilt; the control plane is out: nothing is scheduled and no node joins; ` +
    (nodes.length > 1 ? `tasks on workers keep running, those on ${name} stop` : 'its tasks stop') +
    (vipAtTurn?.[name] === undefined ? '' : `; ${vipAtTurn[name]}`) +
    `; its raft state is archived to ${outageArchive ?? ''} and put back`
  );
}

/** What is left of a run that was interrupted while the only manager was out. */
export function restoreTurn({ name, archive, takenAt }: RestoreSight): RolloutTurn {
  return {
    ...{ name, role: 'manager', kind: 'restore', why: [], contact: undefined },
    sentence: `restore manager ${name} from ${archive}, of ${takenAt}: 0 → 1 members, the same swarm; what else is to be replaced is seen at its turn`,
  };
}

function workerTurn(
  node: RolloutNode,
  entry: SwarmNodeFacts | undefined,
  facts: TurnFacts,
): Omit<RolloutTurn, 'contact'> | undefined {
  const { name } = node;
  if (entry === undefined) {
    return { name, role: 'worker', kind: 'add', why: [], sentence: `add worker ${name}` };
  }
  const why = differences(node, entry, osOf(facts.hosts, node));
  if (why.length > 0 && isInPlace(node, entry, osOf(facts.hosts, node))) {
    const sentence = `upgrade worker ${name} in place (${why.join(', ')}): drained first, and active again when it is checked; the managers stay untouched`;
    return { name, role: 'worker', kind: 'inPlace', why, sentence };
  }
  const sentence = `replace worker ${name} (${why.join(', ')}): drained first, the managers stay untouched`;
  return why.length === 0 ? undefined : { name, role: 'worker', kind: 'replace', why, sentence };
}

/** What its own host showed; undefined: nobody asked. */
export function osOf(hosts: readonly HostSight[], { name }: RolloutNode): string | undefined {
  return hosts.find((host) => host.name === name)?.os;
}

/**
 * What of a node differs from its declaration so that it would be replaced.
 *
 * @param seenOs - what its own host showed; undefined: nobody asked, and its label tells.
 */
export function differences(
  declared: RolloutNode,
  entry: SwarmNodeFacts,
  seenOs: string | undefined,
): readonly string[] {
  const os = seenOs ?? entry.labels[osLabel];
  const differences: string[] = [];
  if (entry.hostname !== declared.name) {
    differences.push(`name ${entry.hostname} → ${declared.name}`);
  }
  if (declared.os !== undefined && os !== undefined && os !== declared.os) {
    differences.push(`os ${os} → ${declared.os}`);
  }
  const { engineSource = defaultSource } = declared;
  const version =
    declared.engineVersion ??
    (engineSource.kind === 'static' ? staticVersion(engineSource) : undefined);
  if (
    version !== undefined &&
    entry.engineVersion !== '' &&
    !versionWithin(entry.engineVersion, version)
  ) {
    differences.push(`engine ${entry.engineVersion} → ${version}`);
  }
  const [source, wantedSource] = [sourceOf(entry), engineSource.kind];
  if (source !== undefined && source !== wantedSource) {
    differences.push(`engine source ${source} → ${wantedSource}`);
  }
  const digest = restartDigest(declared.engineDaemon ?? {});
  if (source !== undefined && (entry.labels[daemonLabel] ?? '') !== digest) {
    differences.push('options of the daemon');
  }
  return differences;
}

/** Whether nothing differs but what an engine can be given in place, or what is kept would give it back. */
export function isInPlace(
  declared: RolloutNode,
  entry: SwarmNodeFacts,
  seenOs: string | undefined,
  kept?: KeptEngine,
): boolean {
  const wish = wishOf(declared);
  const { engineVersion: _version, engineDaemon: _daemon, ...rest } = declared;
  const others = differences(
    { ...rest, engineVersion: entry.engineVersion },
    { ...entry, labels: withoutOptions(entry.labels) },
    seenOs,
  );
  const runs = entry.engineVersion === '' ? undefined : entry.engineVersion;
  return (
    (declared.engineUpgrade === 'inPlace' || isKept(wish, kept)) &&
    others.length === 0 &&
    whyNotInPlace(runs, wish.source.kind, wish, kept) === undefined
  );
}

function wishOf({
  engineVersion: version,
  engineSource: source = defaultSource,
  engineDaemon: daemon = {},
}: RolloutNode): EngineWish {
  return { version, source, daemon };
}

function withoutOptions(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== daemonLabel));
}

/** Undefined: a node of somebody else, who did not write it down. */
function sourceOf({ labels }: SwarmNodeFacts): string | undefined {
  return (
    labels[sourceLabel] ?? (labels[managedLabel] === undefined ? undefined : defaultSource.kind)
  );
}
