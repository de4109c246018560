/**
 * Does this when the engine asks the provider to end, and once more when it ends: five seconds after its
 * SIGINT the engine kills it, and on a busy computer it may not have ended by then.
 */
export function atTheEnd(action: () => void): void {
  process.on('SIGINT', action);
  process.on('exit', action);
}
