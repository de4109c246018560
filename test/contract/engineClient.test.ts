import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { z } from 'zod';
import { SwarmError } from '../../core/errors';
import { DockerApiError } from '../../effects/docker';
import { EngineClient } from '../../effects/engine/engineClient';
import type { StreamSource } from '../../effects/engine/engineStream';
import { engineEvents } from '../../effects/engine/engineEvents';
import { EventFeed } from '../../effects/eventFeed';
import { pullImage } from '../../effects/engine/imageTransfer';
import { loadError } from '../../effects/engine/loadError';
import { PullProgress } from '../../effects/engine/pullProgress';
import { retryConflict } from '../../effects/engine/retryConflict';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('EngineClient', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** An engine that speaks up to `apiVersion()` and answers with `handler`; `calls` are the others than pings. */
  async function engine(
    apiVersion: () => string,
    handler: Handler,
  ): Promise<{ client: EngineClient; calls: string[] }> {
    const calls: string[] = [];
    server = createServer((request, response) => {
      response.setHeader('Api-Version', apiVersion());
      if (request.url === '/_ping') {
        response.end('OK');
        return;
      }
      calls.push(`${request.method ?? ''} ${request.url ?? ''}`);
      handler(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const streams: StreamSource = {
      async use(use) {
        const stream = connect({ host: '127.0.0.1', port });
        await once(stream, 'connect');
        stream.on('error', () => undefined);
        try {
          return await use({ stream, complaint: () => '' });
        } finally {
          stream.destroy();
        }
      },
    };
    return { client: new EngineClient('h1', streams), calls };
  }

  it('speaks the lower of the two versions', async () => {
    for (const [offered, spoken] of [
      ['1.41', '1.41'],
      ['1.52', '1.44'],
    ] as const) {
      const { client, calls } = await engine(
        () => offered,
        (_, response) => response.end('{}'),
      );
      await client.get(z.object({}), '/info');
      assert.deepEqual(calls, [`GET /v${spoken}/info`]);
      server?.close();
    }
  });

  it('negotiates again when the engine was exchanged for an older one', async () => {
    let version = '1.44';
    const { client, calls } = await engine(
      () => version,
      (request, response) => {
        if (request.url?.startsWith(`/v${version}/`) === true) {
          response.end('{}');
        } else {
          response.statusCode = 400;
          const message = `client version 1.44 is too new. Maximum supported API version is ${version}`;
          response.end(JSON.stringify({ message }));
        }
      },
    );
    await client.command('POST', '/swarm/leave');
    version = '1.41';
    await client.command('POST', '/swarm/leave');
    assert.deepEqual(calls, [
      'POST /v1.44/swarm/leave',
      'POST /v1.44/swarm/leave',
      'POST /v1.41/swarm/leave',
    ]);
  });

  it("keeps the status and the daemon's own sentence", async () => {
    const { client } = await engine(
      () => '1.44',
      (_, response) => {
        response.statusCode = 503;
        response.end(JSON.stringify({ message: 'This node is not a swarm manager.' }));
      },
    );
    await assert.rejects(client.get(z.unknown(), '/nodes'), (error) => {
      assert.ok(error instanceof DockerApiError);
      assert.equal(error.statusCode, 503);
      assert.equal(error.message, 'This node is not a swarm manager.');
      return true;
    });
  });

  it('quotes nothing of an answer that it does not understand', async () => {
    for (const answer of ['SWMTKN-1-tok-sec', '{"JoinTokens":"SWMTKN-1-tok-sec"']) {
      const { client } = await engine(
        () => '1.44',
        (_, response) => response.end(answer),
      );
      await assert.rejects(client.get(z.object({}), '/swarm'), (error) => {
        assert.ok(error instanceof SwarmError);
        assert.equal(error.code, 'EngineAnswerUnexpected');
        assert.doesNotMatch(error.message, /SWM/);
        return true;
      });
      server?.close();
    }
  });

  it('sends query and body apart', async () => {
    let body = '';
    const { client, calls } = await engine(
      () => '1.44',
      (request, response) => {
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => response.end('{}'));
      },
    );
    await client.command('POST', '/nodes/x/update', {
      query: { version: '7' },
      body: { Labels: { a: 'ü' } },
    });
    assert.deepEqual(calls, ['POST /v1.44/nodes/x/update?version=7']);
    assert.equal(body, '{"Labels":{"a":"ü"}}');
  });

  for (const [name, breakIt] of [
    ['before the answer', (response: ServerResponse) => response.destroy()],
    [
      'in the middle of the answer',
      (response: ServerResponse) => {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('{"a":');
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ] as const) {
    it(`repeats a read once, and never a change, when the stream breaks ${name}`, async () => {
      const { client, calls } = await engine(
        () => '1.44',
        (_, response) => {
          breakIt(response);
        },
      );
      await rejects(client.get(z.unknown(), '/info'), 'EngineUnreachable');
      assert.equal(calls.length, 2);
      await rejects(client.command('POST', '/swarm/join', { body: {} }), 'EngineUnreachable');
      assert.equal(calls.length, 3);
    });
  }

  it('succeeds when only the first answer broke', async () => {
    let isFirst = true;
    const { client } = await engine(
      () => '1.44',
      (_, response) => {
        if (isFirst) {
          isFirst = false;
          response.destroy();
        } else {
          response.end('"yes"');
        }
      },
    );
    assert.equal(await client.get(z.string(), '/info'), 'yes');
  });

  it('gives up on an engine that is silent, also in the middle of an answer', async () => {
    const { client, calls } = await engine(
      () => '1.44',
      (request, response) => {
        if (request.url?.endsWith('/half') === true) {
          response.writeHead(200, { 'Content-Length': '100' });
          response.write('{');
        }
      },
    );
    const options = { timeoutSeconds: 0.2 };
    await rejects(client.get(z.unknown(), '/none', options), 'EngineUnreachable', /within 0.2 s/);
    await rejects(client.get(z.unknown(), '/half', options), 'EngineUnreachable', /within 0.2 s/);
    assert.equal(calls.length, 2, 'a timeout is not repeated');
  });

  it('hands a long answer on at the pace of who takes it, and holds little of it', async () => {
    const pieces = 64;
    const piece = Buffer.alloc(1 << 20, 'x');
    let sent = 0;
    const { client, calls } = await engine(
      () => '1.44',
      (_, response) => {
        const more = (): void => {
          while (sent < pieces) {
            sent += 1;
            if (!response.write(piece)) {
              response.once('drain', more);
              return;
            }
          }
          response.end();
        };
        more();
      },
    );
    const heard: number[] = [];
    const call = { query: { names: 'a:1' }, idleSeconds: 5, onBytes: (n: number) => heard.push(n) };
    const bytes = await client.stream('GET', '/images/get', call, async (answer) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok(sent < pieces / 2, `${String(sent)} pieces went before anybody took one`);
      let count = 0;
      for await (const chunk of answer) count += (chunk as Buffer).length;
      return count;
    });
    assert.equal(bytes, pieces << 20);
    assert.equal(heard.at(-1), bytes);
    assert.deepEqual(calls, ['GET /v1.44/images/get?names=a%3A1']);
  });

  it('gives a long answer up when nothing of it comes, and when it breaks; a refusal keeps its sentence', async () => {
    const { client } = await engine(
      () => '1.44',
      (request, response) => {
        if (request.url?.endsWith('/refused') === true) {
          response.statusCode = 404;
          response.end(JSON.stringify({ message: 'No such image: a:1' }));
          return;
        }
        response.write('beginning');
        if (request.url?.endsWith('/broken') === true) setTimeout(() => response.destroy(), 20);
      },
    );
    const take = async (path: string): Promise<unknown> =>
      client.stream('GET', path, { idleSeconds: 0.2 }, async (answer) => {
        for await (const chunk of answer) assert.ok(chunk !== undefined);
      });
    await rejects(take('/idle'), 'EngineUnreachable', /nothing came to GET \/idle for 0\.2 s/);
    await rejects(take('/broken'), 'EngineUnreachable');
    await assert.rejects(take('/refused'), (error) => {
      assert.ok(error instanceof DockerApiError, String(error));
      assert.equal(error.message, 'No such image: a:1');
      return true;
    });
  });

  it('everybody listens to one event stream, which takes no request’s place and ends with the last', async () => {
    let open: ServerResponse | undefined;
    let closed = 0;
    const { client, calls } = await engine(
      () => '1.44',
      (request, response) => {
        if (request.url?.includes('/events') !== true) {
          response.end('{}');
          return;
        }
        open = response;
        response.on('close', () => (closed += 1));
        response.writeHead(200);
        response.flushHeaders();
      },
    );
    const feed = new EventFeed(engineEvents(client));
    const wakes = { one: 0, other: 0 };
    const stops = [feed.listen(() => (wakes.one += 1)), feed.listen(() => (wakes.other += 1))];
    const until = async (what: string, holds: () => boolean): Promise<void> => {
      for (let tries = 0; !holds(); tries += 1) {
        assert.ok(tries < 500, what);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until('the stream is open', () => open !== undefined);
    await Promise.all(Array.from({ length: 5 }, () => client.get(z.object({}), '/info')));
    open?.write('{"Type":"node"}\n');
    await until('both are woken', () => wakes.one === 1 && wakes.other === 1);
    stops[0]?.();
    open?.write('{"Type":"node"}\n');
    await until('one is woken', () => wakes.other === 2);
    assert.deepEqual([wakes.one, closed], [1, 0]);
    stops[1]?.();
    await until('the stream is closed', () => closed === 1);
    assert.equal(calls.filter((call) => call.includes('/events')).length, 1);
    const again = feed.listen(() => (wakes.one += 1));
    await until(
      'another one is opened',
      () => calls.filter((call) => call.includes('/events')).length === 2,
    );
    open?.destroy();
    await until('it broke', () => closed === 2);
    again();
  });

  it('wakes nobody where there is no event stream', async () => {
    const { client, calls } = await engine(
      () => '1.44',
      (_, response) => {
        response.writeHead(500);
        response.end('{"message":"no events today"}');
      },
    );
    const feed = new EventFeed(engineEvents(client));
    const stop = feed.listen(() => assert.fail('woken'));
    while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    stop();
  });

  it('sends a login as a header, and says it in no error', async () => {
    let sent: unknown;
    const { client } = await engine(
      () => '1.44',
      (request, response) => {
        sent = request.headers['x-registry-auth'];
        response.end('{"status":"Pulling"}\r\n{"error":"unauthorized: wrong password"}\r\n');
      },
    );
    const login = { server: 'index.docker.io', username: 'robot', password: 'very "secret' };
    const pulling = pullImage(client, 'acme/web:1', { login, onProgress: () => undefined });
    await assert.rejects(pulling, (error) => {
      assert.ok(error instanceof DockerApiError, String(error));
      assert.equal(error.message, 'unauthorized: wrong password');
      return true;
    });
    assert.match(String(sent), /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/);
    assert.deepEqual(JSON.parse(Buffer.from(String(sent), 'base64url').toString()), {
      username: 'robot',
      password: 'very "secret',
      serveraddress: 'https://index.docker.io/v1/',
    });
  });

  it('does not take an unknown answer for an empty one', async () => {
    const { client } = await engine(
      () => '1.44',
      (_, response) => response.end('null'),
    );
    await rejects(client.get(z.array(z.string()), '/nodes'), 'EngineAnswerUnexpected');
  });
});

describe('retryConflict', () => {
  const conflict = new DockerApiError(
    500,
    'rpc error: code = Unknown desc = update out of sequence',
  );

  it('tries again on a conflict, a few times only', async () => {
    let tries = 0;
    const win = async (): Promise<string> => {
      tries += 1;
      if (tries < 3) throw conflict;
      return 'done';
    };
    assert.equal(await retryConflict(win), 'done');
    tries = -100;
    await assert.rejects(retryConflict(win), conflict);
    assert.equal(tries, -92);
  });

  it('lets other errors through at once', async () => {
    let tries = 0;
    const fail = async (): Promise<void> => {
      tries += 1;
      throw new DockerApiError(500, 'no leader');
    };
    await assert.rejects(retryConflict(fail), /no leader/);
    assert.equal(tries, 1);
  });
});

describe('PullProgress', () => {
  it('counts layers and finds the error, wherever the answer is cut', () => {
    const answer =
      '{"status":"Pulling","id":"1"}\r\n' +
      '{"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"a"}\r\n' +
      '{"status":"Downloading","progressDetail":{"current":7,"total":10},"id":"a"}\r\n' +
      '{"status":"Downloading","progressDetail":{"current":1,"total":30},"id":"b"}\r\n' +
      'not JSON\r\n{"error":"toomanyrequests"}';
    for (let cut = 0; cut < answer.length; cut += 1) {
      const progress = new PullProgress();
      progress.take(answer.slice(0, cut));
      progress.take(answer.slice(cut));
      assert.deepEqual(progress.sizes(), { bytes: 8, total: 40 });
      assert.equal(progress.error(), 'toomanyrequests');
    }
  });
});

describe('loadError', () => {
  it('finds the error that comes with status 200', () => {
    const progress = '{"status":"Loading"}\r\n{"errorDetail":{"message":"bad"},"error":"bad"}\r\n';
    assert.equal(loadError(progress), 'bad');
    assert.equal(loadError('{"stream":"Loaded image: a:1\\n"}\n'), undefined);
  });
});

async function rejects(
  promise: Promise<unknown>,
  code: string,
  message: RegExp = /./,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SwarmError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
