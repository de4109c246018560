import type { Clock } from './clock';
import type { DockerApi } from './docker';
import type { Effects } from './effects';
import { bound, withEngines } from './withEngines';

/** Lists of a swarm that everybody asks for, and that are as long as the cluster is large. */
const listMethods = ['nodes', 'services', 'tasks'] as const satisfies readonly (keyof DockerApi)[];

/** A rest takes so many times as long as the list took, but no longer than anybody waits between two questions. */
const restFactor = 4;
const longestRestMilliseconds = 500;

/**
 * The same effects, of which each engine is asked at most one question for a list at a time: who asks while it is under way gets,
 * with all others who do, the answer of the next one. That begins when the present one has ended, so that no answer is of a moment
 * before it was asked for. An error goes to all who share it; the question is nobody's own, so that nobody's interruption ends it.
 *
 * However many wait for what a list of everything (without a filter) shows, engine and this process are not busy with it all the
 * time: behind one that several have asked for, both rest.
 */
export function sharedLists(effects: Effects): Effects {
  return withEngines(effects, (docker) => sharing(docker, effects.clock));
}

function sharing(docker: DockerApi, clock: Clock): DockerApi {
  const lists = new Map<string, SharedQuestion>();
  const methods = new Map<string | symbol, unknown>();
  const share =
    (method: string) =>
    (...args: readonly unknown[]): Promise<unknown> => {
      const key = JSON.stringify([method, ...args]);
      const list =
        lists.get(key) ??
        new SharedQuestion(clock, {
          question: () => (bound(docker, method) as Question)(...args),
          mayRest: args.length === 0,
          onIdle: () => lists.delete(key),
        });
      lists.set(key, list);
      return list.ask();
    };
  for (const method of listMethods) methods.set(method, share(method));
  return new Proxy(docker, { get: (of, key) => methods.get(key) ?? bound(of, key) });
}

type Question = (...args: readonly unknown[]) => Promise<unknown>;

interface SharedOptions {
  readonly question: () => Promise<unknown>;
  /** It is a long one. */
  readonly mayRest: boolean;
  /** Nobody waits for it any more. */
  readonly onIdle: () => void;
}

class SharedQuestion {
  /** Until the next one may begin; undefined: it may now. */
  private busy: Promise<void> | undefined;
  private next: Promise<unknown> | undefined;
  /** How many wait for the next one. */
  private waiting = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: SharedOptions,
  ) {}

  ask(): Promise<unknown> {
    if (this.busy === undefined) return this.begin(1);
    this.waiting += 1;
    this.next ??= this.busy.then(() => this.begin(this.waiting));
    return this.next;
  }

  private begin(askers: number): Promise<unknown> {
    this.next = undefined;
    this.waiting = 0;
    const answer = this.options.question();
    this.busy = this.untilRested(answer, askers);
    return answer;
  }

  private async untilRested(answer: Promise<unknown>, askers: number): Promise<void> {
    const beganMs = this.clock.monotonicMs();
    await answer.catch(() => undefined);
    if (this.options.mayRest && askers > 1) {
      const tookMs = this.clock.monotonicMs() - beganMs;
      await this.clock.sleep(Math.min(restFactor * tookMs, longestRestMilliseconds));
    }
    // With a next one it goes on: that begins now.
    if (this.next !== undefined) return;
    this.busy = undefined;
    this.options.onIdle();
  }
}
