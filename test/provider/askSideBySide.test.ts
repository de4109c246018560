import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askSideBySide } from '../../provider/operations/ask/askSideBySide';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';

/** Asks contacts that answer after so many seconds each, in order, up to the first that is of use. */
async function ask(
  seconds: readonly number[],
  isOfUse: (answer: number) => boolean,
): Promise<{ readonly asked: readonly number[]; readonly took: number; readonly got: unknown }> {
  const { clock } = new FakeWorld().effects();
  const asked: number[] = [];
  const began = clock.monotonicMs();
  const answers = await askSideBySide(clock, seconds, async (wait) => {
    asked.push(wait);
    await clock.sleep(wait * 1000);
    return wait;
  });
  let got: number | undefined;
  for (const answer of answers) {
    const each = await answer();
    if (isOfUse(each)) {
      got = each;
      break;
    }
  }
  return { asked, took: Math.round((clock.monotonicMs() - began) / 1000), got };
}

test('one that answers at once is asked alone', async () => {
  assert.deepEqual(await ask([0.5, 10, 20], () => true), { asked: [0.5], took: 1, got: 0.5 });
});

test('the first is preferred although another one is faster', async () => {
  const { got, took } = await ask([5, 2], () => true);
  assert.deepEqual([got, took], [5, 5]);
});

test('several silent ones cost the time of the slowest, not the sum', async () => {
  const { asked, took, got } = await ask([10, 10.5, 20, 3], (seconds) => seconds === 3);
  assert.deepEqual(asked, [10, 10.5, 20, 3]);
  assert.equal(got, 3);
  assert.equal(took, 21, '1 s of head start, then 20 s side by side');
});

test('nobody is of use: all were asked', async () => {
  const { asked, got } = await ask([0.2, 0.3, 0.1], () => false);
  assert.deepEqual([asked, got], [[0.2, 0.3, 0.1], undefined]);
});
