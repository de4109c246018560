import { fnv1a } from './fnv1a';

/** The parts of `recoverFrom: NAME@TOKEN`. */
export interface RecoverFrom {
  readonly name: string;
  readonly token: string;
}

/** What a token stands for: this swarm, this survivor, these members. */
export interface TokenSubject {
  readonly clusterId: string;
  readonly survivorId: string;
  /** Node IDs of all members of raft as the survivor knows them. */
  readonly memberIds: readonly string[];
}

/** `NAME@TOKEN` in its parts; undefined when it is none. */
export function parseRecoverFrom(text: string): RecoverFrom | undefined {
  const match = /^([A-Za-z0-9][A-Za-z0-9.-]*)@([0-9a-f]{16})$/.exec(text);
  const [, name, token] = match ?? [];
  return name === undefined || token === undefined ? undefined : { name, token };
}

/**
 * The token of a recovery. It is no secret but a word that nobody types by accident: node IDs are never
 * given twice, so after the recovery, or any other change of the members, it fits no more.
 */
export function recoveryToken({ clusterId, survivorId, memberIds }: TokenSubject): string {
  return fnv1a(JSON.stringify([clusterId, survivorId, [...new Set(memberIds)].sort()]));
}
