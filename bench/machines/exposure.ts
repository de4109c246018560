/** One node as a manager's list of nodes showed it. */
export interface SeenNode {
  readonly id: string;
  readonly name: string;
  readonly isReady: boolean;
  readonly isActive: boolean;
  /** A reachable member of raft. */
  readonly isManager: boolean;
  /** Tasks that run on it. */
  readonly running: number;
}

/** The list at one moment, in milliseconds since the epoch. */
export interface Sample {
  readonly atMs: number;
  readonly nodes: readonly SeenNode[];
}

/** What a node's replacement cost. */
export interface NodeTurn {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  /** From its drain to Ready and active under its new ID. */
  readonly turnMs: number;
  /** From the drain's end, or its demotion, to the same. */
  readonly exposureMs: number;
  /** When the turn began, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/**
 * Turn and exposure of a node, by what the managers' lists said. `samples` sorted by time.
 *
 * @returns why there is none, where the node was not seen to go and to come back.
 */
export function turnOf(name: string, samples: readonly Sample[]): NodeTurn | string {
  const first = entryIn(samples[0], name);
  if (first === undefined) return `${name} is not in the first list of nodes`;
  const role = first.isManager ? 'manager' : 'worker';
  const states = samples.map((sample) => ({
    atMs: sample.atMs,
    entry: sample.nodes.find(({ id }) => id === first.id),
    successor: sample.nodes.find((node) => node.name === name && node.id !== first.id),
  }));
  const left = states.find(({ entry }) => entry?.isActive !== true);
  if (left === undefined) return `${name} never went`;
  const out = states.find(({ atMs, entry }) => atMs >= left.atMs && isOut(entry, first.isManager));
  const back = states.find(
    ({ successor }) =>
      successor?.isReady === true && successor.isActive && successor.isManager === first.isManager,
  );
  if (out === undefined || back === undefined) return `${name} was not seen to come back`;
  return {
    name,
    role,
    turnMs: back.atMs - left.atMs,
    exposureMs: back.atMs - out.atMs,
    fromMs: left.atMs,
  };
}

/** It serves nobody: drained to the last task, no manager any more, or gone. */
function isOut(entry: SeenNode | undefined, wasManager: boolean): boolean {
  if (entry === undefined) return true;
  return entry.running === 0 || (wasManager && !entry.isManager);
}

function entryIn(sample: Sample | undefined, name: string): SeenNode | undefined {
  return sample?.nodes.find((node) => node.name === name);
}
