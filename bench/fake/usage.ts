import { writeFileSync } from 'node:fs';
import type { DockerApi } from '../../effects/docker';
import type { Effects } from '../../effects/effects';
import { bound, withEngines } from '../../effects/withEngines';
import { atTheEnd } from './atTheEnd';

/** What one run of the provider asked of engines. */
export interface Usage {
  /** Requests to engines. */
  readonly requests: number;
  /** Entries of the lists that they answered with: what grows with the square of the nodes shows here. */
  readonly entries: number;
  /** Most requests that were under way at once. */
  readonly mostAtOnce: number;
}

/** The same effects, whose requests to engines are counted, into a file when the process ends. */
export function counted(effects: Effects, file: string): Effects {
  const usage = { requests: 0, entries: 0, mostAtOnce: 0 };
  let underWay = 0;
  atTheEnd(() => {
    // The engine starts a second process, which it asks for nothing.
    if (usage.requests > 0) writeFileSync(file, JSON.stringify(usage));
  });
  const call = async (request: () => unknown): Promise<unknown> => {
    usage.requests += 1;
    underWay += 1;
    usage.mostAtOnce = Math.max(usage.mostAtOnce, underWay);
    try {
      const answer = await request();
      if (Array.isArray(answer)) usage.entries += answer.length;
      return answer;
    } finally {
      underWay -= 1;
    }
  };
  const watched = (docker: DockerApi): DockerApi =>
    new Proxy(docker, {
      get: (of, key) => {
        const value = bound(of, key);
        // `listen` is no question, and answers with a function.
        return typeof value !== 'function' || key === 'listen'
          ? value
          : (...args: readonly unknown[]) => call(() => Reflect.apply(value, of, args) as unknown);
      },
    });
  return withEngines(effects, watched);
}
