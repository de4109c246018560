import { lostQuorum, recoveryCandidates } from './quorumLoss';
import { decideRecovery } from './recovery';
import type { RecoveryPlan } from './recovery';
import type { RecoveryFacts } from './recoveryFacts';
import { unfitReason } from './recoveryReasons';

/** What a plan says of a swarm without a leader. */
export interface QuorumOutlook {
  /** What happens before everything else. */
  readonly turns: readonly string[];
  /** Why the run cannot be carried out. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * A lost quorum stops the run and names the way out; a recovery that is asked for is decided as the step
 * itself decides it.
 *
 * @param from - `recoverFrom` as declared; undefined: none.
 */
export function quorumOutlook(
  from: string | undefined,
  lost: readonly string[],
  facts: RecoveryFacts,
): QuorumOutlook {
  const quorum = lostQuorum(facts);
  if (from === undefined) {
    if (quorum === undefined) return { turns: [], reasons: [], warnings: [] };
    return quorum.isLost
      ? { turns: [], reasons: [quorum.sentence, ...waysOut(facts)], warnings: [] }
      : { turns: [], reasons: [], warnings: [quorum.sentence] };
  }
  const { plan, reasons } = decideRecovery(from, lost, facts);
  const what = quorum === undefined ? [] : [quorum.sentence];
  return plan === undefined
    ? {
        turns: [],
        reasons: [
          ...what,
          ...reasons.map(({ message }) => `recoverFrom is refused: ${message}`),
          ...(quorum?.isLost === true ? waysOut(facts) : []),
        ],
        warnings: [],
      }
    : { turns: [recoveryTurn(plan)], reasons: [], warnings: what };
}

function waysOut(facts: RecoveryFacts): readonly string[] {
  const ways = recoveryCandidates(facts).map(({ name, from, mustBeLost }) => {
    const lost = mustBeLost.map(
      (label, index) => `, \`pulumi config set --path 'lost[${String(index)}]' ${label}\``,
    );
    return `${name} can carry the swarm on alone, with all services: \`pulumi config set recoverFrom ${from}\`${lost.join('')}, then \`pulumi up --refresh\``;
  });
  return [
    'bring managers back until a majority answers; only if they never come back (docs/recovery.md):',
    ...(ways.length > 0
      ? ways
      : facts.managers
          .filter(({ standing }) => standing.kind === 'manager')
          .flatMap((sight) => unfitReason(sight.name, sight, facts)?.message ?? [])),
  ];
}

function recoveryTurn({ survivor, leaving, gone, lost, clusterId }: RecoveryPlan): string {
  const parts = [
    ...leaving.map(({ name }) => `${name} leaves it by force`),
    ...gone.map((label) => `${label} is seen off`),
    ...lost.map((label) => `${label} is lost by your word`),
  ];
  return `recover swarm ${clusterId} from ${survivor.name}, its only manager then: ${parts.join(', ')}; services stay; the other managers join anew`;
}
