import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { checkProperties, connectionProperty } from '../../provider/resources/properties';
import { createEngineLog } from '../../provider/server/engineLog';
import { openJournal } from '../../provider/server/journal';
import { toStruct } from '../../provider/server/propertyValues';
import { checkFailure } from '../../provider/server/resourceHandlers';
import { InitFailure, rpcError } from '../../provider/server/rpcErrors';

/** What a daemon or a library might quote. */
const secret = 'SWMTKN-1-0abc-9xyz';
const quoting = `joining with ${secret} failed`;
const shown = 'joining with [secret] failed';

test('an error, an init error and a failed check leave without the secret that they quote', () => {
  assert.equal(rpcError(new Error(quoting)).details, shown);
  const init = rpcError(
    new InitFailure({
      id: 'n',
      properties: toStruct({}),
      inputs: toStruct({}),
      reasons: [quoting],
      refreshBeforeUpdate: false,
    }),
  );
  assert.equal(init.details, shown);
  const [bytes] = init.metadata?.get('grpc-status-details-bin') ?? [];
  assert.ok(bytes instanceof Buffer && bytes.includes(shown) && !bytes.includes(secret));
  assert.equal(checkFailure({ property: 'x', reason: quoting }).getReason(), shown);
});

test('a log line leaves without it, also where no engine listens', async (t) => {
  const printed = mock.method(console, 'error', () => undefined);
  t.after(() => {
    printed.mock.restore();
  });
  const log = createEngineLog(() => undefined);
  log.write({ severity: 'debug', message: quoting, urn: '' });
  await log.flush();
  assert.deepEqual(
    printed.mock.calls.map((call) => call.arguments),
    [[shown]],
  );
});

test('the journal is written without it, for its owner alone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-net-'));
  try {
    const file = join(directory, 'journal.jsonl');
    const entry = {
      at: '',
      operation: 'create',
      urn: '',
      name: 'm1',
      sentence: 'join m1',
    } as const;
    openJournal(file)({ ...entry, event: 'end', error: quoting });
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes(shown) && !text.includes(secret), text);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a secret input of a wrong type is not quoted; any other is', () => {
  const reasons = checkProperties(
    { connection: connectionProperty },
    { connection: { host: 4711, password: 8124, privateKey: 3307, privateKeyPassword: true } },
  ).map(({ property, reason }) => `${property} ${reason}`);
  assert.deepEqual(reasons.sort(), [
    'connection.host must be a string, and is the number 4711',
    'connection.password must be a string, and is a number',
    'connection.privateKey must be a string, and is a number',
    'connection.privateKeyPassword must be a string, and is a boolean',
  ]);
});
