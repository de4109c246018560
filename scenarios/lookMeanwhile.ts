/** Looks time and again, at this interval, while something is done; ends with it. */
export async function lookMeanwhile(
  work: () => Promise<void>,
  look: () => Promise<void>,
  intervalMs: number,
): Promise<void> {
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  };
  const watching = watch();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
}
