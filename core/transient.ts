/**
 * Sentences of the Engine that mean "not now" rather than "no": the request may be repeated, with
 * another manager too. Sources: facts of swarmkit's control API and raft ("node lost leader status",
 * "update out of sequence"), moby's cluster.go ("Manager is being prepared").
 */
const transientSentences: readonly RegExp[] = [
  /lost leader status/i,
  /does not have a leader/i,
  /manager is being prepared/i,
  /update out of sequence/i,
  /deadline ?exceeded/i,
  /code = Unavailable/i,
  /connection (error|refused|reset)/i,
  /exceeded rate limit/i,
  /transport is closing/i,
  // An engine that has begun to stop its manager.
  /client connection is closing/i,
  // Bounded: an unbounded gap takes time with the square of a long message.
  /raft: .{0,200}(stopped|proposal dropped)/i,
];

const transientCodes: readonly string[] = [
  'EngineUnreachable',
  'HostUnreachable',
  'CommandTimedOut',
];

/** Whether repeating the request later may succeed. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && transientCodes.includes(code)) return true;
  return transientSentences.some((sentence) => sentence.test(error.message));
}
