import type { Operation } from '../../server/resource';

/**
 * An operation that passes all that it says through `hide`: an Engine or a task may quote what a stack's
 * inputs hold (`exec: "--api-key=…": executable file not found`).
 */
export function hidingOperation(operation: Operation, hide: (text: string) => string): Operation {
  return {
    ...operation,
    log: (severity, message) => {
      operation.log(severity, hide(message));
    },
    status: (message) => {
      operation.status(hide(message));
    },
    // Within the step: its error goes into the journal.
    step: (sentence, action) => operation.step(hide(sentence), () => hidingErrors(action, hide)),
    uninterrupted: () => hidingOperation(operation.uninterrupted(), hide),
  };
}

/** Runs a call in which nothing that `hide` takes out of a text is said, nor kept in an error. */
export async function hiding<T extends { readonly initErrors?: readonly string[] } | undefined>(
  operation: Operation,
  hide: (text: string) => string,
  call: (operation: Operation) => Promise<T>,
): Promise<T> {
  const result = await hidingErrors(() => call(hidingOperation(operation, hide)), hide);
  const errors = result?.initErrors;
  return errors === undefined ? result : { ...result, initErrors: errors.map(hide) };
}

/** Runs an action; whatever it throws is the same error with other words. */
export async function hidingErrors<T>(
  action: () => Promise<T>,
  hide: (text: string) => string,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    for (let each = error; each instanceof Error; each = each.cause) {
      each.message = hide(each.message);
      if (each.stack !== undefined) each.stack = hide(each.stack);
    }
    throw error;
  }
}
