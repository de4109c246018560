import { contactOrder } from './contacts';
import { restartDigest } from './daemonOptions';
import { whyNotInPlace } from './engineChange';
import { defaultSource } from './engineSource';
import { versionWithin } from './engineVersion';
import type { SwarmNodeFacts } from './facts';
import { isAt } from './gate';
import { managerInPlace } from './inPlace';
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
  const joins = (turn: Omit<RolloutTurn, 'contact'> | undefined): readonly RolloutTurn[] => {
    if (turn === undefined) return [];
    return turn.kind === 'inPlace'
      ? [{ ...turn, contact: undefined }]
      : [joining(turn, declared, inControl, facts.standIn)];
  };
  const managers = inOrder(declared.managers, facts.managers).flatMap((node) => {
    const entry = entryOfNode(facts.nodes, node);
    const turn = joins(managerTurn(node, entry, members, facts));
    if (entry?.managerStatus === undefined) members += 1;
    inControl.add(node.name);
    return turn;
  });
  const workers = inOrder(declared.workers, facts.workers).flatMap((node) =>
    joins(workerTurn(node, entryOfNode(facts.nodes, node), facts)),
  );
  return [...managers, ...workers];
}

/** With the manager that it will ask: the first one in control, never itself. */
function joining(
  turn: Omit<RolloutTurn, 'contact'>,
  { managers }: RolloutDeclaration,
  inControl: ReadonlySet<string>,
  standIn: string | undefined,
): RolloutTurn {
  const others = managers.filter(({ name }) => name !== turn.name && inControl.has(name));
  const contact = contactOrder(others, () => 0)[0]?.name ?? standIn;
  return contact === undefined
    ? { ...turn, contact }
    : { ...turn, contact, sentence: `${turn.sentence}; joins through ${contact}` };
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
  if (entry.managerStatus !== undefined && isInPlace(node, entry, osOf(facts.hosts, node))) {
    const vip = facts.vipAtTurn?.[name];
    const sentence = managerInPlace({ name, why, members, ...(vip === undefined ? {} : { vip }) });
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
  if (
    declared.engineVersion !== undefined &&
    entry.engineVersion !== '' &&
    !versionWithin(entry.engineVersion, declared.engineVersion)
  ) {
    differences.push(`engine ${entry.engineVersion} → ${declared.engineVersion}`);
  }
  const [source, wantedSource] = [sourceOf(entry), (declared.engineSource ?? defaultSource).kind];
  if (source !== undefined && source !== wantedSource) {
    differences.push(`engine source ${source} → ${wantedSource}`);
  }
  const digest = restartDigest(declared.engineDaemon ?? {});
  if (source !== undefined && (entry.labels[daemonLabel] ?? '') !== digest) {
    differences.push('options of the daemon');
  }
  return differences;
}

/** Whether nothing differs but what an engine can be given in place. */
export function isInPlace(
  declared: RolloutNode,
  entry: SwarmNodeFacts,
  seenOs: string | undefined,
): boolean {
  const { engineVersion: version, engineSource: source = defaultSource } = declared;
  const { engineVersion: _version, engineDaemon: _daemon, ...rest } = declared;
  const others = differences(
    { ...rest, engineVersion: undefined },
    { ...entry, labels: withoutOptions(entry.labels) },
    seenOs,
  );
  const runs = entry.engineVersion === '' ? undefined : entry.engineVersion;
  return (
    declared.engineUpgrade === 'inPlace' &&
    others.length === 0 &&
    whyNotInPlace(runs, source.kind, { version, source }) === undefined
  );
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
