import * as pulumi from '@pulumi/pulumi';

/**
 * The promise's value; never settled when it is rejected. The program ends by the rejection itself, with
 * its message: whoever waits for the value must not report it a second time in words of his own.
 */
export function onlyIfKept<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    void promise.then(resolve);
  });
}

/** Ends the program with a message for the user, and with nothing else. */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  // Once the main module is through, the SDK prints the stack of a RunError too
  // (@pulumi/pulumi, cmd/run/index.js).
  error.stack = message;
  return error;
}
