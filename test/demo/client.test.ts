import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTicks, parseClientCsv, summarizeClient } from '../../demo/report/clientRows';
import { loopbackSelfTest, noticeableCutsMs, selfTest } from '../../demo/selfTest';

const program = join(__dirname, '../../demo/client.js');

async function withServer(use: (url: string, server: Server) => Promise<void>): Promise<void> {
  const server = createServer((_request, response) => response.end('m1\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

for (const end of ['SIGTERM', 'the end of its stdin'] as const) {
  test(`the client writes a row for every planned tick until ${end}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'client-'));
    try {
      await withServer(async (url, server) => {
        const out = join(directory, 'raw', 'client.csv');
        const client = spawn(
          process.execPath,
          [program, '--url', url, '--out', out, '--interval-ms', '10', '--stop-with-stdin'],
          { stdio: ['pipe', 'inherit', 'inherit'] },
        );
        let requests = 0;
        await new Promise<void>((resolve) => {
          server.on('request', () => {
            requests += 1;
            if (requests === 50) resolve();
          });
        });
        if (end === 'SIGTERM') client.kill('SIGTERM');
        else client.stdin.end();
        const [code] = (await once(client, 'exit')) as [number | null];
        assert.equal(code, 0);
        const rows = parseClientCsv(await readFile(out, 'utf8'));
        const { planned, failures } = summarizeClient(rows);
        assert.ok(planned >= 50);
        assert.ok(failures < planned);
        assert.equal(missingTicks(rows, 10), 0);
        assert.ok(rows.some((row) => row.servedBy === 'm1'));
        assert.ok(rows.some((row) => (row.controlMs ?? 0) > 0));
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}

test('wrong options are refused before anything is sent', async () => {
  const client = spawn(process.execPath, [program, '--url', 'ftp://x/', '--out', '/dev/null']);
  const [code] = (await once(client, 'exit')) as [number | null];
  assert.equal(code, 1);
});

for (const cutMs of noticeableCutsMs) {
  test(`a cut of ${cutMs} ms on loopback is noticed`, async () => {
    const result = await loopbackSelfTest(cutMs);
    assert.equal(result.noticed, true, JSON.stringify(result));
    assert.ok(result.failures >= 1 && result.longestGapMs >= cutMs, JSON.stringify(result));
  });
}

test('a cut that cuts nothing is not noticed', async () => {
  await withServer(async (url) => {
    const nothing = (): Promise<void> => Promise.resolve();
    const result = await selfTest({ url, cut: nothing, restore: nothing });
    assert.equal(result.noticed, false);
    assert.equal(result.failures, 0);
  });
});

test('a service that never answers is an error, and nothing is cut', async () => {
  let isCut = false;
  const test = selfTest({
    url: 'http://127.0.0.1:9/',
    patienceMs: 200,
    cut: async () => {
      isCut = true;
    },
    restore: () => Promise.resolve(),
  });
  await assert.rejects(test, { code: 'SelfTestUnanswered' });
  assert.equal(isCut, false);
});

test('a cut that fails is restored', async () => {
  await withServer(async (url) => {
    let isRestored = false;
    const test = selfTest({
      url,
      cut: () => Promise.reject(new Error('no iptables')),
      restore: async () => {
        isRestored = true;
      },
    });
    await assert.rejects(test, /no iptables/);
    assert.equal(isRestored, true);
  });
});
