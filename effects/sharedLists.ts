import type { DockerApi } from './docker';
import type { Effects } from './effects';
import { bound, withEngines } from './withEngines';

/** Lists of a swarm that everybody asks for, and that are as long as the cluster is large. */
const listMethods = ['nodes', 'services', 'tasks'] as const satisfies readonly (keyof DockerApi)[];

/**
 * The same effects, of which each engine is asked at most one question for a list at a time: who asks while it is under way gets,
 * with all others who do, the answer of the next one. That begins when the present one has ended, so that no answer is of a moment
 * before it was asked for. An error goes to all who share it; the question is nobody's own, so that nobody's interruption ends it.
 */
export function sharedLists(effects: Effects): Effects {
  return withEngines(effects, sharing);
}

function sharing(docker: DockerApi): DockerApi {
  const lists = new Map<string, SharedQuestion>();
  const methods = new Map<string | symbol, unknown>();
  const share =
    (method: string) =>
    (...args: readonly unknown[]): Promise<unknown> => {
      const key = JSON.stringify([method, ...args]);
      const list =
        lists.get(key) ??
        new SharedQuestion(
          () => (bound(docker, method) as Question)(...args),
          () => lists.delete(key),
        );
      lists.set(key, list);
      return list.ask();
    };
  for (const method of listMethods) methods.set(method, share(method));
  return new Proxy(docker, { get: (of, key) => methods.get(key) ?? bound(of, key) });
}

type Question = (...args: readonly unknown[]) => Promise<unknown>;

class SharedQuestion {
  private isUnderWay = false;
  private next: { readonly answer: Promise<unknown>; readonly begin: () => void } | undefined;

  constructor(
    private readonly question: () => Promise<unknown>,
    /** Nobody waits for it any more. */
    private readonly onIdle: () => void,
  ) {}

  ask(): Promise<unknown> {
    if (this.next !== undefined) return this.next.answer;
    if (!this.isUnderWay) return this.begin();
    let begin = (): void => undefined;
    const answer = new Promise<unknown>((resolve) => {
      begin = () => {
        resolve(this.begin());
      };
    });
    this.next = { answer, begin };
    return answer;
  }

  private async begin(): Promise<unknown> {
    this.isUnderWay = true;
    try {
      return await this.question();
    } finally {
      this.isUnderWay = false;
      const { next } = this;
      this.next = undefined;
      if (next === undefined) this.onIdle();
      else next.begin();
    }
  }
}
