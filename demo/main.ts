import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { errorMessage } from '../core/errors';
import type { Effects } from '../effects/effects';
import { realEffects } from '../effects/realEffects';
import { clientIntervalMs, startClient } from './clientProcess';
import { demoCluster, engineVersion, findProblems, listNodes, observedManagers } from './cluster';
import type { DemoCluster } from './cluster';
import { startObserver } from './observer';
import { demoDirectory, demoFiles, demoStack, writeDemoProject } from './project';
import { demoEnvironment, pulumi, pulumiOrFail } from './pulumi';
import { parseClientCsv } from './report/clientRows';
import { clientSentence } from './report/clientSentence';
import { parseJournal } from './report/journal';
import { parseObserverRows } from './report/quorum';
import { buildReport } from './report/report';
import type { Report } from './report/report';
import { renderStepTable } from './report/stepTable';
import { writeReport } from './report/writeReport';
import { noticeableCutsMs, selfTest } from './selfTest';
import { takeDown } from './takeDown';
import { vipCut } from './vipCut';
import { visitsSentence, watchVisits, type VisitsSight } from './visits';
import { buildVisitsImage, buildWebImage, visitsPort } from './webImage';

const usage = `Usage: npm run demo [-- --from debian:12 --to debian:13]

The main job on real machines of this computer: builds a swarm of three managers and two workers with a
virtual IP and an application of three services (stacks/visits), then changes the operating system of
every machine by one changed line. Meanwhile a client asks the application's web service through the
virtual IP every 10 ms, another has its counter count, and an observer asks every manager.

Afterwards the cluster stays: see out/demo/report.html, and remove it with \`npm run demo:down\`.
`;

