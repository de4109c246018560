import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClient } from '../../demo/clientProcess';
import { probe } from '../../demo/httpProbe';
import { parseClientCsv, summarizeClient, type ClientRow } from '../../demo/report/clientRows';
import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { holderAndOthers, vipHolders } from '../vip/vipHolders';

const port = 80;
const windowMs = 1000;
const haproxy = 'haproxy.service';

export const balance: Scenario = {
  name: 'balance',
  number: 21,
  title: 'every node is rebuilt behind the load balancer, and then one dies',
  holds:
    'no request fails, and more than one node answers at any time; an address whose HAProxy has stopped is served by another manager within 10 s, and up starts it again',
  shape: shapes.balanced,
  run: async (stage) => {
    await stage.until('every node answers through the balancer', () => everyNodeAnswers(stage), 60);

    stage.changeOs(nextOs);
    const roll = await watched(stage, async () => {
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    });
    tell(stage, 'in the roll', roll);
    stage.checkEqual(failuresOf(roll), [], 'no request of the roll failed');
    const least = leastNodesAtATime(roll);
    stage.check(least > 1, `at least ${String(least)} nodes answered in every second of it`);
    await stage.checkNothingPending();
    await stage.until('every node answers through the balancer', () => everyNodeAnswers(stage), 60);

    const [, dead = ''] = stage.cluster.workers;
    const outage = await watched(stage, async () => {
      await stage.powerOff(dead);
      await stage.until(
        `the swarm has seen ${dead} down`,
        async () => {
          const { state } = await stage.node(dead);
          return state === 'down' || state;
        },
        60,
      );
      await stage.powerOn(dead);
      await stage.untilAsDeclared();
      await stage.until('every node answers again', () => everyNodeAnswers(stage), 60);
    });
    tell(stage, `while ${dead} had no power`, outage);
    stage.checkEqual(failuresOf(outage), [], 'no request of the outage failed');

    await followsHaproxy(stage);
  },
};

/** The address leaves a manager whose HAProxy stops; the next run starts it again. */
async function followsHaproxy(stage: Stage): Promise<void> {
  const { holder } = await holderAndOthers(stage);
  const { systemd } = await stage.host(holder);
  await systemd.stop(haproxy);
  stage.did(`stopped HAProxy on ${holder}, which holds the virtual IP`);
  await stage.until(
    'another manager serves it',
    async () => {
      const holders = await vipHolders(stage);
      if (holders.includes(holder)) return `${holder} still holds it`;
      return answersThroughBalancer(stage);
    },
    10,
  );
  await stage.runToTheEnd('up');
  stage.checkEqual(await systemd.state(haproxy), 'active', `HAProxy runs on ${holder} again`);
  await stage.checkNothingPending();
}

function urlOf(stage: Stage): string {
  return `http://${stage.cluster.vip}:${String(port)}/`;
}

/** Whether somebody answers. */
export async function answersThroughBalancer(stage: Stage): Promise<true | string> {
  const { outcome } = await probe(urlOf(stage), 2000);
  return outcome === 'ok' || outcome;
}

/** As many requests in a row as there are nodes, and a few more for those that others have had. */
async function everyNodeAnswers(stage: Stage): Promise<true | string> {
  const seen = new Set<string>();
  for (let count = 0; count < stage.nodeNames.length * 3; count += 1) {
    const { outcome, servedBy } = await probe(urlOf(stage), 2000);
    if (outcome !== 'ok') return outcome;
    if (servedBy !== undefined) seen.add(servedBy);
  }
  const missing = stage.nodeNames.filter((name) => !seen.has(name));
  return missing.length === 0 || `no answer of ${missing.join(', ')}`;
}

/** What a client outside all machines saw, with a new connection every 10 ms. */
export async function watched(
  stage: Stage,
  work: () => Promise<void>,
): Promise<readonly ClientRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-balance-'));
  const file = join(directory, 'client.csv');
  const client = startClient(urlOf(stage), file);
  try {
    try {
      await work();
    } finally {
      await client.stop();
    }
    return parseClientCsv(readFileSync(file, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Outcomes other than an answer; what this computer never sent is none of the cluster's. */
export function failuresOf(rows: readonly ClientRow[]): readonly string[] {
  return rows
    .filter(({ outcome }) => outcome !== 'ok' && outcome !== 'skipped')
    .map(({ outcome, plannedAtMs }) => `${outcome} at ${new Date(plannedAtMs).toISOString()}`);
}

export function tell(stage: Stage, when: string, rows: readonly ClientRow[]): void {
  const { planned, requests, longestGapMs } = summarizeClient(rows);
  const slowest = Math.max(...rows.map(({ latencyMs }) => latencyMs ?? 0));
  const counts = stage.nodeNames.map(
    (name) => `${name} ${String(rows.filter(({ servedBy }) => servedBy === name).length)}`,
  );
  stage.saw(
    `${when}: ${String(requests)} requests of ${String(planned)} planned, ${String(failuresOf(rows).length)} failed, the longest gap ${String(longestGapMs)} ms, the slowest answer ${slowest.toFixed(0)} ms; answered by ${counts.join(', ')}`,
  );
}

/** Of every whole second: how many nodes answered requests of it. */
function leastNodesAtATime(rows: readonly ClientRow[]): number {
  const windows = new Map<number, Set<string>>();
  for (const { plannedAtMs, servedBy } of rows) {
    if (servedBy === undefined) continue;
    const second = Math.floor(plannedAtMs / windowMs);
    windows.set(second, (windows.get(second) ?? new Set<string>()).add(servedBy));
  }
  // The first and the last one are cut off by the client's start and end.
  const whole = [...windows.entries()].sort(([a], [b]) => a - b).slice(1, -1);
  return Math.min(...whole.map(([, names]) => names.size));
}
