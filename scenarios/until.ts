/**
 * Waits for a condition that says why it is not yet true.
 *
 * @throws Error `not within N s: REASON`.
 */
export async function until(
  condition: () => Promise<true | string>,
  timeoutSeconds: number,
  pauseMs = 50,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = await condition();
    if (answer === true) return;
    if (performance.now() > deadline) {
      throw new Error(`not within ${String(timeoutSeconds)} s: ${answer}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
