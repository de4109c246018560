import { canonical } from './canonical';
import { fnv1a } from './fnv1a';
import { isRecord } from './isRecord';
import type { Labels } from './labels';
import { canaryLabel } from './lease';
import type { RolloutNode, RolloutTurn } from './rolloutFacts';

/** Where a roll stops by itself. */
export const pausePoints = ['canary'] as const;

/** The first node that goes under a change, as it is kept beside the lease. */
export interface CanaryRecord {
  /** What is declared of every node, as `changeOf` says it. */
  readonly change: string;
  readonly node: string;
  /** The run in which it was back; undefined: it is not yet. */
  readonly doneIn?: string;
}

/** What tells one change from another: operating system and engine of every declared node. */
export function changeOf(
  nodes: readonly Pick<
    RolloutNode,
    'name' | 'os' | 'engineVersion' | 'engineSource' | 'engineDaemon'
  >[],
): string {
  const told = [...nodes]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, os, engineVersion, engineSource, engineDaemon }) => ({
      ...{ name, os, engineVersion, engineSource, engineDaemon },
    }));
  return fnv1a(canonical(told));
}

/** Undefined: there is none, or a text that is none as a whole. */
export function readCanary(labels: Labels): CanaryRecord | undefined {
  const text = labels[canaryLabel];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isCanary(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCanary(value: unknown): value is CanaryRecord {
  if (!isRecord(value)) return false;
  const { change, node, doneIn } = value;
  return (
    typeof change === 'string' &&
    typeof node === 'string' &&
    (doneIn === undefined || typeof doneIn === 'string')
  );
}

export function withCanary(labels: Labels, record: CanaryRecord): Labels {
  return { ...labels, [canaryLabel]: JSON.stringify(record) };
}

/** Whether a node may go: as the canary, since the canary is over, or not in this run any more. */
export type CanaryDecision =
  | { readonly next: 'go'; readonly record: CanaryRecord | undefined }
  | { readonly next: 'pause'; readonly canary: string };

/**
 * One node goes first under a change; in the run in which it is back, no other one goes. Where the canary of an
 * interrupted run is not back and another node goes first now, that one is the canary: the order of a run may
 * have changed since.
 *
 * @param run this run: one process.
 */
export function decideCanary(
  record: CanaryRecord | undefined,
  { change, node, run }: { readonly change: string; readonly node: string; readonly run: string },
): CanaryDecision {
  if (record?.change !== change) return { next: 'go', record: { change, node } };
  if (record.doneIn === undefined) {
    return { next: 'go', record: record.node === node ? undefined : { change, node } };
  }
  return record.doneIn === run && record.node !== node
    ? { next: 'pause', canary: record.node }
    : { next: 'go', record: undefined };
}

/**
 * The record once a node is back; undefined: it is no canary, or noted already.
 *
 * @param isLastLink what is made of the node only now is the end of its chain, which may have failed in the run in
 * which the node itself came back.
 */
export function canaryDone(
  record: CanaryRecord | undefined,
  { node, run }: { readonly node: string; readonly run: string },
  isLastLink = false,
): CanaryRecord | undefined {
  if (record?.node !== node) return undefined;
  const isNoted = isLastLink ? record.doneIn === run : record.doneIn !== undefined;
  return isNoted ? undefined : { ...record, doneIn: run };
}

/** It is taken out, or its engine is exchanged. */
export function isGoing({ kind }: RolloutTurn): boolean {
  return kind === 'replace' || kind === 'inPlace';
}

/** The sentences of a plan, with the pause at its place. */
export function withPause(
  turns: readonly RolloutTurn[],
  change: string | undefined,
  record: CanaryRecord | undefined,
): readonly string[] {
  const sentences = turns.map(({ sentence }) => sentence);
  const going = turns.filter(isGoing);
  const [canary] = going;
  if (change === undefined || canary === undefined) return sentences;
  if (record?.change === change && record.doneIn !== undefined) {
    return [`go on behind ${record.node}, the canary of this change`, ...sentences];
  }
  const place = turns.indexOf(canary) + 1;
  return going.length === 1
    ? sentences
    : [
        ...sentences.slice(0, place),
        `pause behind ${canary.name}, the canary: this run ends there with PausedAfterCanary, and the next \`pulumi up\` goes on`,
        ...sentences.slice(place),
      ];
}

/** Nobody of its batch goes beside the canary: the first batch that has several nodes to go is split behind the first of them. */
export function canaryAlone(
  batches: readonly (readonly string[])[],
  turns: readonly RolloutTurn[],
): readonly (readonly string[])[] {
  const going = turns.filter(isGoing);
  const [first] = going;
  if (first?.role !== 'worker') return batches;
  return batches.flatMap((batch) => {
    const others = batch.filter((name) => name !== first.name);
    const isShared = batch.includes(first.name) && going.some(({ name }) => others.includes(name));
    return isShared ? [[first.name], others] : [batch];
  });
}
