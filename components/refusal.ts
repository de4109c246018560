import * as pulumi from '@pulumi/pulumi';

/** Ends the program with a message for the user, and with nothing else. */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  // Once the main module is through, the SDK prints the stack of a RunError too
  // (@pulumi/pulumi, cmd/run/index.js).
  error.stack = message;
  return error;
}
