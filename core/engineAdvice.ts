import { compatibility, knownBad } from './compatibility';
import { describeRanges, isInRanges } from './engineRange';
import { isOlderEngine, versionWithin } from './engineVersion';
import type { SwarmNodeFacts } from './facts';
import { heldAvailability } from './held';
import type {
  HostSight,
  RolloutDeclaration,
  RolloutNode,
  RolloutPlan,
  RolloutTurn,
} from './rolloutFacts';
import { engineAfter, entryOfNode, isOtherOs } from './rolloutTurns';

export interface EngineAdvice {
  /** Why the engines that are declared are not installed. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

interface AdviceFacts {
  readonly nodes: readonly SwarmNodeFacts[];
  readonly managers: readonly HostSight[];
  readonly swarm: RolloutPlan['swarm'];
  readonly turns: readonly RolloutTurn[];
}

/** What speaks against the engines that this run installs, and against those that managers have after it. */
export function engineAdvice(
  declared: Pick<RolloutDeclaration, 'managers' | 'workers'>,
  facts: AdviceFacts,
): EngineAdvice {
  const seen = { nodes: facts.nodes, hosts: facts.managers };
  const built = [...declared.managers, ...declared.workers].filter(
    ({ name }) => facts.swarm === 'none' || facts.turns.some((turn) => turn.name === name),
  );
  const advice = [
    ...badEngines(built, seen),
    ...built
      .filter(({ name }) => !isInPlaceTurn(facts.turns, name))
      .flatMap((node) => goingBack(node, seen)),
    ...sideBySide(declared.managers, built, seen),
  ];
  return {
    reasons: advice.flatMap(({ reason }) => reason ?? []),
    warnings: advice.flatMap(({ warning }) => warning ?? []),
  };
}

interface Advice {
  readonly reason?: string;
  readonly warning?: string;
}

interface Seen {
  readonly nodes: readonly SwarmNodeFacts[];
  readonly hosts: readonly HostSight[];
}

/** Why an engine should not be installed, by its version; undefined: nothing is known against it. */
export function whyBad(
  version: string,
): { readonly verdict: 'refuse' | 'warn'; readonly why: string } | undefined {
  const row = knownBad.find(({ engines }) => isInRanges(version, engines) === true);
  return row === undefined
    ? undefined
    : {
        verdict: row.verdict,
        why: `${row.fact} (${row.sources.join(', ')}); take ${row.instead}`,
      };
}

/** One sentence for each such engine, with everybody who would get it. */
function badEngines(built: readonly RolloutNode[], seen: Seen): readonly Advice[] {
  const names = new Map<string, string[]>();
  for (const node of built) {
    const version = engineAfter(node, seen);
    if (version !== undefined) names.set(version, [...(names.get(version) ?? []), node.name]);
  }
  return [...names].flatMap(([version, its]): readonly Advice[] => {
    const bad = whyBad(version);
    if (bad === undefined) return [];
    const sentence = `${its.join(', ')}: engine ${version}: ${bad.why}`;
    return [bad.verdict === 'refuse' ? { reason: sentence } : { warning: sentence }];
  });
}

/** In place an older engine is only ever the one that was kept, and nothing of the swarm has run on the newer one. */
function isInPlaceTurn(turns: readonly RolloutTurn[], name: string): boolean {
  return turns.some((turn) => turn.name === name && turn.kind === 'inPlace');
}

/** An older engine than the one that has written what lies on the same machine. */
function goingBack(node: RolloutNode, seen: Seen): readonly Advice[] {
  const entry = entryOfNode(seen.nodes, node);
  const present = entry?.engineVersion ?? '';
  const wanted = engineAfter(node, seen);
  if (present === '' || wanted === undefined || isOtherOs(node, seen)) return [];
  if (!isOlderEngine(wanted, present) || !isOtherRelease(wanted, present)) return [];
  const { engines } = compatibility.goingBack;
  const head = `${node.name}: engine ${present} → ${wanted} goes back`;
  // What an upgrade in place holds is freed by its revert, whatever that costs the node.
  const isHeld = entry !== undefined && heldAvailability(entry) !== undefined;
  const isKnown = isInRanges(present, engines) === true && isInRanges(wanted, engines) !== false;
  return isHeld || isKnown
    ? [
        {
          warning: `${head}: the node joins anew, and the older engine reads its images and volumes, for which Docker promises nothing`,
        },
      ]
    : [
        {
          reason: `${head}, which is known to work for engines ${describeRanges(engines)} alone: the older one may see neither images nor volumes; rebuild its machine with it instead, e.g. with another \`os\``,
        },
      ];
}

/** Managers that stay on different releases, or on one that nobody has tried beside the others. */
function sideBySide(
  managers: readonly RolloutNode[],
  built: readonly RolloutNode[],
  seen: Seen,
): readonly Advice[] {
  const after = managers.flatMap((node) => {
    const version = engineAfter(node, seen);
    return version === undefined ? [] : [{ name: node.name, version }];
  });
  const { engines } = compatibility.sideBySide;
  const names = (some: readonly { readonly name: string; readonly version: string }[]): string =>
    some.map(({ name, version }) => `${name} ${version}`).join(', ');
  if (after.some((one) => after.some((other) => isOtherRelease(one.version, other.version)))) {
    return [
      {
        warning: `managers are declared with engines of different releases (${names(after)}): good for a roll, and not to stay, as the leader’s serves what the others ask; declare one \`engine.version\` for all`,
      },
    ];
  }
  const present = managers.flatMap((node) => {
    const version = entryOfNode(seen.nodes, node)?.engineVersion ?? '';
    return version === '' ? [] : [{ name: node.name, version }];
  });
  const rolled = after.filter(({ name }) => built.some((node) => node.name === name));
  const isMixed = rolled.some(({ version }) =>
    present.some((one) => isOtherRelease(one.version, version)),
  );
  const untried = [...present, ...rolled].filter(
    ({ version }) => isInRanges(version, engines) === false,
  );
  return isMixed && untried.length > 0
    ? [
        {
          warning: `during this roll managers have engines of different releases, which was tried with ${describeRanges(engines)}, and not with ${names(untried)}`,
        },
      ]
    : [];
}

/** By the two leading parts, as far as both have them. */
function isOtherRelease(one: string, other: string): boolean {
  const [ours, theirs] = [one, other].map((version) => version.split('.').slice(0, 2).join('.'));
  return !versionWithin(ours ?? '', theirs ?? '') && !versionWithin(theirs ?? '', ours ?? '');
}
