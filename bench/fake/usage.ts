import { writeFileSync } from 'node:fs';
import type { Effects, Host } from '../../effects/effects';
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
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, key) => {
        const value: unknown = Reflect.get(of, key);
        if (typeof value !== 'function') return value;
        // It is no question, and answers with a function.
        return key === 'listen'
          ? (value.bind(of) as unknown)
          : (...args: readonly unknown[]) => call(() => Reflect.apply(value, of, args) as unknown);
      },
    });
  const known = new WeakMap<Host, Host>();
  // One and the same for each host, as without it: what is shared or listened to goes by the object.
  const host = (target: Host): Host => {
    const docker = watched(target.docker);
    const present =
      known.get(target) ??
      new Proxy(target, {
        get: (of, key) => {
          if (key === 'docker') return docker;
          const value: unknown = Reflect.get(of, key);
          return typeof value === 'function' ? (value.bind(of) as unknown) : value;
        },
      });
    known.set(target, present);
    return present;
  };
  const { hosts } = effects;
  return {
    ...effects,
    hosts: {
      connect: async (...args) => host(await hosts.connect(...args)),
      close: () => hosts.close(),
    },
  };
}
