import { isSeen } from '../facts';
import type { Sight } from '../facts';
import { parseFileMarker } from '../fileMarker';
import { keepalivedPath } from '../keepalived/keepalivedUnit';
import { parseRaisedFor } from '../keepalived/raiseKeepalived';
import type { VrrpSpec } from '../keepalived/vrrpSpec';
import { isOwnMarker } from '../marker';
import { deafness } from './hearing';

/** What was seen of keepalived on one node. */
export interface MemberSight {
  /** State of its unit, e.g. `active`. */
  readonly unit: string;
  /** keepalived.conf; undefined: there is none. */
  readonly text: string | undefined;
  /** An interrupted run may have written a file that keepalived has not read. */
  readonly isHalfDone: boolean;
}

/**
 * How keepalived on a node differs from what was put there, as a clause; undefined: in nothing.
 *
 * @param expected - the file as it would be rendered now; undefined: that cannot be told.
 */
export function memberDrift(
  { unit, text, isHalfDone }: MemberSight,
  urn: string,
  expected: string | undefined,
): string | undefined {
  const path = keepalivedPath;
  if (text === undefined) return `keepalived has no configuration: ${path} is gone`;
  const marker = parseFileMarker(text);
  if (marker === undefined) return `${path} is not ours any more`;
  if (!isOwnMarker(marker, urn)) return `keepalived is managed by ${marker.urn}`;
  const raisedFor = parseRaisedFor(text);
  const findings = [
    ...(unit === 'active' ? [] : [`keepalived is ${unit}`]),
    ...(raisedFor === undefined
      ? []
      : [`keepalived is raised to take over from ${raisedFor}, by a run that did not end`]),
    ...(isHalfDone ? ['keepalived may not have read its configuration'] : []),
    ...(raisedFor !== undefined || expected === undefined || expected === text
      ? []
      : [`${path} was changed by hand, ${firstDifference(text, expected)}`]),
  ];
  return findings.length === 0 ? undefined : findings.join('; ');
}

/** Names the statement and never its value, which may be a password. */
function firstDifference(text: string, expected: string): string {
  const [lines, wanted] = [text.split('\n'), expected.split('\n')];
  const at = lines.findIndex((line, index) => line !== wanted[index]);
  const index = at === -1 ? lines.length : at;
  const word = /[a-z_]+/.exec(wanted[index] ?? lines[index] ?? '')?.[0];
  return `at line ${String(index + 1)}${word === undefined ? '' : ` (${word})`}`;
}

/** One manager, as far as the holder of a virtual IP depends on it. */
export interface HolderSight {
  readonly name: string;
  readonly holds: Sight<boolean>;
  /** What its own file says; undefined: it has none of ours, or was not seen. */
  readonly spec: VrrpSpec | undefined;
}

export interface VipSight {
  readonly holders: readonly string[];
  /** What is wrong with the whole, as a sentence; undefined: nothing, or it cannot be told. */
  readonly finding: string | undefined;
}

/** Who holds a virtual IP, and what is wrong when that is not one. Who was not seen may hold it. */
export function judgeHolders(vips: string, sights: readonly HolderSight[]): VipSight {
  const found = sights.filter(({ holds }) => isSeen(holds) && holds.seen);
  const holders = found.map(({ name }) => name);
  const isWhole = sights.every(({ holds }) => isSeen(holds));
  if (holders.length === 1 || (holders.length === 0 && !isWhole)) {
    return { holders, finding: undefined };
  }
  if (holders.length === 0) return { holders, finding: `nobody holds the virtual IP ${vips}` };
  return {
    holders,
    finding: `${holders.join(' and ')} hold the virtual IP ${vips} at the same time: ${causeOf(found)}`,
  };
}

function causeOf([first, ...others]: readonly HolderSight[]): string {
  const causes = others.flatMap(({ name, spec }) =>
    first?.spec === undefined || spec === undefined
      ? [
          `what keepalived on ${spec === undefined ? name : (first?.name ?? name)} is told is not known`,
        ]
      : deafness(first.spec, spec).map((what) => `${name} has ${what} than ${first.name}`),
  );
  return causes.length === 0
    ? 'their files agree, so VRRP (IP protocol 112) does not get through between them; look at firewalls and at the network'
    : causes.join('; ');
}
