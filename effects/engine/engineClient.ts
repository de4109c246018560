import type { Readable } from 'node:stream';
import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';
import { lowerApiVersion } from '../../core/parse/engineVersion';
import { DockerApiError } from '../docker';
import type { StreamSource } from './engineStream';
import { type HttpAnswer, httpExchange } from './httpExchange';
import { Slots } from '../ssh/slots';

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** A tar to send instead of a JSON body. */
  readonly archive?: { readonly bytes: number; readonly open: () => Readable };
  /** Default: 30. */
  readonly timeoutSeconds?: number;
}

/** The newest API version that this client was written and tried against (Engine 25). */
const newestApiVersion = '1.44';

/**
 * Calls the API of one engine. The version is negotiated with each engine: no fixed one is spoken by
 * all of 20.10 (at most 1.41) and 29.0 (at least 1.44).
 */
export class EngineClient {
  /** A manager answers many small questions; more streams at once make none of them faster. */
  private readonly slots = new Slots(4);
  private apiVersion: string | undefined;

  constructor(
    private readonly subject: string,
    private readonly streams: StreamSource,
  ) {}

  /** An idempotent read; it is repeated once when the connection broke before its answer. */
  async get<T>(schema: z.ZodType<T>, path: string, options: CallOptions = {}): Promise<T> {
    try {
      return this.parse(schema, path, await this.send('GET', path, options));
    } catch (error) {
      if (!(error instanceof BrokenExchange)) {
        throw error;
      }
      return this.parse(schema, path, await this.send('GET', path, options));
    }
  }

  async post<T>(schema: z.ZodType<T>, path: string, options: CallOptions = {}): Promise<T> {
    return this.parse(schema, path, await this.send('POST', path, options));
  }

  /** For calls whose answer holds nothing that is needed; returns its text. */
  async command(
    method: 'POST' | 'DELETE',
    path: string,
    options: CallOptions = {},
  ): Promise<string> {
    return this.send(method, path, options);
  }

  private async send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: CallOptions,
  ): Promise<string> {
    const version = (this.apiVersion ??= await this.negotiate());
    const answer = await this.exchange(method, `/v${version}${path}`, options);
    if (answer.status >= 200 && answer.status < 300) {
      return answer.text;
    }
    const message = daemonMessage(answer);
    // The engine was exchanged since; it refuses a version before it does anything.
    if (answer.status === 400 && /^client version \S+ is too (new|old)/.test(message)) {
      const newVersion = await this.negotiate();
      this.apiVersion = newVersion;
      if (newVersion !== version) {
        return this.send(method, path, options);
      }
    }
    throw new DockerApiError(answer.status, message);
  }

  private async negotiate(): Promise<string> {
    const answer = await this.exchange('GET', '/_ping', {});
    const offered = answer.headers['api-version'];
    if (answer.status !== 200 || typeof offered !== 'string') {
      throw new DockerApiError(answer.status, daemonMessage(answer));
    }
    if (!/^\d{1,4}\.\d{1,4}$/.test(offered)) {
      throw this.unexpected('/_ping', 'its API has no version that could be spoken');
    }
    return lowerApiVersion(offered, newestApiVersion);
  }

  private async exchange(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: CallOptions,
  ): Promise<HttpAnswer> {
    const timeoutSeconds = options.timeoutSeconds ?? 30;
    const query = new URLSearchParams(options.query ?? {}).toString();
    const json = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers =
      options.archive !== undefined
        ? { 'Content-Type': 'application/x-tar', 'Content-Length': options.archive.bytes }
        : json !== undefined
          ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) }
          : {};
    const request = {
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers,
    } as const;
    const call = `${method} ${path}`;
    try {
      return await this.slots.use(() =>
        this.streams.use(async ({ stream, complaint }) => {
          const archive = options.archive?.open();
          const signal = AbortSignal.timeout(timeoutSeconds * 1000);
          try {
            return await httpExchange(stream, { ...request, body: archive ?? json }, signal);
          } catch (error) {
            throw signal.aborted
              ? unreachable(this.subject, `no answer to ${call} within ${timeoutSeconds} s`, error)
              : new BrokenExchange(this.subject, call, complaint(), error);
          } finally {
            archive?.destroy();
          }
        }),
      );
    } catch (error) {
      // What is no sentence of ours comes from opening the stream: nothing was sent.
      throw error instanceof SwarmError ? error : new BrokenExchange(this.subject, call, '', error);
    }
  }

  private parse<T>(schema: z.ZodType<T>, path: string, text: string): T {
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      throw this.unexpected(path, describeFault(error));
    }
  }

  private unexpected(path: string, fault: string): SwarmError {
    return new SwarmError(
      'EngineAnswerUnexpected',
      `${this.subject}: its engine answered ${path} in a form that is not known (${fault}); nothing can be said of it; report this with the engine's version`,
      { source: 'bug' },
    );
  }
}

/** The first faults: a list of thousands of nodes may have one in each. */
function describeFault(error: unknown): string {
  // JSON.parse quotes the text around the fault, which may be a token.
  if (error instanceof SyntaxError) return 'it is no JSON';
  if (!(error instanceof z.ZodError)) return errorMessage(error);
  const faults = error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`.slice(0, 200));
  return `${String(error.issues.length)} faults: ${faults.join('; ')}`;
}

/** `EngineUnreachable` by a stream that ended before the answer. */
class BrokenExchange extends SwarmError {
  constructor(subject: string, call: string, complaint: string, cause: unknown) {
    super(
      'EngineUnreachable',
      unreachable(subject, `${call}: ${complaint === '' ? errorMessage(cause) : complaint}`)
        .message,
      { source: 'world', cause },
    );
  }
}

/** The error of an engine that does not answer. */
export function unreachable(subject: string, reason: string, cause?: unknown): SwarmError {
  return new SwarmError(
    'EngineUnreachable',
    `${subject}: its Docker Engine does not answer (${reason}); its state is not known; look at \`systemctl status docker\` on the host`,
    { source: 'world', cause },
  );
}

/** The daemon's own sentence; errors come as `{"message": …}`. */
function daemonMessage({ status, text }: HttpAnswer): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'message' in body) {
      return String(body.message).slice(0, 4000);
    }
  } catch {
    // Not JSON: shown as it is.
  }
  return text.trim() === '' ? `HTTP ${status}` : text.trim().slice(0, 500);
}
