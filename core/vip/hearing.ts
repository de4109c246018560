import { addressOf } from '../addresses';
import type { VrrpSpec } from '../keepalived/vrrpSpec';

/**
 * What two instances must have in common to hear each other: with any of it different, each believes that
 * it is alone and takes the address. Priorities, intervals (version 3 carries them) and further addresses
 * (not advertised) may differ.
 */
const hearing = {
  'router ID': ({ routerId }: VrrpSpec) => String(routerId),
  'advertised address': ({ addresses }: VrrpSpec) => addressOf(addresses[0] ?? ''),
} as const satisfies Record<string, (spec: VrrpSpec) => string>;

/** What keeps two from hearing each other, e.g. `another router ID`; empty: their files do not. */
export function deafness(a: VrrpSpec, b: VrrpSpec): readonly string[] {
  return Object.entries(hearing).flatMap(([what, of]) =>
    of(a) === of(b) ? [] : [`another ${what}`],
  );
}

/**
 * Whether a reload from one to the other leaves the address where it is on its holder: keepalived knows an
 * instance again by its name, router ID and interface, and drops the addresses of one that is gone
 * (2.2.7 and 2.3.3: gone at once, back after three advertisements).
 */
export function keepsAddresses(present: VrrpSpec, wanted: VrrpSpec): boolean {
  return (
    deafness(present, wanted).length === 0 &&
    present.name === wanted.name &&
    present.interface === wanted.interface &&
    present.sourceAddress === wanted.sourceAddress
  );
}

/** Whether all that every manager must hold alike is alike: a further address that one lacks is gone when it takes over. */
export function isSameForAll(a: VrrpSpec, b: VrrpSpec): boolean {
  return (
    deafness(a, b).length === 0 &&
    a.name === b.name &&
    a.addresses.join(' ') === b.addresses.join(' ')
  );
}
