import { errorMessage } from '../../../core/errors';
import {
  monitorSeconds,
  stackProgress,
  type ServiceProgress,
} from '../../../core/stack/stackProgress';
import type { StackPlan, StackService } from '../../../core/stack/stackPlan';
import type { Operation } from '../../server/resource';
import { askManager, type SwarmAccess } from '../ask/managers';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import type { Heed } from '../ask/waitUntil';

export interface StackPatience {
  /** Seconds until every task runs. */
  readonly convergeSeconds: number;
  /** Seconds that a service may stand still while its tasks find no node or no image. */
  readonly blockedSeconds: number;
}

/** What was before the watch. */
export interface StackBefore {
  /** Services that were created or updated: their tasks have to run on for a while. */
  readonly changed: readonly StackService[];
  /** IDs of tasks whose failure is past. */
  readonly rejected: ReadonlySet<string>;
}

/** Ends the step as failed; it never leaves this file, so it has no code. */
class StackFailed extends Error {}

/**
 * Watches the services of a plan until all have converged.
 *
 * @returns why they have not: the tasks' own errors, or what was still missing at the end of the time.
 */
export async function awaitStack(
  operation: Operation,
  access: SwarmAccess,
  plan: StackPlan,
  { convergeSeconds, blockedSeconds }: StackPatience,
  { changed, rejected }: StackBefore,
): Promise<string | undefined> {
  const { clock } = operation.effects;
  const standing = new Map<string, { readonly running: number; readonly sinceMs: number }>();
  const running = new Map<string, { readonly errors: string; readonly sinceMs: number }>();
  let last: readonly ServiceProgress[] = [];
  const whyFailed = (progress: readonly ServiceProgress[]): string | undefined => {
    const nowMs = clock.monotonicMs();
    for (const { name, running, blocked } of progress) {
      const before = standing.get(name);
      if (blocked.length === 0) standing.delete(name);
      else if (before?.running !== running) standing.set(name, { running, sinceMs: nowMs });
    }
    const failed = progress.filter(
      ({ name, halted, isTrying }) =>
        halted !== undefined ||
        (!isTrying && nowMs - (standing.get(name)?.sinceMs ?? nowMs) >= blockedSeconds * 1000),
    );
    if (failed.length === 0) return undefined;
    // Whoever else stands still is told of in the same breath.
    return progress
      .filter((each) => failed.includes(each) || each.blocked.length > 0)
      .map(describe)
      .join('; ');
  };
  const monitored = changed.map((service) => ({
    name: service.key,
    milliseconds: Math.min(monitorSeconds(service), convergeSeconds / 2) * 1000,
  }));
  /** Those that run, and not yet for long enough; a task that failed meanwhile begins it anew. */
  const whyUnproven = (progress: readonly ServiceProgress[]): readonly string[] => {
    const nowMs = clock.monotonicMs();
    for (const { name, lacks, errors } of progress) {
      const all = errors.join();
      if (lacks !== undefined) running.delete(name);
      else if (running.get(name)?.errors !== all)
        running.set(name, { errors: all, sinceMs: nowMs });
    }
    return monitored
      .filter(
        ({ name, milliseconds }) => nowMs - (running.get(name)?.sinceMs ?? nowMs) < milliseconds,
      )
      .map(
        ({ name, milliseconds }) =>
          `${name} runs, and is watched for ${String(milliseconds / 1000)} s`,
      );
  };
  let unproven: readonly string[] = [];
  try {
    await operation.step(`wait until stack ${plan.name} runs`, async () => {
      let failed: string | undefined;
      await waitUntil(operation, `stack ${plan.name}`, convergeSeconds, async (heed) => {
        last = await look(operation, access, plan, rejected, heed);
        unproven = whyUnproven(last);
        failed = whyFailed(last);
        const lacking = last.filter(({ lacks }) => lacks !== undefined).map(describe);
        const open = lacking.length > 0 ? lacking : unproven;
        return failed !== undefined || open.length === 0 || open.join(', ');
      });
      // Not thrown while waiting: a task's error may read like a passing fault of the looking.
      if (failed !== undefined) throw new StackFailed(failed);
    });
    return undefined;
  } catch (error) {
    if (error instanceof StackFailed) return errorMessage(error);
    if (!isTimedOut(error)) throw error;
    const lacking = last.filter(({ lacks }) => lacks !== undefined).map(describe);
    return `not within ${String(convergeSeconds)} s: ${(lacking.length > 0 ? lacking : unproven).join('; ')}`;
  }
}

async function look(
  operation: Operation,
  access: SwarmAccess,
  plan: StackPlan,
  past: ReadonlySet<string>,
  heed: Heed,
): Promise<readonly ServiceProgress[]> {
  const [services, nodes, tasks] = await askManager(operation, access, ({ docker }) => {
    heed(docker);
    return Promise.all([docker.services(), docker.nodes(), docker.tasks()]);
  });
  return stackProgress(plan.services, { services, nodes, tasks, past });
}

/** `web 3/5: No such image: web:5 on w1 and w2 (4 tasks)`. */
function describe({ name, lacks, halted, blocked, errors }: ServiceProgress): string {
  const causes = blocked.length > 0 ? blocked : errors;
  const what = halted ?? lacks ?? name;
  const more = causes.filter((cause) => !what.includes(cause));
  return more.length === 0 ? what : `${what}: ${more.join(', ')}`;
}
