import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { selfTest } from '../../demo/selfTest';
import { vipCut } from '../../demo/vipCut';

const isRoot = process.getuid?.() === 0;
/** On a developer's computer without root this is left out by name; where tests decide, it must run. */
const skip = isRoot || process.env['CI'] === 'true' ? false : 'needs root';

/** An address of loopback that nothing else uses. */
const address = '127.88.0.100';
const rules = (): string => execFileSync('iptables', ['-w', '-S', 'OUTPUT'], { encoding: 'utf8' });

test('a cut by a firewall rule is noticed, and nothing of it stays', { skip }, async () => {
  const before = rules();
  const server = createServer((_request, response) => response.end('m1\n'));
  server.listen(0, address);
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const result = await selfTest({ url: `http://${address}:${port}/`, ...vipCut(address) });
    assert.equal(result.noticed, true, JSON.stringify(result));
  } finally {
    server.closeAllConnections();
    server.close();
  }
  assert.equal(rules(), before);
});

test('what a crash left behind is removed, only for this address', { skip }, async () => {
  const before = rules();
  const other = vipCut('127.88.0.10');
  const cut = vipCut(address);
  try {
    await other.cut();
    await cut.cut();
    // The process that cut is gone; a new one begins by restoring.
    await vipCut(address).restore();
    assert.doesNotMatch(rules(), new RegExp(`swarm-demo-cut-${address}\\b`));
    assert.match(rules(), /swarm-demo-cut-127\.88\.0\.10\b/);
  } finally {
    await cut.restore();
    await other.restore();
  }
  assert.equal(rules(), before);
});

test('an IPv6 address is cut too', { skip }, async () => {
  const list = (): string =>
    execFileSync('ip6tables', ['-w', '-S', 'OUTPUT'], { encoding: 'utf8' });
  const before = list();
  const cut = vipCut('fd00:88::100');
  await cut.cut();
  assert.match(list(), /swarm-demo-cut-fd00:88::100/);
  await cut.restore();
  assert.equal(list(), before);
});
