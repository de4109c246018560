import type { Effects } from '../../effects/effects';

/**
 * Effects of a process that may be killed. From the moment of `death` on nothing that was called
 * returns, and nothing that is called reaches the world: what kill -9 does to a process, without one.
 * What was under way at that moment is done or not done by the world, as with a real kill.
 */
export function mortal(effects: Effects, death: AbortSignal): Effects {
  const never = new Promise<never>(() => undefined);
  const survive = async <T>(promise: Promise<T>): Promise<T> => {
    const outcome = await promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (death.aborted) return never;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, key): unknown => {
        const value: unknown = Reflect.get(object, key);
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
          return guard(value);
        }
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (death.aborted) return never;
          const result: unknown = Reflect.apply(value, object, args);
          return result instanceof Promise ? survive(result) : result;
        };
      },
    });
  const { clock, hosts, lab, local, commands } = effects;
  return {
    lab: guard(lab),
    local: guard(local),
    commands: guard(commands),
    hosts: {
      connect: async (connection, options) =>
        death.aborted ? never : guard(await survive(hosts.connect(connection, options))),
      close: () => hosts.close(),
    },
    clock: {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: (milliseconds, signal) =>
        death.aborted
          ? never
          : survive(
              clock.sleep(
                milliseconds,
                signal === undefined ? death : AbortSignal.any([signal, death]),
              ),
            ),
    },
  };
}
