import { isCidr, isHostname, isIpAddress } from '../addresses';
import type { InputFailure } from '../errors';
import { quoted } from '../quoted';
import { textFault } from '../textFault';

/** What of a balancer's declaration can be read; what is undefined is not known yet, or told elsewhere. */
export interface BalanceValues {
  readonly ports?: readonly unknown[] | undefined;
  readonly servers?: readonly unknown[] | undefined;
  readonly addresses?: readonly unknown[] | undefined;
  readonly drainSeconds?: unknown;
}

/** Ports of every node that Swarm itself and sshd answer on, on all addresses of the host. */
const takenPorts: readonly number[] = [22, 2377, 4789, 7946];

/**
 * haproxy.cfg has statements on lines and words between blanks: a value that is not one plain word would
 * become a statement of its own. Faults of ports, servers and addresses, each with its path below `path`.
 */
export function balanceFaults(values: BalanceValues, path = ''): readonly InputFailure[] {
  const at = (property: string): string => (path === '' ? property : `${path}.${property}`);
  const ports = (values.ports ?? []).map(asMap);
  return [
    ...(values.ports?.length === 0
      ? [
          {
            property: at('ports'),
            reason: 'is empty; give a port to listen on, or leave `balance` out',
          },
        ]
      : []),
    ...ports.flatMap((port, index) => portFaults(port, at(`ports[${String(index)}]`))),
    ...clashes(ports, at),
    ...(values.servers ?? [])
      .map(asMap)
      .flatMap(({ name, address }, index) => [
        ...textFault(at(`servers[${String(index)}].name`), name, isHostname, 'is no host name'),
        ...textFault(
          at(`servers[${String(index)}].address`),
          address,
          isIpAddress,
          'is no IP address',
        ),
      ]),
    ...(values.addresses ?? []).flatMap((address, index) =>
      textFault(
        at(`addresses[${String(index)}]`),
        address,
        isCidr,
        'is no address with a prefix length, such as 10.88.0.100/24',
      ),
    ),
    ...drainFaults(at('drainSeconds'), values.drainSeconds),
  ];
}

/** Ports of the virtual address that Docker takes already: where a service is published, HAProxy is never reached. */
export function publishedFaults(
  ports: readonly unknown[] | undefined,
  published: readonly number[],
  path: string,
): readonly InputFailure[] {
  return (ports ?? []).map(asMap).flatMap(({ listen, target }, index) =>
    typeof listen === 'number' && listen !== target && published.includes(listen)
      ? [
          {
            property: `${path}[${String(index)}].listen`,
            reason: `${String(listen)} is published by a service, and Docker takes every packet to it before HAProxy sees one; choose another port`,
          },
        ]
      : [],
  );
}

type Values = Readonly<Record<string, unknown>>;

function portFaults(port: Values, path: string): readonly InputFailure[] {
  const { listen, target, mode, check } = port;
  return [
    ...portNumberFaults(`${path}.listen`, listen),
    ...portNumberFaults(`${path}.target`, target),
    ...(typeof listen === 'number' && listen === target
      ? [
          {
            property: `${path}.listen`,
            reason: `${String(listen)} is the published port itself, and Docker takes every packet to it before HAProxy sees one; choose another port`,
          },
        ]
      : []),
    ...(mode === undefined || mode === 'tcp' || mode === 'http' || typeof mode !== 'string'
      ? []
      : [{ property: `${path}.mode`, reason: `${quoted(mode)} is none of tcp, http` }]),
    ...checkFaults(`${path}.check`, check),
  ];
}

function portNumberFaults(property: string, value: unknown): readonly InputFailure[] {
  if (typeof value !== 'number') return [];
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    return [
      { property, reason: `${String(value)} is no port; give a whole number from 1 to 65535` },
    ];
  }
  return takenPorts.includes(value)
    ? [
        {
          property,
          reason: `${String(value)} belongs to sshd or to Swarm itself; choose another port`,
        },
      ]
    : [];
}

/** Without what haproxy.cfg (quotes, `#`, `$`, `\`, blanks) and its log formats (`%`) give a meaning of their own. */
const pathPattern = /^\/[A-Za-z0-9._~/?=&+,:@-]{0,199}$/;

function checkFaults(property: string, check: unknown): readonly InputFailure[] {
  if (check === undefined || check === 'tcp' || typeof check === 'symbol') return [];
  if (typeof check === 'object' && check !== null && !Array.isArray(check)) {
    const { http, ...others } = check as Values;
    if (typeof http === 'symbol') return [];
    if (typeof http === 'string' && Object.keys(others).length === 0) {
      return pathPattern.test(http)
        ? []
        : [
            {
              property: `${property}.http`,
              reason: `${quoted(http)} is no path for a health check; give one such as /healthz, of letters, digits and ._~/?=&+,:@- only`,
            },
          ];
    }
  }
  return [{ property, reason: 'is neither tcp nor a map with `http` and a path' }];
}

/** Two listeners on one port, and a listener on a port that another entry names as published. */
function clashes(
  ports: readonly Values[],
  at: (property: string) => string,
): readonly InputFailure[] {
  return ports.flatMap(({ listen, target }, index) => {
    if (typeof listen !== 'number') return [];
    const property = at(`ports[${String(index)}].listen`);
    const first = ports.findIndex((other) => other['listen'] === listen);
    const published = ports.findIndex((other) => other['target'] === listen);
    return [
      ...(first < index
        ? [
            {
              property,
              reason: `${String(listen)} is given by ports[${String(first)}] already; leave one out`,
            },
          ]
        : []),
      ...(published >= 0 && listen !== target
        ? [
            {
              property,
              reason: `${String(listen)} is the published port of ports[${String(published)}], and Docker takes every packet to it before HAProxy sees one; choose another port`,
            },
          ]
        : []),
    ];
  });
}

function drainFaults(property: string, value: unknown): readonly InputFailure[] {
  return typeof value !== 'number' || (value >= 0 && value <= 3600)
    ? []
    : [{ property, reason: `${String(value)} is not within 0–3600` }];
}

function asMap(value: unknown): Values {
  return typeof value === 'object' && value !== null ? (value as Values) : {};
}
