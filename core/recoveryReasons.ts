import { quorum } from './quorum';
import { electionSeconds, inView, isAnswering, knowsMembers } from './recoveryFacts';
import type { RecoveryFacts, RecoverySight } from './recoveryFacts';

export interface RecoveryReason {
  readonly code:
    | 'Malformed'
    | 'LeaderSeen'
    | 'Unsettled'
    | 'NoSurvivor'
    | 'NotAManager'
    | 'OtherSwarm'
    | 'MembersUnknown'
    | 'WrongToken'
    | 'MajorityAnswers'
    | 'Autolocked'
    | 'EngineSilent'
    | 'NotShownGone'
    | 'LostAnswers'
    | 'LostUnknown';
  readonly message: string;
}

export function unfitReason(
  name: string,
  sight: RecoverySight | undefined,
  facts: RecoveryFacts,
): RecoveryReason | undefined {
  if (sight === undefined) {
    return {
      code: 'NoSurvivor',
      message: `${name} is no declared manager; recover from one that is`,
    };
  }
  const { standing } = sight;
  if (standing.kind === 'silent' || standing.kind === 'gone') {
    return { code: 'NoSurvivor', message: `${name} cannot carry the swarm on: ${standing.why}` };
  }
  if (standing.kind === 'outside') {
    return { code: 'NotAManager', message: `${name} is no manager of any swarm` };
  }
  const { clusterId, nodeId, info } = standing;
  if (facts.clusterId !== undefined && clusterId !== facts.clusterId) {
    return {
      code: 'OtherSwarm',
      message: `${name} is in swarm ${clusterId}, and this stack's is ${facts.clusterId}`,
    };
  }
  if (standing.isAutolocked) {
    return {
      code: 'Autolocked',
      message: `${name} keeps its raft state encrypted (autolock), and the Engine cannot make such a manager the only one: bring managers back until a majority answers`,
    };
  }
  if (info === undefined) {
    return {
      code: 'EngineSilent',
      message: `the engine of ${name} does not answer; start it first: \`systemctl start docker\``,
    };
  }
  if (!info.isControlAvailable || info.nodeId !== nodeId) {
    return {
      code: 'NotAManager',
      message: `${name} does not act as a manager (${info.localNodeState}${info.error === '' ? '' : `: ${info.error}`})`,
    };
  }
  return info.remoteManagers.some((member) => member.nodeId === nodeId)
    ? undefined
    : {
        code: 'MembersUnknown',
        message: `${name} does not tell who the members of raft are; whether a majority could answer is not known`,
      };
}

export function leaderReasons(facts: RecoveryFacts): readonly RecoveryReason[] {
  if (facts.leaderSeenBy.length > 0) {
    return [
      {
        code: 'LeaderSeen',
        message: `${facts.leaderSeenBy.join(', ')} sees a leader: the quorum is not lost`,
      },
    ];
  }
  return facts.leaderlessSeconds >= electionSeconds
    ? []
    : [
        {
          code: 'Unsettled',
          message: `an election may be under way: no leader was seen for ${String(Math.floor(facts.leaderlessSeconds))} s, and ${String(electionSeconds)} s are needed`,
        },
      ];
}

/** By the view of any manager: one that knows fewer members may be right. */
export function majorityReasons(
  facts: RecoveryFacts,
  clusterId: string,
): readonly RecoveryReason[] {
  const views = facts.managers
    .filter(isAnswering)
    .filter((sight) => sight.standing.clusterId === clusterId && knowsMembers(sight));
  for (const { standing } of views) {
    const view = standing.info.remoteManagers;
    const answering = inView(view, facts, clusterId);
    if (answering.length >= quorum(view.length)) {
      return [
        {
          code: 'MajorityAnswers',
          message:
            `${answering.map(({ name }) => name).join(', ')} are ${String(answering.length)} of ${String(view.length)} managers and could form a majority, which is ${String(quorum(view.length))}: ` +
            'find out why they do not (`journalctl -u docker`, port 2377 between them, a locked or stopped engine); nothing is lost yet',
        },
      ];
    }
  }
  return [];
}
