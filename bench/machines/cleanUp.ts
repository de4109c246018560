import { errorMessage } from '../../core/errors';

/**
 * Does this, and cleans up behind it whatever came of it. Where both fail it is the first fault that counts: the
 * other one is only told.
 */
export async function withCleanUp<T>(
  action: () => Promise<T>,
  cleanUp: () => Promise<void>,
  tell: (sentence: string) => void,
): Promise<T> {
  const outcome = await action().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  try {
    await cleanUp();
  } catch (fault) {
    if ('value' in outcome) throw fault;
    tell(`and cleaning up failed: ${errorMessage(fault)}`);
  }
  if ('value' in outcome) return outcome.value;
  throw outcome.error;
}
