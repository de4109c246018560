import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { visitsSentence, watchVisits } from '../../demo/visits';

/** What somebody sees of a counter that answers so, one after another; undefined: not at all. */
async function seen(answers: readonly (number | undefined)[]): Promise<string> {
  let at = 0;
  const server = createServer((_, response) => {
    const number = answers[at++];
    response.statusCode = number === undefined ? 503 : 200;
    response.end(String(number ?? 'none'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const watch = watchVisits(`http://127.0.0.1:${String(port)}/`);
  while (at < answers.length) await once(server, 'request');
  const sight = await watch.stop();
  server.close();
  assert.equal(sight.asked, answers.length);
  return visitsSentence(sight);
}

test('a counter that goes up has forgotten none; one that goes back has', async () => {
  assert.equal(
    await seen([4, undefined, 6]),
    '2 of 3 visits were counted, from 4 to 6: none was forgotten',
  );
  assert.equal(
    await seen([4, 1]),
    '2 of 2 visits were counted, from 4 to 1: the count went back on its way',
  );
});
