import type { LocalDataFacts } from './facts';
import { labelPrefix } from './labels';
import type { Labels } from './labels';

/** What is done about data that lives on a node only: `keep` (its owner keeps it) or `discard`. */
export type LocalDataChoice = 'keep' | 'discard';
export type LocalDataChoices = Readonly<Record<string, LocalDataChoice>>;

/**
 * On the swarm itself: the declared choices, `m1=discard,w1=keep`. `Swarm` writes them at the head of a
 * run, so that the very run that replaces a node knows them: a Delete has the inputs of the run before.
 */
export const localDataLabel = `${labelPrefix}local-data`;

export function renderLocalData(choices: LocalDataChoices): string {
  return Object.entries(choices)
    .map(([node, choice]) => `${node}=${choice}`)
    .join(',');
}

/**
 * The choices in the swarm's label; empty when it was never written, or is none as a whole. Half of one is a
 * guess, and what it decides is whether data is lost.
 */
export function parseLocalData(labels: Labels): LocalDataChoices {
  const choices = new Map<string, LocalDataChoice>();
  for (const entry of (labels[localDataLabel] ?? '').split(',')) {
    const [name = '', choice, ...more] = entry.split('=');
    const isChoice = choice === 'keep' || choice === 'discard';
    if (!isChoice || name === '' || more.length > 0 || choices.has(name)) return {};
    choices.set(name, choice);
  }
  return Object.fromEntries(choices);
}

/** The choice for one node; undefined: none was made. */
export function localDataChoice(labels: Labels, node: string): LocalDataChoice | undefined {
  const choices = parseLocalData(labels);
  return Object.hasOwn(choices, node) ? choices[node] : undefined;
}

/** What of a node a rebuild would lose, as one clause; undefined: nothing. */
export function describeLocalData({ volumes, containers }: LocalDataFacts): string | undefined {
  const held = [
    ...volumes.map((name) => `volume ${name}`),
    ...containers.map((name) => `container ${name}`),
  ];
  return held.length === 0 ? undefined : held.join(', ');
}
