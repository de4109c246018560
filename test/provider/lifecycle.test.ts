import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lifecycle } from '../../provider/server/lifecycle';

/** A lifecycle with a count of its exits, and an operation that ends when it is told to. */
function begin(): {
  readonly lifecycle: Lifecycle;
  readonly exits: () => number;
  readonly operate: () => { readonly end: () => Promise<void> };
} {
  let exits = 0;
  const lifecycle = new Lifecycle(() => {
    exits += 1;
  });
  return {
    lifecycle,
    exits: () => exits,
    operate: () => {
      let finish: () => void = () => undefined;
      const done = lifecycle.track(
        () =>
          new Promise<void>((resolve) => {
            finish = resolve;
          }),
      );
      return {
        end: () => {
          finish();
          return done;
        },
      };
    },
  };
}

test('idle: SIGINT ends the process at once', () => {
  const { lifecycle, exits } = begin();
  lifecycle.interrupt();
  assert.equal(exits(), 1);
});

test('in flight: SIGINT waits for all operations, and does not abort them', async () => {
  const { lifecycle, exits, operate } = begin();
  const operations = [operate(), operate()];
  lifecycle.interrupt();
  await operations[0]?.end();
  assert.equal(exits(), 0);
  assert.ok(!lifecycle.signal.aborted);
  await operations[1]?.end();
  assert.equal(exits(), 1);
});

test('in flight: a second SIGINT waits for nothing', () => {
  const { lifecycle, exits, operate } = begin();
  operate();
  lifecycle.interrupt();
  lifecycle.interrupt();
  assert.equal(exits(), 1);
});

test('a lost CLI aborts, waits for what is in flight, and ends', async () => {
  const { lifecycle, exits, operate } = begin();
  const operation = operate();
  lifecycle.lose();
  assert.equal((lifecycle.signal.reason as { code: string }).code, 'RunLost');
  assert.equal(exits(), 0);
  await operation.end();
  assert.equal(exits(), 1);
});

test('an operation that fails counts as ended', async () => {
  const { lifecycle, exits } = begin();
  const failing = lifecycle.track(() => Promise.reject(new Error('no')));
  lifecycle.interrupt();
  await assert.rejects(failing, /no/);
  assert.equal(exits(), 1);
});
