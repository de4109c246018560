import { cpus, release, totalmem } from 'node:os';
import type { Effects } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { clearLab } from '../clearLab';
import { goldenOs, shapes } from '../clusterShape';
import { raiseGolden } from '../golden';
import type { ScenarioLab } from '../places';
import { endRun } from '../endRun';
import { commitOfCheckout } from '../runScenario';
import { Stage } from '../stage';
import { causes, type Cause } from './causes';
import type { FailoverResult } from './failoverPage';
import type { CauseTrials } from './summary';
import { tryFailover, type Trial } from './trial';
import { untilAborted } from '../untilAborted';
import { byHand, configurationOn, ours, type Way } from './ways';

export interface FailoverRun {
  readonly lab: ScenarioLab;
  /** Trials of each cause with each way. */
  readonly times: number;
  readonly mayGoldenBeOlder: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Measures every cause with both ways on one cluster, which is taken away afterwards. */
export async function measureFailover(run: FailoverRun): Promise<FailoverResult> {
  const effects = realEffects();
  try {
    await clearLab(run.lab);
    return await untilAborted(
      run.signal,
      () => measureOn(effects, run),
      () => endRun(effects, run.lab),
    );
  } finally {
    await effects.hosts.close();
    await clearLab(run.lab);
  }
}

async function measureOn(effects: Effects, run: FailoverRun): Promise<FailoverResult> {
  const pulumi = await raiseGolden(effects, shapes.threeManagers, run.lab, {
    say: run.say,
    mayBeOlder: run.mayGoldenBeOlder,
    signal: run.signal,
  });
  const tell = (sentence: string): void => {
    run.say(`    ${sentence}`);
  };
  const stage = new Stage(effects, pulumi, { did: tell, saw: tell, aside: tell });
  const versions = (await stage.nodes()).map((node) => node.engineVersion);
  const [manager = ''] = stage.cluster.managers;
  const keepalived = await (await stage.host(manager)).packages.installed('keepalived');
  const trials: CauseTrials[] = [];
  const configurations: Record<string, string> = {};
  for (const way of [ours, byHand]) {
    await way.prepare(stage);
    configurations[way.name] = await configurationOn(stage, manager);
    for (const cause of causes) trials.push(await measureCause(stage, way, cause, run));
  }
  return {
    date: new Date().toISOString(),
    commit: commitOfCheckout(),
    command: `npm run failover -- --times ${String(run.times)}`,
    kernel: release(),
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    os: goldenOs,
    engine: [...new Set(versions)].join(', '),
    keepalived: keepalived ?? 'unknown',
    configurations,
    causes: causes.map(({ name, what }) => ({ name, what })),
    ways: [ours.name, byHand.name],
    trials,
  };
}

async function measureCause(
  stage: Stage,
  way: Way,
  cause: Cause,
  { times, say }: FailoverRun,
): Promise<CauseTrials> {
  const trials: Trial[] = [];
  for (let time = 1; time <= times; time += 1) {
    const trial = await tryFailover(stage, way, cause);
    const { outageMs, movedMs, holder, successor } = trial;
    say(
      `${way.name}, ${cause.name}, ${String(time)} of ${String(times)}: no answer for ${outageMs.toFixed(0)} ms, moved from ${holder} to ${successor} after ${movedMs.toFixed(0)} ms`,
    );
    trials.push(trial);
  }
  return { cause: cause.name, way: way.name, trials };
}
