import { z } from 'zod';
import {
  addressOf,
  isCidr,
  isHostname,
  isIpAddress,
  isLabSubnet,
  isWithin,
  reservedAddresses,
} from './addresses';
import { publishedFaults } from './balancer/balanceFaults';
import type { InputFailure } from './errors';
import { labelPrefix } from './labels';
import { quoted } from './quoted';
import { placedNodes, validateCluster } from './validateCluster';
import type { Placed } from './validateCluster';

const text = z.string().optional().catch(undefined);
const texts = z.array(text).optional().catch(undefined);
const labels = z.record(z.string(), z.unknown()).optional().catch(undefined);

const node = z
  .object({
    name: text,
    address: text,
    os: z.unknown().optional(),
    labels,
    onLocalData: z.unknown().optional(),
    previousName: text,
    connection: z.unknown().optional(),
    hooks: z.unknown().optional(),
  })
  .optional()
  .catch(undefined);

/**
 * What can be read of a configuration, whatever else is wrong with it, so that a wrong key in one
 * place does not hide a wrong address in another: all faults are told at once.
 */
export const readableConfiguration = z
  .object({
    lab: z.object({ subnet: text }).optional().catch(undefined),
    connection: z.unknown().optional(),
    os: z.unknown().optional(),
    managers: z.array(node).optional().catch(undefined),
    workers: z.array(node).optional().catch(undefined),
    vip: z
      .object({
        addresses: texts,
        routerId: z.number().optional().catch(undefined),
        balance: z
          .object({
            ports: z.array(z.unknown()).optional().catch(undefined),
            drainSeconds: z.unknown().optional(),
          })
          .optional()
          .catch(undefined),
        advertisementSeconds: z.unknown().optional(),
        vrrpVersion: z
          .union([z.literal(2), z.literal(3)])
          .optional()
          .catch(undefined),
        password: z.unknown().optional(),
        unicast: z.unknown().optional(),
        checks: z.unknown().optional(),
        preferred: text,
        notify: z.unknown().optional(),
      })
      .optional()
      .catch(undefined),
    maxUnavailable: z.union([z.number(), z.string()]).optional().catch(undefined),
    standIn: z.union([z.boolean(), z.string()]).optional().catch(undefined),
    allowOutage: z.boolean().optional().catch(undefined),
    backup: z.unknown().optional(),
    recoverFrom: text,
    hooks: z.unknown().optional(),
    addressPools: texts,
    services: z
      .array(
        z
          .object({
            name: text,
            global: z.unknown().optional(),
            replicas: z.unknown().optional(),
            ports: z
              .array(z.object({ published: z.number() }).optional().catch(undefined))
              .optional()
              .catch(undefined),
            labels,
          })
          .optional()
          .catch(undefined),
      )
      .optional()
      .catch(undefined),
    stacks: z
      .array(
        z
          .object({
            name: text,
            files: z.array(z.unknown()).optional().catch(undefined),
            compose: z.array(z.unknown()).optional().catch(undefined),
            variables: labels,
            secretVariables: labels,
          })
          .optional()
          .catch(undefined),
      )
      .optional()
      .catch(undefined),
  })
  .catch({});

export type ReadableConfiguration = z.infer<typeof readableConfiguration>;

type ReadableNode = NonNullable<z.infer<typeof node>>;

/** Every fault that no single key shows, each with its path. */
export function validateConfiguration(
  configuration: ReadableConfiguration,
): readonly InputFailure[] {
  const placed = placedNodes(configuration.managers, configuration.workers);
  return [
    ...validateCluster(configuration),
    ...placed.flatMap(previousNameFailures),
    ...keyFailures('connection', configuration.connection),
    ...placed.flatMap(({ node, path }) => keyFailures(`${path}.connection`, node.connection)),
    ...labFailures(configuration, placed),
    ...poolFailures(configuration),
    ...serviceFailures(configuration),
    ...stackFailures(configuration),
    ...publishedFaults(
      configuration.vip?.balance?.ports,
      (configuration.services ?? []).flatMap((service) =>
        (service?.ports ?? []).flatMap((port) => port?.published ?? []),
      ),
      'vip.balance.ports',
    ),
  ];
}

function previousNameFailures({ node, path }: Placed<ReadableNode>): readonly InputFailure[] {
  const { name, previousName } = node;
  if (previousName === undefined) return [];
  const property = `${path}.previousName`;
  if (!isHostname(previousName)) {
    return [
      {
        property,
        reason: `${quoted(previousName)} is no host name; give the name that the node had before`,
      },
    ];
  }
  return previousName === name
    ? [
        {
          property,
          reason: `${quoted(previousName)} is the node's present name; leave it out, or give the name that it had before`,
        },
      ]
    : [];
}

/** Which of two keys is meant would be a guess. */
function keyFailures(property: string, connection: unknown): readonly InputFailure[] {
  const isObject = typeof connection === 'object' && connection !== null;
  return isObject && 'privateKey' in connection && 'privateKeyFile' in connection
    ? [{ property, reason: 'it has both privateKey and privateKeyFile; give one of them' }]
    : [];
}

