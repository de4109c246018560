import type { Hosts } from '../../effects/effects';
import type { Operation } from './resource';

/** What a process remembers for its life, which is a run's. A process has one `Hosts`; tests have many of both. */
export function ofProcess<T>(begin: () => T): (operation: Pick<Operation, 'effects'>) => T {
  const known = new WeakMap<Hosts, T>();
  return ({ effects: { hosts } }) => {
    const present = known.get(hosts) ?? begin();
    known.set(hosts, present);
    return present;
  };
}
