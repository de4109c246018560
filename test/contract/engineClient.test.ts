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
import { loadError } from '../../effects/engine/loadError';
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
