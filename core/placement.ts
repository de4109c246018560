import type { ServiceFacts, SwarmNodeFacts } from './facts';

/** `unknown`: a constraint speaks of something that the list of nodes does not tell, e.g. the platform. */
export type Placement = 'yes' | 'no' | 'unknown';

/**
 * Whether placement constraints let a service run on a node. All must hold; values are compared
 * without regard to case, and a label that is missing is the empty text.
 *
 * Source: swarmkit `manager/constraint/constraint.go`, `NodeMatches`.
 */
export function placement(node: SwarmNodeFacts, constraints: readonly string[]): Placement {
  const verdicts = constraints.map((constraint) => matches(node, constraint));
  if (verdicts.includes('no')) return 'no';
  return verdicts.includes('unknown') ? 'unknown' : 'yes';
}

/**
 * Whether a service may run on a node: by its constraints, by the platforms of its image, and by the node's
 * plugins for its log.
 *
 * Source: swarmkit `manager/scheduler/filter.go`, `PlatformFilter` and `PluginFilter`.
 */
export function mayRun(
  node: SwarmNodeFacts,
  { constraints, mobility }: Pick<ServiceFacts, 'constraints' | 'mobility'>,
): Placement {
  const { platforms = [], logDriver } = mobility ?? {};
  const { platform, logDrivers } = node;
  const isOtherPlatform =
    platform !== undefined &&
    platforms.length > 0 &&
    !platforms.some(
      ({ os, architecture }) =>
        ['', platform.os].includes(os) &&
        ['', knownAs(platform.architecture)].includes(knownAs(architecture)),
    );
  const lacksLog =
    logDriver !== undefined && logDrivers !== undefined && !logDrivers.includes(logDriver);
  return isOtherPlatform || lacksLog ? 'no' : placement(node, constraints);
}

const otherNames: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

function knownAs(architecture: string): string {
  return otherNames[architecture] ?? architecture;
}

function matches(node: SwarmNodeFacts, constraint: string): Placement {
  const operator = /[!=]=/.exec(constraint);
  if (operator === null) return 'unknown';
  const actual = valueOf(node, constraint.slice(0, operator.index).trim());
  if (actual === undefined) return 'unknown';
  const wanted = constraint.slice(operator.index + 2).trim();
  const isEqual = actual.toLowerCase() === wanted.toLowerCase();
  return isEqual === (operator[0] === '==') ? 'yes' : 'no';
}

function valueOf(node: SwarmNodeFacts, key: string): string | undefined {
  const labelKey = /^node\.labels\.(.+)$/i.exec(key)?.[1];
  if (labelKey !== undefined) {
    return Object.hasOwn(node.labels, labelKey) ? node.labels[labelKey] : '';
  }
  switch (key.toLowerCase()) {
    case 'node.id':
      return node.id;
    case 'node.hostname':
      return node.hostname;
    case 'node.role':
      return node.role;
    case 'node.platform.os':
      return node.platform?.os;
    case 'node.platform.arch':
      return node.platform?.architecture;
    default:
      return undefined;
  }
}
