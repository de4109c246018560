/** What a state holds of a swarm's unlock keys. All secret. */
export interface UnlockKeys {
  /** The swarm's present key; undefined while autolock is off. */
  readonly unlockKey?: string;
  /**
   * Keys of before, newest first: a manager that was down while the key was rotated, or while autolock
   * was turned off, opens with the one that it had.
   */
  readonly earlierUnlockKeys?: readonly string[];
}

const keptKeys = 5;

/** The keys once the swarm has shown its present one (undefined: autolock is off); none is forgotten too soon. */
export function withPresentKey(known: UnlockKeys, present: string | undefined): UnlockKeys {
  const earlier = distinct([known.unlockKey, ...(known.earlierUnlockKeys ?? [])])
    .filter((key) => key !== present)
    .slice(0, keptKeys);
  return {
    ...(present === undefined ? {} : { unlockKey: present }),
    ...(earlier.length === 0 ? {} : { earlierUnlockKeys: earlier }),
  };
}

/** The keys to try on a locked manager, the likeliest first. */
export function keysToTry(
  present: string | undefined,
  known: UnlockKeys,
  given: string | undefined,
): readonly string[] {
  return distinct([present, known.unlockKey, given, ...(known.earlierUnlockKeys ?? [])]);
}

function distinct(keys: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(keys.filter((key) => key !== undefined && key !== ''))] as string[];
}

/** What a locked manager is, for everybody who is kept waiting by it. */
export function describeLocked(name: string): string {
  return `${name} is locked: its engine was restarted while autolock is on; run \`pulumi up\`, which unlocks it before anything else, or \`docker swarm unlock\` on it`;
}
