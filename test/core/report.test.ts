import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReportHtml } from '../../demo/report/html';
import { buildReport, type Report, type ReportInput } from '../../demo/report/report';
import { renderStepTable } from '../../demo/report/stepTable';
import { sampleRun } from '../demo/sampleRun';

const run = sampleRun();

test('a good run passes and holds the promised fields', () => {
  const report = buildReport(run);
  assert.deepEqual(report.problems, []);
  assert.equal(report.result, 'passed');
  assert.deepEqual(report.os, { from: 'debian:12', to: 'debian:13' });
  assert.deepEqual(report.engine, { from: '20.10.24', to: '26.1.5' });
  assert.deepEqual(
    report.nodes.map(({ name, role, steps }) => [name, role, steps.length]),
    [
      ['m1', 'manager', 13],
      ['m2', 'manager', 13],
      ['m3', 'manager', 13],
      ['w1', 'worker', 9],
      ['w2', 'worker', 9],
    ],
  );
  assert.deepEqual(report.quorumUnanswered, { samples: 7, longestRun: 7 });
  assert.deepEqual(Object.keys(report.client).sort(), [
    'failures',
    'longestGapFromMs',
    'longestGapMs',
    'longestPathGapMs',
    'longestStallMs',
    'planned',
    'requests',
    'skipped',
  ]);
  assert.equal(report.totalSeconds, 404.3);
});

test("a node's turn spans its own steps", () => {
  const [m1, m2] = buildReport(run).nodes;
  assert.equal(m1?.startedAt, '2026-11-21T08:00:06.000Z');
  assert.ok(m1.endedAt !== null && m2?.startedAt !== null && m2 !== undefined);
  assert.ok(Date.parse(m1.endedAt) <= Date.parse(m2.startedAt));
});

test('client failures are shown and do not fail the run', () => {
  const report = buildReport(run);
  assert.equal(report.client.failures, 25);
  assert.equal(report.timeline.clientFailures.length, 25);
  assert.equal(report.result, 'passed');
});

const faults: readonly (readonly [string, Partial<ReportInput>, RegExp])[] = [
  ['what the caller found', { problems: ['up: exit code 1'] }, /^up: exit code 1$/],
  ['a node without steps', { journal: [] }, /^m1: no step was recorded/],
  ['no answer from any manager', { observer: [] }, /^quorum: no manager ever answered/],
  [
    'a lost majority',
    {
      observer: [
        ...run.observer,
        { at: '2026-11-21T08:01:00.100Z', manager: 'm1', members: 3, reachable: 1 },
      ],
    },
    /^quorum: 1 of \d+ answered samples lack a majority; .*1 of 3 members reachable, 2 needed$/,
  ],
  ['a client that recorded nothing', { client: [] }, /^client: it recorded nothing/],
  [
    'a client with holes',
    { client: run.client.filter((_, index) => index < 500 || index >= 510) },
    /^client: 10 planned ticks have no row$/,
  ],
  [
    'a client that died',
    { client: run.client.slice(0, 1000) },
    /^client: it did not run during \d+\.\d s of the roll$/,
  ],
  [
    'an application that forgot a visit',
    { visits: { ...run.visits, last: 12, isWhole: false } },
    /^application: 1600 of 1600 visits were counted, from 1 to 12: the count went back on its way$/,
  ],
  [
    'an application that never answered',
    { visits: { asked: 9, counted: 0, first: 0, last: 0, isWhole: false } },
    /^application: 0 of 9 visits were counted, from 0 to 0: it never answered$/,
  ],
];

for (const [what, change, sentence] of faults) {
  test(`${what} fails the run`, () => {
    const report = buildReport({ ...run, ...change });
    assert.equal(report.result, 'failed');
    assert.match(report.problems[0] ?? '', sentence);
    assertSelfContained(report);
  });
}

test('reads and resources of no node are left out', () => {
  const [first] = run.journal;
  assert.ok(first !== undefined);
  const report = buildReport({
    ...run,
    journal: [
      { ...first, operation: 'read' },
      { ...first, urn: 'urn:pulumi:demo::cluster::swarm:index:Swarm::swarm' },
      { ...first, urn: 'urn:pulumi:demo::cluster::swarm:index:Node::m1-node' },
    ],
  });
  assert.deepEqual(
    report.nodes.map(({ steps }) => steps.length),
    [1, 0, 0, 0, 0],
  );
});

test('the HTML needs nothing else, and text from outside stays text', () => {
  const sentence = 'runs </text><script>alert("&")</script>';
  const report = buildReport({
    ...run,
    journal: run.journal.map((line) => ({ ...line, sentence })),
    problems: ['<b>bold</b>'],
  });
  assertSelfContained(report);
  assert.match(renderReportHtml(report), /&lt;b&gt;bold&lt;\/b&gt;/);
});

function assertSelfContained(report: Report): void {
  const html = renderReportHtml(report).replace('http://www.w3.org/2000/svg', '');
  assert.doesNotMatch(html, /<script|<link|<img|url\(|https?:|@import|NaN|Infinity|undefined/);
}

test('the table for the terminal names every node, step and figure', () => {
  const table = renderStepTable(buildReport(run));
  assert.match(table, /^m1 +hands 10\.88\.0\.100 over to another manager +2\.1$/m);
  assert.match(table, /^ +manager, whole turn +81\.4$/m);
  assert.match(
    table,
    /^client +25 of 20416 requests failed; longest gap \d+ ms, over 100 ms; without the .* \d+ ms$/m,
  );
  assert.match(table, /^result +passed$/m);
});
