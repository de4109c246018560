/** Kept on the survivor while its recovery is under way: what of the old members is to be removed after it. */
export interface RecoveryRecord {
  readonly clusterId: string;
  /** Node IDs of the other members. */
  readonly otherIds: readonly string[];
}

export function renderRecoveryRecord({ clusterId, otherIds }: RecoveryRecord): string {
  return `${JSON.stringify({ clusterId, otherIds })}\n`;
}

/** A record, or undefined when there is none or when it cannot be read as one: nothing is removed on a guess. */
export function parseRecoveryRecord(text: string | undefined): RecoveryRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { clusterId, otherIds } = value as Readonly<Record<string, unknown>>;
    return typeof clusterId === 'string' &&
      Array.isArray(otherIds) &&
      otherIds.every((id): id is string => typeof id === 'string')
      ? { clusterId, otherIds }
      : undefined;
  } catch {
    return undefined;
  }
}
