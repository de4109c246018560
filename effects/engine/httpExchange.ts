import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string | Readable | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * One HTTP/1.1 request over one stream, which serves nothing else. Every way in which the stream can
 * end settles the promise: also one that breaks in the middle of the answer.
 */
export function httpExchange(
  stream: Duplex,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    sendRequest(stream, request, signal, reject, (response) => {
      collect(response).then(resolve, reject);
    });
  });
}

/**
 * As `httpExchange`, for an answer of any length: it is read as fast as `consume` takes it. An answer of
 * a failure is collected, and returned.
 */
export function httpStream<T>(
  stream: Duplex,
  request: HttpRequest,
  signal: AbortSignal,
  consume: (answer: Readable) => Promise<T>,
): Promise<{ readonly value: T } | { readonly refusal: HttpAnswer }> {
  return new Promise((resolve, reject) => {
    sendRequest(stream, request, signal, reject, (response) => {
      const isGood = response.statusCode === 200;
      const taken = isGood
        ? consume(response).then((value) => ({ value }))
        : collect(response).then((refusal) => ({ refusal }));
      taken.then(resolve, reject);
    });
  });
}

function sendRequest(
  stream: Duplex,
  { method, path, headers, body }: HttpRequest,
  signal: AbortSignal,
  reject: (error: Error) => void,
  take: (response: IncomingMessage) => void,
): void {
  const request = httpRequest({
    method,
    path,
    headers: { Host: 'docker', ...headers },
    signal,
    createConnection: () => stream,
  });
  request.on('error', reject);
  request.on('response', take);
  if (body === undefined || typeof body === 'string') {
    request.end(body);
  } else {
    body.on('error', (error) => request.destroy(error));
    body.pipe(request);
  }
}

function collect(response: IncomingMessage): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxAnswerBytes) {
        response.destroy(new Error('the answer is longer than 64 MiB'));
      }
    });
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    response.on('close', () => {
      reject(new Error('the connection broke in the middle of the answer'));
    });
  });
}
