import { isSameAddress } from './addresses';
import type { RemoteManager } from './facts';
import { hostOf } from './recoveryFacts';
import type { RecoveryFacts, RecoverySight } from './recoveryFacts';
import type { RecoveryReason } from './recoveryReasons';

export interface Account {
  readonly label: string;
  readonly leaving?: RecoverySight;
  readonly gone?: string;
  readonly isLost?: boolean;
  readonly reason?: RecoveryReason;
}

/** What becomes of one other member before the survivor is made the only one. */
export function account(
  member: RemoteManager,
  lost: readonly string[],
  facts: RecoveryFacts,
  clusterId: string,
): Account {
  const own = facts.managers.find(
    ({ standing }) =>
      standing.kind === 'manager' &&
      standing.nodeId === member.nodeId &&
      standing.clusterId === clusterId,
  );
  const there = own ?? facts.managers.find(({ address }) => isSameAddress(address, hostOf(member)));
  const label = there?.name ?? hostOf(member);
  const isLost = lost.includes(label);
  if (there === own && own?.standing.kind === 'manager') {
    if (isLost) {
      const message = `${label} is listed in \`lost\`, and answers; take it off that list: it is made to leave the swarm`;
      return { label, reason: { code: 'LostAnswers', message } };
    }
    if (own.standing.info === undefined) {
      const message = `${label} answers, its engine does not, and it is a member: start its engine (\`systemctl start docker\`), or switch the machine off`;
      return { label, reason: { code: 'EngineSilent', message } };
    }
    return { label, leaving: own };
  }
  switch (there?.standing.kind) {
    case 'outside':
      return { label, gone: `${label} (is no manager any more)` };
    case 'manager':
      return { label, gone: `${label} (another node by now)` };
    case 'gone':
      return { label, gone: `${label} (${there.standing.why})` };
    case 'silent':
    case undefined: {
      if (isLost) return { label, isLost: true };
      const why = there === undefined ? 'no declared manager has its address' : silence(there);
      const message = `${label} is a member, and nothing shows that it is gone (${why}); bring it back, or list it in \`lost\` if it never comes back`;
      return { label, reason: { code: 'NotShownGone', message } };
    }
  }
}

function silence({ standing }: RecoverySight): string {
  return standing.kind === 'silent' ? standing.why : standing.kind;
}
