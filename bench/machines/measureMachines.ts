import { rm } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { keepalivedUnit } from '../../core/keepalived/keepalivedUnit';
import { engineVersion } from '../../demo/cluster';
import { realEffects } from '../../effects/realEffects';
import { clearLab } from '../../scenarios/clearLab';
import { goldenOs, nextOs, shapes } from '../../scenarios/clusterShape';
import { raiseGolden } from '../../scenarios/golden';
import type { ScenarioLab } from '../../scenarios/places';
import { endRun } from '../../scenarios/endRun';
import { commitOfCheckout } from '../../scenarios/runScenario';
import { Stage } from '../../scenarios/stage';
import { untilAborted } from '../../scenarios/untilAborted';
import { watchVip } from '../../scenarios/vip/watchVip';
import type { BenchResult } from './benchPage';
import { withCleanUp } from './cleanUp';
import { turnOf } from './exposure';
import type { RollFigures } from './figures';
import { observeNodes } from './observeNodes';
import { controllerDirectory, ways, type Roll, type Way } from './ways';

export interface MachinesRun {
  readonly lab: ScenarioLab;
  /** Rolls by each way. */
  readonly times: number;
  /** Names of the ways to take. */
  readonly only: readonly string[];
  readonly command: string;
  readonly mayGoldenBeOlder: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Rolls one and the same cluster by each way in turn; everything is taken away afterwards. */
export async function measureMachines(run: MachinesRun): Promise<BenchResult> {
  const taken = ways.filter(({ name }) => run.only.length === 0 || run.only.includes(name));
  const rolls = new Map<string, RollFigures[]>(taken.map(({ name }) => [name, []]));
  const versions = { before: '', after: '' };
  const rollAll = async (): Promise<void> => {
    for (let time = 1; time <= run.times; time += 1) {
      for (const way of taken) {
        run.signal.throwIfAborted();
        run.say(`\n==> ${way.name}, ${String(time)} of ${String(run.times)}`);
        const { figures, ...engines } = await rollOnce(way, run);
        Object.assign(versions, engines);
        rolls.get(way.name)?.push(figures);
        run.say(describe(figures));
      }
    }
  };
  await withCleanUp(
    rollAll,
    async () => {
      await clearLab(run.lab);
      await rm(controllerDirectory(run.lab), { recursive: true, force: true });
    },
    run.say,
  );
  return {
    date: new Date().toISOString(),
    commit: commitOfCheckout(),
    command: run.command,
    kernel: release(),
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    os: { from: goldenOs, to: nextOs },
    engine: { from: versions.before, to: versions.after },
    ways: taken.map(({ name, what }) => ({ name, what, rolls: rolls.get(name) ?? [] })),
  };
}

async function rollOnce(
  way: Way,
  run: MachinesRun,
): Promise<{ readonly figures: RollFigures; readonly before: string; readonly after: string }> {
  const tell = (sentence: string): void => {
    run.say(`    ${sentence}`);
  };
  await clearLab(run.lab);
  const effects = realEffects();
  const roll = async (): ReturnType<typeof rollOnce> => {
    const pulumi = await raiseGolden(effects, shapes.bench, run.lab, {
      say: tell,
      mayBeOlder: run.mayGoldenBeOlder,
      signal: run.signal,
    });
    const stage = new Stage(effects, pulumi, { did: tell, saw: tell, aside: tell });
    const before = engineVersion(await stage.nodes());
    const leader = await stage.leader();
    const { managers, workers, vip, port } = stage.cluster;
    const order = [...managers.filter((name) => name !== leader), leader, ...workers];
    const subject: Roll = { stage, lab: run.lab, order, say: tell };
    await way.prepare(subject);
    await stage.untilServed();
    run.signal.throwIfAborted();
    const figures = await watched(way, subject, `http://${vip}:${String(port)}/`);
    await stage.untilAsDeclared(nextOs);
    await untilKeepalivedRuns(stage);
    return { figures, before, after: engineVersion(await stage.nodes()) };
  };
  return withCleanUp(
    () => untilAborted(run.signal, roll, () => endRun(effects, run.lab)),
    async () => {
      await effects.hosts.close();
      await clearLab(run.lab);
    },
    tell,
  );
}

async function watched(way: Way, roll: Roll, url: string): Promise<RollFigures> {
  const { stage, order } = roll;
  const observer = observeNodes(stage.cluster);
  const client = watchVip({ url, out: stage.pulumi.path('bench.csv') });
  let [fromMs, toMs] = [Date.now(), Date.now()];
  let samples;
  let sight;
  try {
    await stage.effects.clock.sleep(1000);
    fromMs = Date.now();
    await way.run(roll);
    toMs = Date.now();
    await stage.effects.clock.sleep(1000);
  } finally {
    sight = await client.stop();
    samples = await observer.stop();
  }
  const turns = order.map((name) => turnOf(name, samples));
  const whys = turns.filter((turn) => typeof turn === 'string');
  if (whys.length > 0) throw new Error(`${way.name}: ${whys.join('; ')}`);
  return {
    totalMs: toMs - fromMs,
    turns: turns.filter((turn) => typeof turn !== 'string'),
    failures: sight.client.failures,
    requests: sight.client.requests,
    longestGapMs: sight.client.longestPathGapMs,
    steps: way.steps(roll, fromMs, toMs),
    fromMs,
    load: sight.load,
  };
}

/** A roll that leaves the virtual IP without a second holder is none. */
async function untilKeepalivedRuns(stage: Stage): Promise<void> {
  await stage.until(
    'keepalived runs on every manager',
    async () => {
      for (const name of stage.cluster.managers) {
        const state = await (await stage.host(name)).systemd.state(keepalivedUnit);
        if (state !== 'active') return `keepalived of ${name} is ${state}`;
      }
      return true;
    },
    60,
  );
}

function describe({ totalMs, turns, failures, longestGapMs, load }: RollFigures): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const nodes = turns.map(
    ({ name, turnMs, exposureMs }) => `${name} ${seconds(turnMs)} (out ${seconds(exposureMs)})`,
  );
  return `    ${seconds(totalMs)} s: ${nodes.join(', ')}; ${String(failures)} failed requests, longest gap ${seconds(longestGapMs)} s, load ${load.toFixed(1)}`;
}