/** In a lab everything is known before: subnet, addresses, and that every machine needs an OS. */
function labFailures(
  configuration: ReadableConfiguration,
  placed: readonly Placed<ReadableNode>[],
): readonly InputFailure[] {
  const { lab, vip, os, connection } = configuration;
  if (lab === undefined) return [];
  const { subnet } = lab;
  return [
    ...(connection === undefined
      ? []
      : [
          {
            property: 'connection',
            reason:
              'has no meaning in a lab, whose own records say how a machine is reached; leave out `lab` or `connection`',
          },
        ]),
    ...placed.flatMap((one) => labNodeFailures(one, os !== undefined)),
    ...(subnet === undefined
      ? []
      : isLabSubnet(subnet)
        ? [
            ...placed.flatMap(({ node, path }) =>
              placeFailures(`${path}.address`, node.address, subnet),
            ),
            ...(vip?.addresses ?? []).flatMap((address, index) =>
              address === undefined || !isCidr(address)
                ? []
                : placeFailures(`vip.addresses[${String(index)}]`, addressOf(address), subnet),
            ),
          ]
        : [
            {
              property: 'lab.subnet',
              reason: `${quoted(subnet)} is no subnet for a lab; give an IPv4 network of /16 to /29, such as 10.88.0.0/24`,
            },
          ]),
  ];
}

function labNodeFailures(
  { node, path }: Placed<ReadableNode>,
  hasSharedOs: boolean,
): readonly InputFailure[] {
  return [
    ...(node.os !== undefined || hasSharedOs
      ? []
      : [
          {
            property: `${path}.os`,
            reason: 'is missing; a machine of a lab needs one, such as debian:13, here or for all',
          },
        ]),
    ...(node.connection === undefined
      ? []
      : [
          {
            property: `${path}.connection`,
            reason:
              'has no meaning in a lab, whose own records say how a machine is reached; leave it out',
          },
        ]),
    ...(node.onLocalData === 'keep'
      ? [
          {
            property: `${path}.onLocalData`,
            reason:
              '"keep" is not possible in a lab, whose machines are rebuilt with all that is on them; choose "discard"',
          },
        ]
      : []),
  ];
}

function placeFailures(
  property: string,
  address: string | undefined,
  subnet: string,
): readonly InputFailure[] {
  if (address === undefined || !isIpAddress(address)) return [];
  if (!isWithin(address, subnet)) {
    return [
      {
        property,
        reason: `${quoted(address)} is not in the lab's subnet ${subnet}; choose one in it`,
      },
    ];
  }
  return reservedAddresses(subnet).includes(address)
    ? [
        {
          property,
          reason: `${quoted(address)} is the network's, the bridge's or the broadcast address of ${subnet}; choose another`,
        },
      ]
    : [];
}

function poolFailures({ addressPools }: ReadableConfiguration): readonly InputFailure[] {
  return (addressPools ?? []).flatMap((pool, index) =>
    pool === undefined || isCidr(pool)
      ? []
      : [
          {
            property: `addressPools[${String(index)}]`,
            reason: `${quoted(pool)} is no subnet; give one such as 10.200.0.0/16`,
          },
        ],
  );
}

/** Names that are given twice in a list. */
function doubleNames(
  kind: 'service' | 'stack',
  items: readonly ({ readonly name?: string | undefined } | undefined)[],
): readonly InputFailure[] {
  const all = items.map((item) => item?.name);
  return all.flatMap((name, index) => {
    const first = all.indexOf(name);
    return name === undefined || first === index
      ? []
      : [
          {
            property: `${kind}s[${String(index)}].name`,
            reason: `${quoted(name)} is used by ${kind}s[${String(first)}] already; give each ${kind} one of its own`,
          },
        ];
  });
}

/** Paths and compose files themselves are the component's to read. */
function stackFailures({ stacks = [] }: ReadableConfiguration): readonly InputFailure[] {
  return [
    ...doubleNames('stack', stacks),
    ...stacks.flatMap((stack, index) => {
      if (stack === undefined) return [];
      const path = `stacks[${String(index)}]`;
      const { files = [], compose = [], variables = {}, secretVariables = {} } = stack;
      return [
        ...(files.length + compose.length > 0
          ? []
          : [{ property: path, reason: 'has no compose file; give it `files` or `compose`' }]),
        ...Object.keys(secretVariables)
          .filter((name) => Object.hasOwn(variables, name))
          .map((name) => ({
            property: `${path}.secretVariables[${quoted(name)}]`,
            reason: 'is in `variables` as well; give it in one of them',
          })),
      ];
    }),
  ];
}

function serviceFailures({ services = [] }: ReadableConfiguration): readonly InputFailure[] {
  const single = services.flatMap((service, index) => {
    if (service === undefined) return [];
    const path = `services[${String(index)}]`;
    return [
      ...(service.global === true && service.replicas !== undefined
        ? [
            {
              property: `${path}.replicas`,
              reason: 'has no meaning for a global service; leave out `global` or `replicas`',
            },
          ]
        : []),
      ...Object.keys(service.labels ?? {})
        .filter((label) => label.startsWith(labelPrefix))
        .map((label) => ({
          property: `${path}.labels[${quoted(label)}]`,
          reason: `the name is reserved, since ${labelPrefix}* belongs to this package; choose another one`,
        })),
    ];
  });
  return [...doubleNames('service', services), ...single];
}
