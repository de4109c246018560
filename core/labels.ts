import type { SwarmNodeFacts } from './facts';

/** Labels that belong to this package; a user's labels may not start with this. */
export const labelPrefix = 'com.pulumi.swarm.';

/** On the swarm itself: `true` while `allowDestroy` is declared. */
export const allowDestroyLabel = `${labelPrefix}allow-destroy`;
/** On the swarm itself: declared managers' names, separated by commas. */
export const declaredManagersLabel = `${labelPrefix}managers`;
/** On the swarm itself: declared workers' names, separated by commas. */
export const declaredWorkersLabel = `${labelPrefix}workers`;
/** On the swarm itself: names of the declared virtual IPs; never written where nobody declares them with the swarm. */
export const declaredVipsLabel = `${labelPrefix}vips`;
/** On a node: it was joined by this package; only such nodes are ever evicted. */
export const managedLabel = `${labelPrefix}managed`;
/** On a node: operating system that its machine showed when it joined, e.g. `debian:12`. */
export const osLabel = `${labelPrefix}os`;
/** On a node: kind of the source that its engine came from when it joined, e.g. `docker`. */
export const sourceLabel = `${labelPrefix}engine-source`;
/** On a node: digest of the declared options that its daemon was started with; absent without any. */
export const daemonLabel = `${labelPrefix}engine-daemon`;
/** On a node: when it joined, ISO 8601; the VIP prefers the node that was rebuilt last. */
export const joinedLabel = `${labelPrefix}joined`;
/** On a service: made by this package; holds its resource's ID. */
export const serviceLabel = `${labelPrefix}service`;
/** On a service: the identity of its resource's URN; only this very resource takes it over. */
export const serviceOfLabel = `${labelPrefix}service-of`;
/** On every object of a stack: the identity of its resource's URN. */
export const stackOfLabel = `${labelPrefix}stack-of`;
/** On a service of a stack: digest of the whole of it as it was sent. */
export const stackSpecLabel = `${labelPrefix}stack-spec`;
/** On a container of a stack: digest of all that a task is made from. */
export const stackTaskLabel = `${labelPrefix}stack-task`;

export type Labels = Readonly<Record<string, string>>;

/** The labels that are the user's. */
export function userLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => !name.startsWith(labelPrefix)),
  );
}

/** The labels that are ours. */
export function ownLabels(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => name.startsWith(labelPrefix)),
  );
}

/** The names in one of the declared-names labels; `undefined` when it was never written. */
export function declaredNames(labels: Labels, label: string): readonly string[] | undefined {
  const value = labels[label];
  return value?.split(',').filter((name) => name !== '');
}

/** Equal as maps, whatever the order of their keys. */
export function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Whether a node entry was joined by this package. */
export function isManaged(node: SwarmNodeFacts): boolean {
  return node.labels[managedLabel] !== undefined;
}
