/** What must hold did not: the verdict of a scenario, as a sentence. Any other error is a scenario that could not be tried. */
export class NotHeld extends Error {
  override readonly name = 'NotHeld';
}

/** `held`: as it must be. `not held`: it was tried, and is not so. `not tried`: the fault could not be brought about. */
export type Verdict = 'held' | 'not held' | 'not tried';
