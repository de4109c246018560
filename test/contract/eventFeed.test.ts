import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFeed } from '../../effects/eventFeed';

interface Stream {
  readonly signal: AbortSignal;
  readonly tell: () => void;
  readonly end: () => void;
  readonly fail: () => void;
}

/** A feed, and the streams that it has opened so far. */
function feedOfStreams(): { readonly feed: EventFeed; readonly streams: readonly Stream[] } {
  const streams: Stream[] = [];
  const feed = new EventFeed(
    (signal, tell) =>
      new Promise<void>((resolve, reject) => {
        const fail = (): void => {
          reject(new Error('broken'));
        };
        streams.push({ signal, tell, end: resolve, fail });
      }),
  );
  return { feed, streams };
}

const count = (): { wakes: number; readonly wake: () => void } => {
  const one = { wakes: 0, wake: (): void => void (one.wakes += 1) };
  return one;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('all who listen have one stream, which is closed with the last of them', () => {
  const { feed, streams } = feedOfStreams();
  const [one, other] = [count(), count()];
  const stops = [feed.listen(one.wake), feed.listen(other.wake)];
  assert.equal(streams.length, 1);
  streams[0]?.tell();
  stops[0]?.();
  streams[0]?.tell();
  assert.deepEqual([one.wakes, other.wakes], [1, 2]);
  assert.equal(streams[0]?.signal.aborted, false);
  stops[1]?.();
  assert.equal(streams[0].signal.aborted, true);
});

for (const how of ['end', 'fail'] as const) {
  test(`a stream that breaks (${how}) wakes nobody any more; who listens next has another one`, async () => {
    const { feed, streams } = feedOfStreams();
    const [one, other] = [count(), count()];
    const stop = feed.listen(one.wake);
    streams[0]?.[how]();
    await turn();
    assert.equal(one.wakes, 0);
    const stopOther = feed.listen(other.wake);
    assert.equal(streams.length, 2);
    streams[1]?.tell();
    assert.deepEqual([one.wakes, other.wakes], [1, 1], 'the first one listens to it as well');
    stop();
    assert.equal(streams[1]?.signal.aborted, false);
    stopOther();
    assert.equal(streams[1].signal.aborted, true);
  });
}

test('the end of a stream that was closed does not count as that of the next one', async () => {
  const { feed, streams } = feedOfStreams();
  feed.listen(() => undefined)();
  const [one, other] = [count(), count()];
  const stops = [feed.listen(one.wake)];
  streams[0]?.end();
  await turn();
  stops.push(feed.listen(other.wake));
  assert.equal(streams.length, 2, 'the second one is open');
  for (const stop of stops) stop();
  assert.equal(streams[1]?.signal.aborted, true);
});
