/**
 * What the set-up says while it works. Lines go to stderr, so that a command's own output stays clean;
 * a step that has nothing to do says nothing.
 */

export class SetupError extends Error {}

export function say(message) {
  process.stderr.write(`${message}\n`);
}

/** Runs a step that takes time; says what it is at its start, and how long it took at its end. */
export async function step(what, action) {
  const began = performance.now();
  say(`set-up: ${what} …`);
  const result = await action();
  say(`set-up: ${what}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}
