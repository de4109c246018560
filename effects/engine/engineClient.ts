import { type Readable, Transform, pipeline } from 'node:stream';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';
import { lowerApiVersion } from '../../core/parse/engineVersion';
import { DockerApiError } from '../docker';
import type { StreamSource } from './engineStream';
import { type HttpAnswer, type HttpRequest, httpExchange, httpStream } from './httpExchange';
import { Slots } from '../ssh/slots';

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** A tar to send instead of a JSON body. `bytes` undefined: it is as long as it turns out to be. */
  readonly archive?: { readonly bytes: number | undefined; readonly open: () => Readable };
  /** Further headers; may hold a secret. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 30. */
  readonly timeoutSeconds?: number;
}

export interface StreamOptions extends CallOptions {
  /** Longest that nothing of the answer may come. */
  readonly idleSeconds: number;
  /** Hears how many bytes have come. */
  readonly onBytes?: (bytes: number) => void;
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

  /**
   * For an answer of any length: `consume` gets it as it comes. The call ends with `EngineUnreachable` when
   * nothing comes for `idleSeconds`, however long it takes as a whole.
   */
  async stream<T>(
    method: 'GET' | 'POST',
    path: string,
    options: StreamOptions,
    consume: (answer: Readable) => Promise<T>,
  ): Promise<T> {
    const version = (this.apiVersion ??= await this.negotiate());
    const idle = new Idle(options);
    const call = `${method} ${path}`;
    const request = httpRequestOf(method, `/v${version}${path}`, options);
    try {
      const answer = await this.slots.use(() =>
        this.streams.use(({ stream }) => {
          idle.begin();
          return httpStream(stream, { ...request, body: undefined }, idle.signal, (body) =>
            consume(idle.watch(body)),
          );
        }),
      );
      if ('value' in answer) return answer.value;
      throw new DockerApiError(answer.refusal.status, daemonMessage(answer.refusal));
    } catch (error) {
      if (idle.signal.aborted) {
        const reason = `nothing came to ${call} for ${String(options.idleSeconds)} s`;
        throw unreachable(this.subject, reason, error);
      }
      // What is no sentence of ours or the daemon's is the connection's.
      if (error instanceof SwarmError || error instanceof DockerApiError) throw error;
      throw new BrokenExchange(this.subject, call, '', error);
    } finally {
      idle.end();
    }
  }

  /**
   * An answer that has no end, until `signal`; `onData` hears that more of it has come. It takes none of the slots:
   * others would wait for it.
   */
  async follow(
    path: string,
    options: CallOptions,
    signal: AbortSignal,
    onData: () => void,
  ): Promise<void> {
    const version = (this.apiVersion ??= await this.negotiate());
    if (signal.aborted) return;
    const request = httpRequestOf('GET', `/v${version}${path}`, options);
    await this.streams.use(({ stream }) =>
      httpStream(stream, { ...request, body: undefined }, signal, async (answer) => {
        answer.on('data', onData);
        await finished(answer);
      }),
    );
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
    const json = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request = httpRequestOf(method, path, options, json);
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

function httpRequestOf(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { query: wanted = {}, archive, headers }: CallOptions,
  json?: string,
): Omit<HttpRequest, 'body'> {
  const query = new URLSearchParams(wanted).toString();
  const ofBody =
    archive !== undefined
      ? {
          'Content-Type': 'application/x-tar',
          ...(archive.bytes === undefined ? {} : { 'Content-Length': archive.bytes }),
        }
      : json !== undefined
        ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) }
        : {};
  return {
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: { ...headers, ...ofBody },
  };
}

/** Gives an answer up when nothing of it has come for a while. */
class Idle {
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  private bytes = 0;

  constructor(private readonly options: StreamOptions) {}

  begin(): void {
    this.timer = setTimeout(() => {
      this.abort.abort();
    }, this.options.idleSeconds * 1000);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** The same bytes, at the pace of who takes them: nothing of it is taken before. */
  watch(answer: Readable): Readable {
    const watched = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.timer?.refresh();
        this.bytes += chunk.length;
        this.options.onBytes?.(this.bytes);
        done(null, chunk);
      },
      // Whoever takes it may work on it for long after it has all come.
      flush: (done) => {
        this.end();
        done();
      },
    });
    // Its outcome is that of `watched`, which is destroyed with the same error.
    pipeline(answer, watched, () => undefined);
    return watched;
  }

  end(): void {
    clearTimeout(this.timer);
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
