import { isSameAddress } from './addresses';
import type { NodeRole, Sight, SwarmNodeFacts } from './facts';
import { isSeen } from './facts';
import { memberAddress } from './gate';
import { userLabels } from './labels';
import type { HostSight, RolloutDeclaration, RolloutNode, RolloutTurn } from './rolloutFacts';
import { differences } from './rolloutTurns';

/** What a take-over is decided from. */
export interface AdoptionFacts {
  /** Cluster ID that the declaration names. */
  readonly adopt: string;
  /** Every declared node's own host; one that is not in it counts as silent. */
  readonly hosts: readonly HostSight[];
  /** The list of nodes of a manager that answered. */
  readonly nodes: Sight<readonly SwarmNodeFacts[]>;
}

export interface Adoption {
  readonly turns: readonly RolloutTurn[];
  /** Why nothing may be taken over now; empty when it may. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * The run that takes a running swarm over: every declared node that is in it is adopted as it is, by its
 * node ID; nothing is replaced, and what would have to be is a reason to stop. Afterwards an ordinary
 * run makes of it what is declared.
 */
export function planAdoption(declared: RolloutDeclaration, facts: AdoptionFacts): Adoption {
  const elsewhere = swarmReasons(facts);
  if (elsewhere.length > 0) return { turns: [], reasons: elsewhere, warnings: [] };
  const { nodes } = facts;
  if (!isSeen(nodes)) {
    return {
      turns: [],
      reasons: [`swarm ${facts.adopt} cannot be taken over: no manager lists it (${nodes.unseen})`],
      warnings: [],
    };
  }
  const judge = (role: NodeRole, node: RolloutNode): Judgement =>
    judgeNode(role, node, hostOf(facts, node), nodes.seen);
  const judged = [
    ...declared.managers.map((node) => judge('manager', node)),
    ...declared.workers.map((node) => judge('worker', node)),
  ];
  return {
    turns: judged.flatMap(({ turn }) => turn ?? []),
    reasons: judged.flatMap(({ reasons }) => reasons),
    warnings: undeclared(declared, nodes.seen),
  };
}

/** The swarm itself: it must be there, and it must be the one that is named. */
function swarmReasons({ adopt, hosts }: AdoptionFacts): readonly string[] {
  const others = new Set(
    hosts.flatMap(({ clusterId }) => clusterId ?? []).filter((id) => id !== adopt),
  );
  if (others.size > 0) {
    return [...others].map((other) => {
      const names = hosts.filter(({ clusterId }) => clusterId === other).map(({ name }) => name);
      return `${names.join(', ')}: in swarm ${other}, and \`adopt\` names ${adopt}`;
    });
  }
  if (hosts.some(({ clusterId }) => clusterId === adopt)) return [];
  const silent = hosts.filter(({ swarm }) => swarm === 'unknown');
  return [
    silent.length === 0
      ? `no declared manager is in swarm ${adopt}, which \`adopt\` names; take \`adopt\` out to found a new swarm`
      : `nobody says that he is a manager of swarm ${adopt}, which \`adopt\` names: ${silent.map(silence).join('; ')}`,
  ];
}

interface Judgement {
  readonly turn: RolloutTurn | undefined;
  readonly reasons: readonly string[];
}

function judgeNode(
  role: NodeRole,
  node: RolloutNode,
  host: HostSight,
  nodes: readonly SwarmNodeFacts[],
): Judgement {
  const { name } = node;
  const refused = (...reasons: readonly string[]): Judgement => ({
    turn: undefined,
    reasons: reasons.map((reason) => `${name}: ${reason}`),
  });
  if (host.swarm === 'unknown') {
    return refused(
      `it cannot be taken over while it does not answer (${host.why ?? 'nobody asked it'}); bring it back, or leave it out of the declaration for now`,
    );
  }
  const named = nodes.find(({ hostname }) => hostname === name);
  if (host.swarm !== 'member') {
    return named === undefined
      ? { turn: added(role, name), reasons: [] }
      : refused(
          `the swarm lists it (node ${named.id}, ${named.state}), and ${host.swarm === 'absent' ? 'there is no such machine' : 'its host is in no swarm'}; remove that entry first: \`docker node rm --force ${named.id}\``,
        );
  }
  if (host.nodeId === undefined) {
    return refused(
      `its engine does not tell which node it is (${host.why ?? 'no answer'}); bring it into order first`,
    );
  }
  const entry = nodes.find(({ id }) => id === host.nodeId);
  if (entry === undefined) {
    return refused(
      `its host is node ${host.nodeId}, which the swarm does not list; let it leave first: \`docker swarm leave --force\` on it`,
    );
  }
  const faults = [
    ...identityFaults(role, node, entry),
    // Under the name that the swarm knows: another one is a fault of its own.
    ...differences({ ...node, name: entry.hostname }, entry, host.os).map(
      (difference) =>
        `it would be replaced (${difference}), and a run that adopts replaces nothing; declare what runs, take the swarm over, take \`adopt\` out, and change it then`,
    ),
  ];
  return faults.length > 0 ? refused(...faults) : { turn: adopted(role, node, entry), reasons: [] };
}

/** What cannot be changed in place, or is not changed by a run that adopts. */
function identityFaults(
  role: NodeRole,
  { name, address }: RolloutNode,
  entry: SwarmNodeFacts,
): readonly string[] {
  const present: NodeRole = entry.managerStatus === undefined ? 'worker' : 'manager';
  const isElsewhere =
    entry.managerStatus !== undefined && !isSameAddress(memberAddress(entry), address);
  return [
    ...(entry.hostname === name
      ? []
      : [`the swarm knows its host as ${entry.hostname}; declare it by that name`]),
    ...(isElsewhere
      ? [`it advertises ${memberAddress(entry)}, and ${address} is declared; declare that address`]
      : []),
    ...(entry.state === 'ready'
      ? []
      : [`the swarm sees it ${entry.state}; bring it back, or leave it out of the declaration`]),
    ...(present === role
      ? []
      : [
          `it is a ${present}, and declared as a ${role}; declare it as it is, and move it when the swarm is taken over`,
        ]),
  ];
}

function added(role: NodeRole, name: string): RolloutTurn {
  return {
    name,
    role,
    kind: 'add',
    why: [],
    contact: undefined,
    sentence: `add ${role} ${name}: it is not in the swarm`,
  };
}

function adopted(role: NodeRole, node: RolloutNode, entry: SwarmNodeFacts): RolloutTurn {
  const changes = inPlace(node, entry);
  const how = changes.length === 0 ? 'as it is' : `as it is, then ${changes.join(', ')}`;
  return {
    name: node.name,
    role,
    kind: 'adopt',
    why: [],
    contact: undefined,
    sentence: `adopt ${role} ${node.name} (node ${entry.id}) ${how}`,
  };
}

/** What a Create makes of a node that is there: nothing that restarts anything but its own tasks' places. */
function inPlace(node: RolloutNode, entry: SwarmNodeFacts): readonly string[] {
  const availability = node.availability ?? 'active';
  const labels = Object.entries(node.labels ?? {}).filter(
    ([key, value]) => entry.labels[key] !== value,
  );
  const kept = Object.keys(userLabels(entry.labels)).filter(
    (key) => node.labels?.[key] === undefined,
  );
  return [
    ...(entry.availability === availability
      ? []
      : [`availability ${entry.availability} → ${availability}`]),
    ...labels.map(([key, value]) => `label ${key} = ${value}`),
    ...(kept.length === 0
      ? []
      : [`its labels ${kept.join(', ')} stay, and go with the next run unless they are declared`]),
  ];
}

/** Members of the swarm that nobody declares: the run leaves them alone, and a manager of them has its vote. */
function undeclared(
  declared: RolloutDeclaration,
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const names = [...declared.managers, ...declared.workers].map(({ name }) => name);
  return nodes
    .filter(({ hostname }) => !names.includes(hostname))
    .map(
      ({ hostname, id, state, managerStatus }) =>
        `${hostname} (node ${id}, ${managerStatus === undefined ? 'worker' : 'manager'}, ${state}) is in the swarm and not declared: it is left alone; declare it to take it over too`,
    );
}

function hostOf({ hosts }: AdoptionFacts, { name }: RolloutNode): HostSight {
  return hosts.find((host) => host.name === name) ?? { name, swarm: 'unknown', os: undefined };
}

function silence({ name, why }: HostSight): string {
  return `${name} gives no answer (${why ?? 'nobody asked it'})`;
}
