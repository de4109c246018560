import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { isWorkLeft, untilAborted } from '../../scenarios/untilAborted';

/** Work that ends when it is told to, and when. */
function work(): { readonly run: () => Promise<string>; readonly end: () => void } {
  let resolve: (value: string) => void = () => undefined;
  const done = new Promise<string>((ends) => (resolve = ends));
  return {
    run: () => done,
    end: () => {
      resolve('done');
    },
  };
}

describe('work that may be interrupted', () => {
  test('ends with what it ends with, and nothing is ended for it', async () => {
    const { signal } = new AbortController();
    const end = (): Promise<void> => Promise.reject(new Error('ended'));
    assert.equal(await untilAborted(signal, () => Promise.resolve(1), end), 1);
    const fails = (): Promise<never> => Promise.reject(new Error('no'));
    await assert.rejects(untilAborted(signal, fails, end), { message: 'no' });
    assert.equal(isWorkLeft(), false);
    // One signal serves all runs of a command.
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('is not begun once it is interrupted', async () => {
    const begun = (): Promise<never> => assert.fail('begun');
    const end = (): Promise<void> => Promise.resolve();
    await assert.rejects(untilAborted(AbortSignal.abort(), begun, end));
  });

  test('is waited for, and what it starts anew is ended as well', async () => {
    const interrupted = new AbortController();
    const { run, end: endWork } = work();
    let ends = 0;
    const ended = untilAborted(interrupted.signal, run, () => {
      ends += 1;
      // The first time it has only begun something else.
      if (ends === 2) endWork();
      return ends === 1 ? Promise.reject(new Error('it was not there')) : Promise.resolve();
    });
    interrupted.abort();
    await assert.rejects(ended, { message: 'it was interrupted' });
    assert.equal(ends, 2);
    assert.equal(isWorkLeft(), false);
  });

  test('that does not end is known to be left', async () => {
    const interrupted = new AbortController();
    const { run, end } = work();
    const ended = untilAborted(interrupted.signal, run, () => Promise.resolve(), 1);
    interrupted.abort();
    await assert.rejects(ended, { message: 'it was interrupted' });
    assert.equal(isWorkLeft(), true);
    end();
    await run();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isWorkLeft(), false);
  });
});