interface Watched {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly upCode: number;
  readonly visits: VisitsSight;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string', default: 'debian:12' },
      to: { type: 'string', default: 'debian:13' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  // Ctrl-C reaches Pulumi by itself, which ends after the running step; the demo then sums up.
  process.on('SIGINT', () => undefined);
  const effects = realEffects();
  try {
    return await demonstrate(effects, { from: values.from, to: values.to });
  } finally {
    await effects.hosts.close();
  }
}

async function demonstrate(
  effects: Effects,
  os: { readonly from: string; readonly to: string },
): Promise<number> {
  const cluster = await create(effects, os.from);
  const before = engineVersion(await listNodes(effects, cluster));
  await proveClient(cluster);

  title(`Change one line, os: ${os.from} → ${os.to}, and look at the plan: pulumi preview`);
  await setConfig('os', os.to);
  await pulumiOrFail(['preview', '--stack', demoStack, '--diff=false'], { output: 'show' });

  title('Carry it out: pulumi up');
  const watched = await watchedUp(effects, cluster);
  const problems = await whatIsWrong(effects, cluster, os.to, watched.upCode);
  const after = await listNodes(effects, cluster).catch(() => []);
  const report = buildReport({
    os,
    engine: { from: before, to: engineVersion(after) },
    nodes: [
      ...cluster.managers.map((name) => ({ name, role: 'manager' as const })),
      ...cluster.workers.map((name) => ({ name, role: 'worker' as const })),
    ],
    startedAt: watched.startedAt,
    endedAt: watched.endedAt,
    journal: parseJournal(await readFile(demoFiles.journal, 'utf8').catch(() => '')),
    observer: parseObserverRows(await readFile(demoFiles.observer, 'utf8')),
    client: parseClientCsv(await readFile(demoFiles.client, 'utf8')),
    clientIntervalMs,
    visits: watched.visits,
    problems,
  });
  const paths = await writeReport(demoDirectory, report);
  await sumUp(effects, cluster, report, paths.html);
  return report.result === 'passed' ? 0 : 1;
}

/** A fresh cluster, whatever an earlier demo left. */
async function create(effects: Effects, os: string): Promise<DemoCluster> {
  title('Start afresh');
  await takeDown((sentence) => {
    console.log(`  ${sentence}`);
  });
  await rm(demoDirectory, { recursive: true, force: true });
  await mkdir(demoDirectory, { recursive: true });
  await writeDemoProject([
    await buildWebImage(demoFiles.image),
    await buildVisitsImage(demoFiles.image),
  ]);
  const stackFile = join(demoDirectory, `Pulumi.${demoStack}.yaml`);
  const text = await readFile(stackFile, 'utf8');
  const { config } = parse(text) as { config: Record<string, unknown> };
  const cluster = demoCluster(config);
  await pulumiOrFail(['stack', 'init', demoStack], { output: 'log' });
  await setConfig('os', os);

  const machines = cluster.managers.length + cluster.workers.length;
  title(`Build the cluster on ${os}: ${String(machines)} machines, pulumi up`);
  await pulumiOrFail(['up', '--stack', demoStack, '--yes', '--skip-preview'], { output: 'show' });
  for (const line of describeNodes(await listNodes(effects, cluster))) console.log(line);
  return cluster;
}

/** The figures are worth something only when the client notices what it is there to notice. */
async function proveClient(cluster: DemoCluster): Promise<void> {
  for (const cutMs of noticeableCutsMs) {
    title(`Test the client itself: the virtual IP is cut for ${String(cutMs)} ms`);
    const { noticed, failures, longestGapMs } = await selfTest({
      url: urlOf(cluster),
      cutMs,
      ...vipCut(cluster.vip),
    });
    console.log(
      `  ${String(failures)} failed requests, a gap of ${String(Math.round(longestGapMs))} ms: ${noticed ? 'noticed' : 'NOT noticed'}`,
    );
    if (!noticed)
      throw new Error(
        `the client did not notice that the virtual IP was cut for ${String(cutMs)} ms; its figures would be worth nothing`,
      );
  }
}

async function watchedUp(effects: Effects, cluster: DemoCluster): Promise<Watched> {
  const client = startClient(urlOf(cluster), demoFiles.client);
  const observer = await startObserver({
    managers: observedManagers(effects, cluster),
    out: demoFiles.observer,
  });
  const visits = watchVisits(urlOf(cluster, visitsPort));
  try {
    const startedAt = new Date().toISOString();
    const { code } = await pulumi(['up', '--stack', demoStack, '--yes', '--skip-preview'], {
      output: 'show',
      journal: true,
    });
    const endedAt = new Date().toISOString();
    return { startedAt, endedAt, upCode: code, visits: await visits.stop() };
  } finally {
    await visits.stop();
    await observer.stop();
    await client.stop();
  }
}

async function whatIsWrong(
  effects: Effects,
  cluster: DemoCluster,
  os: string,
  upCode: number,
): Promise<readonly string[]> {
  const problems = await findProblems(effects, cluster, os).catch((error: unknown) => [
    errorMessage(error),
  ]);
  if (upCode !== 0) {
    return [`pulumi up ended with ${String(upCode)}; run it again and it goes on`, ...problems];
  }
  const { code, stdout } = await pulumi(['preview', '--stack', demoStack, '--json'], {
    output: 'return',
  });
  const changes = code === 0 ? countChanges(stdout) : undefined;
  if (changes === undefined) return [...problems, `pulumi preview ended with ${String(code)}`];
  return changes === 0
    ? problems
    : [...problems, `pulumi preview still has ${String(changes)} changes`];
}

/** Operations of a preview other than `same`. */
function countChanges(json: string): number {
  const { changeSummary } = JSON.parse(json) as { changeSummary?: Record<string, number> };
  return Object.entries(changeSummary ?? {})
    .filter(([operation]) => operation !== 'same')
    .reduce((sum, [, count]) => sum + count, 0);
}

async function sumUp(
  effects: Effects,
  cluster: DemoCluster,
  report: Report,
  html: string,
): Promise<void> {
  title('docker node ls');
  for (const line of describeNodes(await listNodes(effects, cluster).catch(() => []))) {
    console.log(line);
  }
  title('Steps');
  console.log(renderStepTable(report));
  const { client, quorumUnanswered: unanswered } = report;
  title(`Result: ${report.result}`);
  for (const problem of report.problems) console.log(`  ${problem}`);
  console.log(
    `  ${report.os.from} → ${report.os.to}, engine ${report.engine.from} → ${report.engine.to}, in ${String(report.totalSeconds)} s`,
  );
  console.log(`  client through ${cluster.vip}: ${clientSentence(client)}`);
  console.log(`  its counter: ${visitsSentence(report.visits)}`);
  console.log(
    `  observer: ${String(report.quorum.length)} answered samples, ${String(unanswered.samples)} unanswered (at most ${String(unanswered.longestRun)} in a row)`,
  );
  const environment = Object.entries(demoEnvironment).map(([name, value]) => `${name}=${value}`);
  console.log(`
  The report:   ${html}
  Look around:  npm run lab -- ls demo;  npm run lab -- ssh demo/m1 -- docker node ls
  Go on:        cd out/demo && ${environment.join(' ')} pulumi preview
  Remove it:    npm run demo:down
`);
}

/** As `docker node ls` shows it. */
function describeNodes(nodes: Awaited<ReturnType<typeof listNodes>>): readonly string[] {
  const rows = [...nodes]
    .sort((a, b) => a.hostname.localeCompare(b.hostname))
    .map(({ id, hostname, state, availability, managerStatus, engineVersion: version }) => [
      id,
      hostname,
      state,
      availability,
      managerStatus === undefined
        ? ''
        : managerStatus.isLeader
          ? 'leader'
          : managerStatus.reachability,
      version,
    ]);
  const table = [
    ['ID', 'HOSTNAME', 'STATUS', 'AVAILABILITY', 'MANAGER STATUS', 'ENGINE VERSION'],
    ...rows,
  ];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  return table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function urlOf({ vip, port }: DemoCluster, other = port): string {
  return `http://${vip}:${String(other)}/`;
}

async function setConfig(key: string, value: string): Promise<void> {
  await pulumiOrFail(['config', 'set', '--stack', demoStack, key, value], { output: 'log' });
}

function title(text: string): void {
  console.log(`\n==> ${text}`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`\ndemo: ${errorMessage(error)}`);
    process.exitCode = 1;
  },
);
