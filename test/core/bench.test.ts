import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderPreviewTable } from '../../bench/fake/previewTable';
import { renderScaleTable } from '../../bench/fake/scaleTable';
import { renderBenchPage, type BenchResult } from '../../bench/machines/benchPage';
import { parseSteps, stepsOfAnsible } from '../../bench/machines/benchStep';
import { withCleanUp } from '../../bench/machines/cleanUp';
import { turnOf, type Sample, type SeenNode } from '../../bench/machines/exposure';
import { middleRoll, type RollFigures } from '../../bench/machines/figures';
import { renderTimelinePicture } from '../../bench/machines/timelinePicture';

const manager: SeenNode = {
  ...{ id: 'old', name: 'm1', running: 2 },
  ...{ isReady: true, isActive: true, isManager: true },
};
const worker: SeenNode = { ...manager, name: 'w1', isManager: false };

/** One node over time, a sample a second. */
function seen(...states: readonly (SeenNode | undefined)[]): readonly Sample[] {
  return states.map((node, index) => ({
    atMs: index * 1000,
    nodes: node === undefined ? [] : [node],
  }));
}

function whyNot(name: string, samples: readonly Sample[]): string {
  const turn = turnOf(name, samples);
  return typeof turn === 'string' ? turn : JSON.stringify(turn);
}

describe('the turn of a node, by what was seen', () => {
  test('exposure begins when the last task has ended, the turn with the drain', () => {
    const drained = { ...worker, isActive: false };
    const samples = seen(
      worker,
      drained,
      { ...drained, running: 0 },
      undefined,
      { ...drained, id: 'new', running: 0 },
      { ...worker, id: 'new', isReady: false },
      { ...worker, id: 'new' },
    );
    assert.deepEqual(turnOf('w1', samples), {
      ...{ name: 'w1', role: 'worker', turnMs: 5000, exposureMs: 4000, fromMs: 1000 },
    });
  });

  test('a demotion before the drain ends begins it as well', () => {
    const samples = seen(
      manager,
      { ...manager, isActive: false },
      { ...manager, isActive: false, isManager: false },
      { ...manager, isActive: false, isManager: false, running: 0 },
      { ...manager, id: 'new', isManager: false },
      { ...manager, id: 'new' },
    );
    const turn = turnOf('m1', samples);
    assert.ok(typeof turn !== 'string');
    assert.equal(turn.exposureMs, 3000);
  });

  test('a node that a change of leader made unknown for a while has not gone', () => {
    assert.match(whyNot('w1', seen(worker, { ...worker, isReady: false }, worker)), /never went/);
  });

  test('nothing is made up of a node that was not seen', () => {
    assert.match(whyNot('w2', seen(worker)), /not in the first list/);
    assert.match(whyNot('w1', seen(worker, undefined)), /not seen to come back/);
    assert.match(whyNot('w1', []), /not in the first list/);
  });
});

describe('steps', () => {
  test('of the floor script', () => {
    const line = '{"node":"m1","kind":"engine","label":"load","fromMs":1000,"toMs":2500}';
    assert.deepEqual(parseSteps(`${line}\n`), [
      { node: 'm1', kind: 'engine', label: 'load', fromMs: 1000, toMs: 2500 },
    ]);
    assert.throws(() => parseSteps('{"node":"m1","kind":"tea"}\n'), /line 1 cannot be read/);
  });

  test('of Ansible: a task lasts until the next', () => {
    const log = [
      '2026-11-22 01:00:00,500 p=7 u=root n=ansible | PLAY [Roll the cluster] *****',
      '2026-11-22 01:00:01,000 p=7 u=root n=ansible INFO| TASK [membership | drain] *****',
      '2026-11-22 01:00:03,250 p=7 u=root n=ansible INFO| changed: [m2 -> m1(10.0.0.1)]',
      '2026-11-22 01:00:03,500 p=7 u=root n=ansible INFO| TASK [machine | rebuild] *****',
      '2026-11-22 01:00:03,600 p=7 u=root n=ansible INFO| FAILED - RETRYING: [m2 -> localhost]: machine | rebuild (3 retries left).',
      '2026-11-22 01:00:13,400 p=7 u=root n=ansible INFO| ok: [m2 -> localhost]',
      '2026-11-22 01:00:13,450 p=7 u=root n=ansible INFO| TASK [membership | demote] *****',
      '2026-11-22 01:00:13,460 p=7 u=root n=ansible INFO| skipping: [m2]',
      '2026-11-22 01:00:13,500 p=7 u=root n=ansible INFO| PLAY RECAP *****',
      '',
    ].join('\n');
    const fromMs = Date.parse('2026-11-22T01:00:01.000Z');
    assert.deepEqual(stepsOfAnsible(log), [
      { node: 'm2', kind: 'membership', label: 'drain', fromMs, toMs: fromMs + 2500 },
      {
        ...{ node: 'm2', kind: 'machine', label: 'rebuild' },
        ...{ fromMs: fromMs + 2500, toMs: fromMs + 12_450 },
      },
    ]);
  });
});

function roll(totalMs: number, more: Partial<RollFigures> = {}): RollFigures {
  return {
    ...{ totalMs, failures: 0, requests: 1000, longestGapMs: 40, fromMs: 0, load: 1.5 },
    turns: [{ name: 'm1', role: 'manager', turnMs: 30_000, exposureMs: 12_000, fromMs: 1000 }],
    steps: [{ node: 'm1', kind: 'engine', label: 'a & b', fromMs: 2000, toMs: 9000 }],
    ...more,
  };
}

