import { request } from 'node:http';
import type { ProbeOutcome } from './report/clientRows';

/** What one request came to. */
export interface ProbeResult {
  readonly outcome: ProbeOutcome;
  /** From the start of the connection to the last byte; only for `ok`. */
  readonly latencyMs?: number;
  /** Node name that the web service answered with. */
  readonly servedBy?: string;
}

/** Answers are one host name; more than this is not our service. */
const maximumBodyBytes = 1024;

const outcomeOfErrorCode: Readonly<Record<string, ProbeOutcome>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  // This computer had no socket left: nothing was sent.
  EADDRNOTAVAIL: 'skipped',
  EMFILE: 'skipped',
  ENFILE: 'skipped',
  ENOBUFS: 'skipped',
};

/**
 * One GET over a TCP connection of its own. Never throws: whatever goes wrong is an outcome.
 *
 * An answer that arrives after `timeoutMs` is a `timeout`, also when it arrives just before the
 * timer fires: during a cut the kernel repeats its SYN after one second, which must not turn a lost
 * request into a slow one.
 */
export function probe(url: string, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const settle = (result: ProbeResult): void => {
      clearTimeout(timer);
      resolve(result);
      outgoing.destroy();
    };
    const outgoing = request(
      url,
      { agent: false, headers: { connection: 'close' } },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          if (body.length < maximumBodyBytes) body += chunk;
        });
        incoming.on('error', () => {
          settle({ outcome: 'short' });
        });
        incoming.on('end', () => {
          const latencyMs = performance.now() - startedMs;
          const status = incoming.statusCode ?? 0;
          const servedBy = body.trim();
          if (latencyMs >= timeoutMs) settle({ outcome: 'timeout' });
          else if (status !== 200) settle({ outcome: `http-${String(status)}` });
          else if (!incoming.complete || servedBy === '') settle({ outcome: 'short' });
          else settle({ outcome: 'ok', latencyMs, servedBy });
        });
      },
    );
    const timer = setTimeout(() => {
      settle({ outcome: 'timeout' });
    }, timeoutMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      // HPE_*: bytes came that are no whole HTTP answer.
      const outcome = outcomeOfErrorCode[code] ?? (code.startsWith('HPE_') ? 'short' : 'reset');
      settle({ outcome });
    });
    outgoing.end();
  });
}
