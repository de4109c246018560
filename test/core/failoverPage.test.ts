import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { keepalivedByHand } from '../../scenarios/failover/keepalivedByHand';
import { renderFailoverPage, type FailoverResult } from '../../scenarios/failover/failoverPage';
import { spreadOf } from '../../scenarios/failover/summary';
import type { Trial } from '../../scenarios/failover/trial';

function trial(outageMs: number, change: Partial<Trial> = {}): Trial {
  return {
    holder: 'm1',
    successor: 'm2',
    outageMs,
    pathOutageMs: outageMs,
    movedMs: outageMs,
    failures: 3,
    load: 1.5,
    ...change,
  };
}

function resultOf(own: readonly number[], other: readonly number[]): FailoverResult {
  const cause = 'link cut';
  return {
    date: '2026-11-21T18:00:00.000Z',
    commit: 'abc1234',
    command: 'npm run failover -- --times 3',
    kernel: '6.1.0',
    cores: 2,
    memoryGib: 24,
    os: 'debian:12',
    engine: '20.10.24',
    keepalived: '2.2.7',
    configurations: { ours: 'advert_int 0.1\n', theirs: 'advert_int 1\n' },
    causes: [{ name: cause, what: 'the cable is cut' }],
    ways: ['ours', 'theirs'],
    trials: [
      { cause, way: 'ours', trials: own.map((ms) => trial(ms)) },
      { cause, way: 'theirs', trials: other.map((ms) => trial(ms, { pathOutageMs: ms - 100 })) },
    ],
  };
}

describe('least, middle and greatest', () => {
  const tables: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[5], [5, 5, 5]],
    [
      [9, 1, 4],
      [1, 4, 9],
    ],
    [
      [4, 1, 9, 2],
      [1, 3, 9],
    ],
  ];
  for (const [figures, expected] of tables) {
    test(figures.join(', '), () => {
      const { minMs, medianMs, maxMs } = spreadOf(figures);
      assert.deepEqual([minMs, medianMs, maxMs], expected);
    });
  }

  test('the middle lies between the others, in whatever order the figures come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (figures) => {
        const spread = spreadOf(figures);
        assert.ok(spread.minMs <= spread.medianMs && spread.medianMs <= spread.maxMs);
        assert.deepEqual(spreadOf([...figures].reverse()), spread);
      }),
    );
  });
});

describe('docs/failover.md', () => {
  const page = renderFailoverPage(resultOf([300, 350, 420], [3100, 3500, 3900]));

  test('sets both beside each other, with the ratio of their medians', () => {
    assert.match(
      page,
      /^\| link cut +\| 0\.30 \/ 0\.35 \/ 0\.42 +\| 3\.10 \/ 3\.50 \/ 3\.90 +\| 10\.0 × +\|$/m,
    );
  });

  test('says whether every trial of ours stayed under a second', () => {
    assert.match(page, /With this package every trial stayed under 1\.00 s\./);
    const slow = renderFailoverPage(resultOf([300, 1200], [3000, 3000]));
    assert.match(slow, /the slowest trial took 1\.20 s, which is over 1\.00 s/);
  });

  test('shows every trial, with stalls of the client told apart', () => {
    assert.match(page, /^\| link cut \| theirs \| 2 \| m1 → m2 \| 3500 \(3400\) \| 3500 \| 3 \|$/m);
    assert.match(page, /^\| link cut \| ours \| 3 \| m1 → m2 \| 420 \| 420 \| 3 \|$/m);
  });

  test('tells where it was measured, and with which configurations', () => {
    assert.match(page, /kernel 6\.1\.0/);
    assert.match(page, /2 cores and 24 GiB/);
    assert.match(page, /load average was at most\s+1\.5/);
    assert.match(page, /```text\nadvert_int 0\.1\n```/);
  });
});

test('what is written by hand leaves keepalived its defaults: VRRP 2, preemption, a second', () => {
  const facts = { addresses: ['10.1.0.100/24'], interface: 'eth0', routerId: 7 };
  const [first, second] = [0, 1].map((index) => keepalivedByHand({ ...facts, index }));
  assert.match(first ?? '', /state MASTER\n.*\n.*\n {4}priority 150\n {4}advert_int 1\n/);
  assert.match(second ?? '', /state BACKUP\n.*\n.*\n {4}priority 140\n/);
  assert.doesNotMatch(first ?? '', /nopreempt|vrrp_version/);
});