const result: BenchResult = {
  ...{ date: '2026-11-22T02:00:00.000Z', commit: 'abc', command: 'npm run bench --' },
  ...{ kernel: '6.18', cores: 2, memoryGib: 24 },
  os: { from: 'debian:12', to: 'debian:13' },
  engine: { from: '20.10', to: '26.1' },
  ways: [
    { name: 'floor', what: 'a script', rolls: [roll(100_000)] },
    { name: 'Ansible', what: 'a playbook', rolls: [roll(400_000)] },
    { name: 'this package', what: 'pulumi up', rolls: [roll(105_000), roll(99_000)] },
  ],
};

describe('the page', () => {
  test('has figures, ratios and whether the targets were reached', () => {
    const page = renderBenchPage(result);
    assert.match(
      page,
      /\| whole roll \| 100\.0 \/ 100\.0 \/ 100\.0 \| .* \| 99\.0 \/ 102\.0 \/ 105\.0 \|/,
    );
    assert.match(page, /\| whole roll \| 1\.02 \| 0\.26 \|/);
    assert.match(page, /\n- reached: the whole roll in at most 1\.1 × the floor: 1\.02 ×/);
    assert.match(page, /\n- reached: no failed request: 0 of 2000/);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  });

  test('says what was not reached', () => {
    const slow = roll(200_000, { failures: 3 });
    const ways = result.ways.map((way) =>
      way.name === 'this package' ? { ...way, rolls: [slow] } : way,
    );
    const page = renderBenchPage({ ...result, ways });
    assert.match(page, /\*\*not reached\*\*: the whole roll in at most 1\.1 × the floor: 2\.00 ×/);
    assert.match(page, /\*\*not reached\*\*: no failed request: 3 of 1000/);
  });

  test('says what the image of machines took in each roll, and shows it in a lane of its own', () => {
    const built = (ms: number): RollFigures['steps'] => [
      { node: 'image', kind: 'image', label: 'prepare', fromMs: 0, toMs: ms },
    ];
    const rolls = [roll(130_000, { steps: built(30_000) }), roll(100_000, { steps: built(200) })];
    const ways = [{ name: 'this package', what: 'pulumi up', rolls }];
    assert.match(renderBenchPage({ ...result, ways }), /in order, that took 30\.0, 0\.2 s/);
    assert.match(renderTimelinePicture(ways), />image<.*image: prepare, 0\.2 s/);
    assert.doesNotMatch(renderBenchPage(result), /image that machines are made from has/);
  });

  test('holds with one way alone', () => {
    const [, , ours] = result.ways;
    assert.ok(ours !== undefined);
    const page = renderBenchPage({ ...result, ways: [ours] });
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  });

  test('its picture has the steps of the middle roll, with escaped names', () => {
    const picture = renderTimelinePicture(result.ways);
    assert.match(picture, /^<svg /);
    assert.match(picture, /this package: 1 min 39 s/);
    assert.match(picture, /m1: a &amp; b, 7\.0 s/);
    assert.doesNotMatch(picture, /NaN|undefined/);
  });

  test('the middle roll is the one with the middle total', () => {
    assert.equal(middleRoll([roll(3), roll(1), roll(2)])?.totalMs, 2);
    assert.equal(middleRoll([]), undefined);
  });
});

test('a fault of cleaning up does not hide what went wrong before', async () => {
  const told: string[] = [];
  const fails = (what: string) => () => Promise.reject(new Error(what));
  const tell = (sentence: string): void => void told.push(sentence);
  const done = (): Promise<string> => Promise.resolve('done');
  await assert.rejects(withCleanUp(fails('the roll'), fails('mounts'), tell), /the roll/);
  assert.deepEqual(told, ['and cleaning up failed: mounts']);
  await assert.rejects(withCleanUp(done, fails('mounts'), tell), /mounts/);
  assert.equal(await withCleanUp(done, () => Promise.resolve(), tell), 'done');
});

test('the table of previews says where the bound is passed', () => {
  const table = renderPreviewTable([
    { nodes: 100, resources: 524, case: 'no change', swarmMs: [5000, 7000], emptyMs: [5000] },
    { nodes: 100, resources: 524, case: 'all replaced', swarmMs: [5000], emptyMs: [5000] },
  ]);
  const [, over, within] = table.split('\n');
  assert.match(over ?? '', /5\.00 \/ 6\.00 \/ 7\.00 .* 1\.20 \(over 1\.1\)$/);
  assert.match(within ?? '', /1\.00$/);
});

test('the table of large clusters shows per node what must not grow with them', () => {
  const table = renderScaleTable([
    {
      ...{ workers: 93, batches: 11, worldSeconds: 900, wallSeconds: 60, emptySeconds: 20 },
      ...{ peakMib: 310, worldMib: 1 },
      usage: { requests: 5000, entries: 20_000, mostAtOnce: 12 },
    },
  ]);
  const [, row] = table.split('\n');
  assert.match(row ?? '', /^100 +11 +900 +50\.0 +60 +20 +310 \(over 300\) +1\.0 +50 +200 +12$/);
});
