import type { EngineInfo, RemoteManager } from './facts';

/** What one declared manager's own host told, when no leader was to be seen. */
export interface RecoverySight {
  readonly name: string;
  readonly address: string;
  readonly standing:
    | {
        /** It holds the certificate of a manager: it may be a member of raft, whatever its engine does now. */
        readonly kind: 'manager';
        readonly clusterId: string;
        readonly nodeId: string;
        /** Its raft state is encrypted; the Engine cannot make it the only manager. */
        readonly isAutolocked: boolean;
        /** undefined: its engine does not answer. */
        readonly info: EngineInfo | undefined;
      }
    /** It answers, and is no manager of any swarm: it left, was demoted, or was rebuilt. */
    | { readonly kind: 'outside' }
    /** An authority says so: its lab has no such machine, or has it switched off. */
    | { readonly kind: 'gone'; readonly why: string }
    /** No answer, and nobody who can say why. */
    | { readonly kind: 'silent'; readonly why: string };
}

export interface RecoveryFacts {
  /** The swarm that it is about; undefined: whichever the survivor is in. */
  readonly clusterId: string | undefined;
  /** Every declared manager. */
  readonly managers: readonly RecoverySight[];
  /** Names of managers that saw a leader at any moment of the watch. */
  readonly leaderSeenBy: readonly string[];
  /** How long the managers that answer were watched without one of them seeing a leader. */
  readonly leaderlessSeconds: number;
}

/** An election after a crash takes 10 to 20 s, and a leader that hands over up to 25 s. */
export const electionSeconds = 25;

type Answering = RecoverySight & {
  readonly standing: { readonly kind: 'manager'; readonly info: EngineInfo };
};

/** Everybody that any manager of the swarm counts as a member, once each. */
export function allMembers(facts: RecoveryFacts, clusterId: string): readonly RemoteManager[] {
  const all = facts.managers
    .filter(isAnswering)
    .filter(({ standing }) => standing.clusterId === clusterId)
    .flatMap(({ standing }) => standing.info.remoteManagers);
  return [...new Map(all.map((member) => [member.nodeId, member])).values()];
}

export function widestView(facts: RecoveryFacts, clusterId: string): readonly RemoteManager[] {
  return facts.managers
    .filter(isAnswering)
    .filter(({ standing }) => standing.clusterId === clusterId)
    .map(({ standing }) => standing.info.remoteManagers)
    .reduce((widest, view) => (view.length > widest.length ? view : widest), []);
}

/** Members of a view whose host answers as a manager: they could be part of a majority, now or once their engine runs. */
export function inView(
  view: readonly RemoteManager[],
  facts: RecoveryFacts,
  clusterId: string,
): readonly RecoverySight[] {
  return facts.managers.filter(
    ({ standing }) =>
      standing.kind === 'manager' &&
      standing.clusterId === clusterId &&
      view.some((member) => member.nodeId === standing.nodeId),
  );
}

export function knowsMembers({ standing }: Answering): boolean {
  return standing.info.remoteManagers.some(({ nodeId }) => nodeId === standing.info.nodeId);
}

export function isAnswering(sight: RecoverySight): sight is Answering & {
  readonly standing: { readonly clusterId: string; readonly nodeId: string };
} {
  return sight.standing.kind === 'manager' && sight.standing.info !== undefined;
}

/** The address of a member without its port. */
export function hostOf({ address }: RemoteManager): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
