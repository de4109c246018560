import { credentials, Metadata } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { withoutSecrets } from '../../core/redaction';

export type Severity = 'debug' | 'info' | 'warning' | 'error';

export interface LogLine {
  readonly severity: Severity;
  readonly message: string;
  /** Empty: belongs to the stack. */
  readonly urn: string;
  /** Live status that is replaced by the next line, and not kept. */
  readonly isEphemeral?: boolean;
}

/** The user's screen. */
export interface EngineLog {
  write(line: LogLine): void;
  /** Resolves when all lines so far were delivered, or could not be. Never rejects. */
  flush(): Promise<void>;
}

const severities = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
} as const satisfies Record<Severity, LogSeverity>;

/** How long a line may take; the engine is on this computer, so longer means that it is gone. */
const deliverySeconds = 5;

/**
 * Lines to the engine at `address()`, which may change (Attach). They are sent one after another:
 * concurrent calls could be shown in another order. Where there is no engine, they go to stderr.
 */
export function createEngineLog(address: () => string | undefined): EngineLog {
  let client: { readonly address: string; readonly stub: EngineClient } | undefined;
  let last: Promise<void> = Promise.resolve();

  const stub = (engine: string): EngineClient => {
    if (client?.address !== engine) {
      client?.stub.close();
      client = { address: engine, stub: new EngineClient(engine, credentials.createInsecure()) };
    }
    return client.stub;
  };

  const deliver = (line: LogLine): Promise<void> =>
    new Promise((resolve) => {
      const engine = address();
      if (engine === undefined) {
        console.error(line.message);
        resolve();
        return;
      }
      const request = new LogRequest();
      request.setSeverity(severities[line.severity]);
      request.setMessage(line.message);
      request.setUrn(line.urn);
      request.setEphemeral(line.isEphemeral === true);
      const deadline = Date.now() + deliverySeconds * 1000;
      stub(engine).log(request, new Metadata(), { deadline }, () => {
        // A line that cannot be delivered has nowhere to go: the CLI is gone.
        resolve();
      });
    });

  return {
    write: (line) => {
      const shown = { ...line, message: withoutSecrets(line.message) };
      last = last.then(() => deliver(shown));
    },
    flush: () => last,
  };
}
