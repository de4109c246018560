/**
 * How Pulumi's own dumps of properties begin: the CLI's log of `-v=9`, and the SDK's debug events.
 * They show every secret that passes through a program (docs/decisions/0004).
 */
export const dumpedByPulumi =
  /^((Unm|M)arshaling property for RPC|RegisterResource RPC finished|eventSink::Debug\(RegisterResource RPC finished|Planner decided (not )?to )/;

/** The message of one line of a JSON log, or of the event log, without colour marks. */
export function plainText(line: string): string {
  const entry = JSON.parse(line) as {
    readonly msg?: string;
    readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
  };
  const event = entry.diagnosticEvent;
  const message = entry.msg ?? (event?.severity === 'debug' ? event.message : line);
  return message.replace(/<\{%[^%]*%\}>/g, '');
}

export function isCiphertext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'ciphertext' in value;
}
