/** Who has to act on an error. */
export type ErrorSource = 'user' | 'world' | 'bug';

/**
 * An error of this package: a stable code for programs, and a sentence for people of the form
 * `subject: fact with values; consequence; remedy`.
 */
export class SwarmError extends Error {
  override readonly name: string = 'SwarmError';

  constructor(
    readonly code: string,
    message: string,
    readonly options: { readonly source?: ErrorSource; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** One fault of an input, with the path of the property it belongs to, e.g. `managers[1].address`. */
export interface InputFailure {
  readonly property: string;
  readonly reason: string;
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
