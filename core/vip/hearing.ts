import { addressOf } from '../addresses';
import { advertisedFirst } from '../keepalived/renderKeepalived';
import type { VrrpSpec } from '../keepalived/vrrpSpec';

/**
 * What of two instances may differ while they hear each other: version 3 carries the interval, and only
 * the first address of the nodes' own family is advertised. Whatever is not named here may not: with any of it different, each
 * believes that it is alone and takes the address.
 */
const harmless: readonly string[] = [
  'name',
  'addresses',
  'interface',
  'sourceAddress',
  'priority',
  'advertisementSeconds',
  'trackNode',
  'isBalanced',
  'checks',
  'notify',
];

const words: Readonly<Record<string, string>> = {
  routerId: 'router ID',
  version: 'version of VRRP',
  peers: 'way to tell the others (multicast or unicast)',
};

/** What keeps two from hearing each other, e.g. `another router ID`; empty: their files do not. */
export function deafness(a: VrrpSpec, b: VrrpSpec): readonly string[] {
  const advertised = (spec: VrrpSpec): string => addressOf(advertisedFirst(spec)[0] ?? '');
  const [own, other] = [values(a), values(b)];
  const keys = [...new Set([...own.keys(), ...other.keys()])].filter(
    (key) => own.get(key) !== other.get(key),
  );
  return [
    ...keys.map((key) => `another ${words[key] ?? key}`),
    ...(advertised(a) === advertised(b) ? [] : ['another advertised address']),
    ...(isIntervalDeaf(a, b) ? ['another interval'] : []),
  ];
}

/** A list differs from node to node: only whether there is one must be the same. */
function values(spec: VrrpSpec): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(spec).flatMap(([key, value]: readonly [string, unknown]) => {
      if (harmless.includes(key) || value === undefined) return [];
      if (!Array.isArray(value)) return [[key, JSON.stringify(value)]];
      return value.length === 0 ? [] : [[key, 'some']];
    }),
  );
}

/** Version 2 discards what has another interval than its own. */
function isIntervalDeaf(a: VrrpSpec, b: VrrpSpec): boolean {
  return values(a).get('version') === '2' && a.advertisementSeconds !== b.advertisementSeconds;
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
