import { isIpv6 } from './addresses';
import type { InputFailure } from './errors';
import { vrrpCheckFaults, vrrpCommandFaults } from './vrrpCheckFaults';

/** The arguments of a virtual IP that do not depend on the node; what is undefined was not given, or is not known yet. */
export interface VrrpArguments {
  readonly addresses?: readonly (string | undefined)[] | undefined;
  readonly vrrpVersion?: unknown;
  readonly password?: unknown;
  readonly advertisementSeconds?: unknown;
  readonly checks?: unknown;
  readonly notify?: unknown;
}

/** Every fault of them, each with its path. The password is never shown. */
export function vrrpArgumentFaults(values: VrrpArguments): readonly InputFailure[] {
  const { addresses, vrrpVersion: version, password, checks, notify } = values;
  const isOld = version === 2;
  return [
    // Anything but a number has another fault already.
    ...(typeof version !== 'number' || version === 2 || version === 3
      ? []
      : [{ property: 'vrrpVersion', reason: 'is no version of VRRP; choose 2 or 3' }]),
    ...passwordFaults(password, isOld),
    ...advertisementFaults(values.advertisementSeconds, isOld),
    ...(isOld &&
    addresses !== undefined &&
    addresses.every((one) => one !== undefined && isIpv6(one)) &&
    addresses.length > 0
      ? [
          {
            property: 'vrrpVersion',
            reason: '2 carries IPv4 only, and no such address is given; leave it out, or add one',
          },
        ]
      : []),
    ...(Array.isArray(checks)
      ? (checks as readonly unknown[]).flatMap((check, index) =>
          vrrpCheckFaults(`checks[${String(index)}]`, check),
        )
      : []),
    ...vrrpCommandFaults('notify', notify),
  ];
}

/** Who is told one by one is told over the family that the nodes' addresses are of. */
export function isUnicastFamilyMissing(
  addresses: readonly (string | undefined)[] | undefined,
  ownAddress: string | undefined,
): boolean {
  const known = (addresses ?? []).flatMap((one) => one ?? []);
  return (
    ownAddress !== undefined &&
    known.length > 0 &&
    known.every((one) => isIpv6(one) !== isIpv6(ownAddress))
  );
}

/** What keepalived gives no meaning of its own. */
const passwordPattern = /^[A-Za-z0-9_.:+=-]{1,8}$/;

function passwordFaults(password: unknown, isOld: boolean): readonly InputFailure[] {
  if (typeof password !== 'string') return [];
  if (!isOld) {
    return [
      {
        property: 'password',
        reason: 'VRRP version 3 has none; leave it out, or give `vrrpVersion: 2`',
      },
    ];
  }
  return passwordPattern.test(password)
    ? []
    : [
        {
          property: 'password',
          reason:
            'is no password of VRRP version 2; give 1 to 8 letters, digits and characters of _ . : + = -',
        },
      ];
}

/** RFC 5798: 12 bits of centiseconds. RFC 3768 (version 2): 8 bits of seconds. */
function advertisementFaults(seconds: unknown, isOld: boolean): readonly InputFailure[] {
  if (typeof seconds !== 'number') return [];
  const isMultipleOf = (unit: number): boolean =>
    Math.abs(seconds / unit - Math.round(seconds / unit)) < 1e-6;
  const isPossible = isOld
    ? Number.isInteger(seconds) && seconds >= 1 && seconds <= 255
    : isMultipleOf(0.01) && seconds >= 0.01 && seconds <= 40.95;
  const wanted = isOld
    ? 'whole number of seconds within 1–255, as VRRP version 2 wants'
    : 'multiple of 0.01 within 0.01–40.95';
  return isPossible
    ? []
    : [{ property: 'advertisementSeconds', reason: `${String(seconds)} is no ${wanted}` }];
}
