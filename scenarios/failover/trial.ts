import { existsSync, rmSync, statSync } from 'node:fs';
import { probe } from '../../demo/httpProbe';
import { longestGap } from '../../demo/report/clientGaps';
import type { Stage } from '../stage';
import { until } from '../until';
import { watchVip, type VipSight } from '../vip/watchVip';
import type { Cause } from './causes';
import { vipHolders } from '../vip/vipHolders';
import type { Way } from './ways';

/** What one failure of the holder cost clients. */
export interface Trial {
  readonly holder: string;
  readonly successor: string;
  /** Longest time without an answer from the failure on, in milliseconds. */
  readonly outageMs: number;
  /** The same without stalls of the client itself. */
  readonly pathOutageMs: number;
  /** From the failure to the first answer of somebody else. */
  readonly movedMs: number;
  /** Requests that failed. */
  readonly failures: number;
  /** Highest load average of this computer over a minute. */
  readonly load: number;
}

/** Longest that anything here may take before the trial is given up. */
const patienceSeconds = 120;
/** What the client's file grows by before the failure, and again once the address has moved: two seconds. */
const calmBytes = 200 * 50;

/** Fails the holder in this way, until somebody else answers, and mends it again. */
export async function tryFailover(stage: Stage, way: Way, cause: Cause): Promise<Trial> {
  const holder = await untilCalm(stage, way);
  const { vip, port } = stage.cluster;
  const url = `http://${vip}:${port}/`;
  const out = stage.pulumi.path('failover.csv');
  // The rows of the trial before would pass for this one's.
  rmSync(out, { force: true });
  await cause.prepare?.(stage, holder);
  const watch = watchVip({ url, out });
  let strickenAt = 0;
  let sight: VipSight;
  try {
    await untilGrown(out, 0);
    strickenAt = performance.timeOrigin + performance.now();
    await cause.strike(stage, holder);
    await until(async () => {
      const { outcome, servedBy } = await probe(url, 500);
      return (outcome === 'ok' && servedBy !== holder) || `${holder} still: ${outcome}`;
    }, patienceSeconds);
    await untilGrown(out, sizeOf(out));
  } finally {
    sight = await watch.stop();
  }
  await cause.mend(stage, holder);
  return trialOf(sight, holder, strickenAt);
}

function trialOf(sight: VipSight, holder: string, strickenAt: number): Trial {
  const move = sight.moves.find(({ atMs }) => atMs >= strickenAt);
  if (move === undefined) throw new Error(`nobody was seen to take over from ${holder}`);
  const rows = sight.rows.filter(({ plannedAtMs }) => plannedAtMs >= strickenAt - 50);
  return {
    holder,
    successor: move.to,
    outageMs: longestGap(rows, ({ ms }) => ms)?.ms ?? 0,
    pathOutageMs: longestGap(rows, ({ pathMs }) => pathMs)?.pathMs ?? 0,
    movedMs: move.answeredAtMs - strickenAt,
    failures: rows.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'skipped').length,
    load: sight.load,
  };
}

/** One holder, everybody able to take over, and a service that answers on every manager. */
async function untilCalm(stage: Stage, way: Way): Promise<string> {
  let holder = '';
  await until(
    async () => {
      const holders = await vipHolders(stage);
      const expected = way.takesBack(stage) ?? holders[0];
      if (holders.length !== 1 || holders[0] !== expected) return `held by: ${holders.join(', ')}`;
      for (const name of stage.cluster.managers) {
        const state = await (await stage.host(name)).systemd.state('keepalived.service');
        if (state !== 'active') return `keepalived of ${name} is ${state}`;
        const own = `http://${stage.cluster.addresses[name] ?? ''}:${stage.cluster.port}/`;
        const { outcome } = await probe(own, 1000);
        if (outcome !== 'ok') return `${own}: ${outcome}`;
      }
      holder = holders[0] ?? '';
      const problems = await stage.problems();
      return problems.length === 0 || problems.join('; ');
    },
    patienceSeconds,
    250,
  );
  return holder;
}

async function untilGrown(file: string, from: number): Promise<void> {
  await until(
    () => Promise.resolve(sizeOf(file) > from + calmBytes || 'the client writes no rows'),
    patienceSeconds,
  );
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
