import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { errorMessage } from '../core/errors';
import { listNodes } from '../demo/cluster';
import type { Effects } from '../effects/effects';
import { realEffects } from '../effects/realEffects';
import { clusterOf, osOf } from './clusterShape';
import { clearLab } from './clearLab';
import { describeMachines } from './describeMachines';
import { raiseGolden } from './golden';
import type { ScenarioLab } from './places';
import type { ScenarioRow } from './report/scenarioRow';
import type { Scenario } from './scenario';
import { Stage } from './stage';
import { endRun } from './endRun';
import { untilAborted } from './untilAborted';
import { NotHeld, type Verdict } from './verdict';

export interface ScenarioRun {
  readonly lab: ScenarioLab;
  readonly mayGoldenBeOlder: boolean;
  /** How often each is run, from its golden cluster each time. Default: 1. */
  readonly times?: number;
  /** Ends the scenario where it is, with the verdict `not tried`. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Runs one scenario from its golden cluster to its verdict, and takes everything of it away. */
export async function runScenario(scenario: Scenario, run: ScenarioRun): Promise<ScenarioRow> {
  const began = performance.now();
  const done: string[] = [];
  const seen: string[] = [];
  const figures: Record<string, string> = {};
  const tell = (kind: string, sentence: string): void => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
    run.say(`  ${seconds} s  ${kind.padEnd(5)} ${sentence}`);
  };
  run.say(`\n==> ${String(scenario.number)} ${scenario.name}: ${scenario.title}`);
  run.say(`    must hold: ${scenario.holds}`);
  const effects = realEffects();
  let engine = 'unknown';
  let verdict: Verdict = 'held';
  let reason: string | undefined;
  const cluster = clusterOf(scenario.shape, run.lab);
  try {
    await clearLab(run.lab);
    const work = async (): Promise<void> => {
      const pulumi = await raiseGolden(effects, scenario.shape, run.lab, {
        say: (sentence) => {
          tell('', sentence);
        },
        mayBeOlder: run.mayGoldenBeOlder,
        signal: run.signal,
      });
      const versions = (await listNodes(effects, cluster)).map(
        ({ engineVersion }) => engineVersion,
      );
      engine = [...new Set(versions)].join(', ');
      const narrator = {
        did: (sentence: string): void => {
          done.push(sentence);
          tell('did', sentence);
        },
        saw: (sentence: string): void => {
          seen.push(sentence);
          tell('saw', sentence);
        },
        figures: (more: Readonly<Record<string, string>>): void => {
          Object.assign(figures, more);
        },
        aside: (sentence: string): void => {
          tell('', sentence);
        },
      };
      await scenario.run(new Stage(effects, pulumi, narrator));
    };
    await untilAborted(run.signal, work, () => endRun(effects, run.lab));
  } catch (error) {
    verdict = error instanceof NotHeld ? 'not held' : 'not tried';
    reason = errorMessage(error);
    tell('', `${verdict}: ${reason}`);
    if (!run.signal.aborted) await describe(effects, cluster, tell);
  } finally {
    await effects.hosts.close();
    await clearLab(run.lab);
  }
  tell('', `verdict: ${verdict}`);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  return {
    name: scenario.name,
    number: scenario.number,
    title: scenario.title,
    holds: scenario.holds,
    done,
    seen,
    verdict,
    ...(reason === undefined ? {} : { reason: firstLines(reason) }),
    seconds,
    ...(Object.keys(figures).length === 0 ? {} : { runs: [{ verdict, seconds, figures }] }),
    os: osOf(scenario.shape),
    engine,
    kernel: release(),
    commit: commitOfCheckout(),
    date: new Date().toISOString(),
    command: `npm run scenario -- ${scenario.name}`,
  };
}

async function describe(
  effects: Effects,
  cluster: Parameters<typeof describeMachines>[1],
  tell: (kind: string, sentence: string) => void,
): Promise<void> {
  const lines = await describeMachines(effects, cluster).catch((error: unknown) => [
    `its machines could not be looked at: ${errorMessage(error)}`,
  ]);
  for (const line of lines) tell('', line);
}

/** The whole of it was said live; the table wants a line or a few. */
function firstLines(reason: string): string {
  return reason.split('\n').slice(0, 3).join('\n').slice(0, 400);
}

/** Short, with a `+` when the checkout has changes. */
export function commitOfCheckout(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd: __dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    // A copy without its history.
    return 'unknown';
  }
}
