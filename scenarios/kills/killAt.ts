import type { JournalLine } from '../../demo/report/journal';
import { isProvider, markedEnded, markedProcesses, type MarkedProcess } from '../markedProcesses';
import { markOf } from '../places';
import { followJournal } from '../pulumi/followJournal';
import type { Stage } from '../stage';
import { until } from '../until';
import { PointCounter, describePoint, isSamePoint, type StepPoint } from './stepPoint';

export type KillTarget = 'provider' | 'CLI';

/** Longest that one run may take until it comes to the step, and a provider to end its step. */
const patienceSeconds = 420;

/**
 * Starts `pulumi up`, kills -9 provider or CLI as soon as a step of the node begins, and waits until
 * no provider is left: one that lost its CLI ends its step first.
 *
 * @returns `hit`: it died within the step, after its start was written and before its end.
 *   `missed`: the step was over already, or the run came to its end without it.
 */
export async function killAt(
  stage: Stage,
  target: KillTarget,
  node: string,
  point: StepPoint,
): Promise<'hit' | 'missed'> {
  const mark = markOf({ name: stage.cluster.lab });
  const counter = new PointCounter(node);
  let victims: readonly number[] = [];
  const seen: { begun?: JournalLine; hasEnded: boolean; fault?: Error } = { hasEnded: false };
  const onLine = (line: JournalLine): void => {
    if (seen.begun !== undefined) {
      seen.hasEnded ||= isEndOf(line, seen.begun);
      return;
    }
    try {
      const reached = counter.pointOf(line);
      if (reached === undefined || !isSamePoint(reached, point)) return;
      seen.begun = line;
      for (const pid of victims) process.kill(pid, 'SIGKILL');
      // A provider that lost its CLI ends the step, which must not count as one that was over before.
      queueMicrotask(unfollow);
    } catch (error) {
      seen.fault = error instanceof Error ? error : new Error(String(error));
    }
  };
  const unfollow = followJournal(stage.pulumi.path('journal.jsonl'), onLine);
  try {
    let isOver = false;
    const running = stage.start('up');
    void running.done.finally(() => (isOver = true));
    if (target === 'CLI' && running.process.pid !== undefined) victims = [running.process.pid];
    await until(
      () => {
        if (target === 'provider' && seen.begun === undefined) {
          victims = providers(mark).map(({ pid }) => pid);
        }
        return Promise.resolve(seen.begun !== undefined || isOver || 'the step has not begun');
      },
      patienceSeconds,
      // Each look goes through every process of the computer; a provider is there for seconds before its first step.
      500,
    );
    const run = await running.done;
    await markedEnded(mark, patienceSeconds, isProvider);
    if (seen.fault !== undefined) throw seen.fault;
    if (seen.begun === undefined) stage.mustEndWell('up', run);
  } finally {
    unfollow();
  }
  const verdict = seen.begun === undefined || seen.hasEnded ? 'missed' : 'hit';
  stage.did(`killed -9 the ${target} in ${describePoint(point)}: ${verdict}`);
  return verdict;
}

function providers(mark: string): readonly MarkedProcess[] {
  return markedProcesses(mark).filter(isProvider);
}

function isEndOf(line: JournalLine, start: JournalLine): boolean {
  return line.event === 'end' && line.urn === start.urn && line.sentence === start.sentence;
}
