import type { TestContext } from 'node:test';

/** Runs parts of the scenario in order, each with its name and time in the output; a failed one ends it. */
export function stages(
  t: TestContext,
): (name: string, run: (see: (sight: string) => void) => Promise<void>) => Promise<void> {
  const began = performance.now();
  return async (name, run) => {
    let failure: unknown;
    await t.test(name, async () => {
      try {
        await run((sight) => {
          console.log(`  ${secondsBetween(began, performance.now()).padStart(6)} s  ${sight}`);
        });
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    if (failure !== undefined) throw new Error(`the scenario ends with: ${name}`);
  };
}

export function secondsBetween(fromMs: number, toMs: number): string {
  return ((toMs - fromMs) / 1000).toFixed(1);
}
