import { addressOf, isCidr, isHostname, isIpAddress, isSameAddress } from './addresses';
import { balanceFaults } from './balancer/balanceFaults';
import type { BalanceValues } from './balancer/balanceFaults';
import type { InputFailure } from './errors';
import { hooksFaults } from './hooks';
import { labelPrefix } from './labels';
import { quoted } from './quoted';
import { wishFaults } from './rebalance';
import { isUnicastFamilyMissing, vrrpArgumentFaults } from './vrrpArgumentFaults';
import type { VrrpArguments } from './vrrpArgumentFaults';
import { parseRecoverFrom } from './recoveryToken';

/**
 * The parts of a cluster's declaration that depend on each other. What is undefined was missing or
 * not readable, and whoever read it says so; it is no fault of its own here.
 */
export interface ClusterDeclaration {
  readonly managers?: readonly (DeclaredNode | undefined)[] | undefined;
  readonly workers?: readonly (DeclaredNode | undefined)[] | undefined;
  readonly vip?:
    | (VrrpArguments & {
        readonly routerId?: number | undefined;
        readonly unicast?: unknown;
        readonly preferred?: string | undefined;
        readonly balance?: BalanceValues | undefined;
      })
    | undefined;
  readonly maxUnavailable?: number | string | undefined;
  readonly standIn?: boolean | string | undefined;
  readonly allowOutage?: boolean | undefined;
  readonly backup?: unknown;
  readonly recoverFrom?: string | undefined;
  readonly hooks?: unknown;
  readonly rebalance?: unknown;
}

export interface DeclaredNode {
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  readonly labels?: Readonly<Record<string, unknown>> | undefined;
  readonly hooks?: unknown;
}

/** Docker's own recommendation ("How nodes work"): more managers make every change slower, not safer. */
const mostManagers = 7;

/** A node with the path of its place, e.g. `managers[1]`. */
export interface Placed<Node> {
  readonly node: Node;
  readonly path: string;
}

/** All readable nodes of a declaration, managers first. */
export function placedNodes<Node>(
  managers: readonly (Node | undefined)[] | undefined,
  workers: readonly (Node | undefined)[] | undefined,
): readonly Placed<Node>[] {
  const place = (nodes: readonly (Node | undefined)[], list: string): Placed<Node>[] =>
    nodes.flatMap((node, index) =>
      node === undefined ? [] : [{ node, path: `${list}[${String(index)}]` }],
    );
  return [...place(managers ?? [], 'managers'), ...place(workers ?? [], 'workers')];
}

/** Every fault of a declaration at once, each with its path; as `path: value is …; what to do`. */
export function validateCluster(cluster: ClusterDeclaration): readonly InputFailure[] {
  const placed = placedNodes(cluster.managers, cluster.workers);
  return [
    ...managerFailures(cluster),
    ...placed.flatMap(nodeFailures),
    // Host names differ in more than the case of their letters.
    ...twice(placed, 'name', (a, b) => a.toLowerCase() === b.toLowerCase()),
    ...twice(placed, 'address', isSameAddress),
    ...vipFailures(cluster, placed),
    ...preferredFailures(cluster),
    ...vipArgumentFailures(cluster),
    ...unavailableFailures(cluster),
    ...standInFailures(cluster),
    ...outageFailures(cluster),
    ...recoveryFailures(cluster),
    ...(cluster.rebalance === undefined ? [] : wishFaults('rebalance', cluster.rebalance)),
    ...hooksFaults('hooks', cluster.hooks),
    ...placed.flatMap(({ node, path }) => hooksFaults(`${path}.hooks`, node.hooks)),
  ];
}

function managerFailures({ managers }: ClusterDeclaration): readonly InputFailure[] {
  if (managers?.length === 0) {
    return [{ property: 'managers', reason: 'is empty; declare one manager, or better three' }];
  }
  return managers !== undefined && managers.length > mostManagers
    ? [
        {
          property: 'managers',
          reason: `has ${String(managers.length)} entries, and Docker recommends at most ${String(mostManagers)}; declare the others as workers`,
        },
      ]
    : [];
}

function nodeFailures({ node, path }: Placed<DeclaredNode>): readonly InputFailure[] {
  const { name, address, labels } = node;
  return [
    ...(name === undefined || isHostname(name)
      ? []
      : [
          {
            property: `${path}.name`,
            reason: `${quoted(name)} is no host name; use letters, digits and hyphens, at most 63, with no hyphen at either end`,
          },
        ]),
    ...(address === undefined || isIpAddress(address)
      ? []
      : [
          {
            property: `${path}.address`,
            reason: `${quoted(address)} is no IP address; write one out, such as 10.88.0.11`,
          },
        ]),
    ...Object.keys(labels ?? {})
      .filter((label) => label.startsWith(labelPrefix))
      .map((label) => ({
        property: `${path}.labels[${quoted(label)}]`,
        reason: `the name is reserved, since ${labelPrefix}* belongs to this package; choose another one`,
      })),
  ];
}

function twice(
  placed: readonly Placed<DeclaredNode>[],
  property: 'name' | 'address',
  isSame: (a: string, b: string) => boolean,
): readonly InputFailure[] {
  return placed.flatMap(({ node, path }, index) => {
    const value = node[property];
    if (value === undefined) return [];
    const first = placed.slice(0, index).find((earlier) => {
      const other = earlier.node[property];
      return other !== undefined && isSame(other, value);
    });
    return first === undefined
      ? []
      : [
          {
            property: `${path}.${property}`,
            reason: `${quoted(value)} is used by ${first.path} already; give each node one of its own`,
          },
        ];
  });
}

function vipFailures(
  { vip }: ClusterDeclaration,
  placed: readonly Placed<DeclaredNode>[],
): readonly InputFailure[] {
  if (vip === undefined) return [];
  const { routerId, addresses, balance } = vip;
  const isRouterId = Number.isInteger(routerId) && Number(routerId) >= 1 && Number(routerId) <= 255;
  return [
    ...(balance === undefined ? [] : balanceFaults(balance, 'vip.balance')),
    ...(routerId === undefined || isRouterId
      ? []
      : [
          {
            property: 'vip.routerId',
            reason: `${String(routerId)} is no VRRP router ID; choose a whole number from 1 to 255 that nobody else in the network uses`,
          },
        ]),
    ...(addresses?.length === 0
      ? [
          {
            property: 'vip.addresses',
            reason: 'is empty; give an address with its prefix length, such as 10.88.0.100/24',
          },
        ]
      : []),
    ...(addresses ?? []).flatMap((address, index) =>
      address === undefined
        ? []
        : vipAddressFailures(address, addresses?.slice(0, index) ?? [], placed).map((reason) => ({
            property: `vip.addresses[${String(index)}]`,
            reason,
          })),
    ),
  ];
}

function preferredFailures({ vip, managers = [] }: ClusterDeclaration): readonly InputFailure[] {
  const preferred = vip?.preferred;
  const names = managers.map((node) => node?.name);
  if (preferred === undefined || preferred === 'stay' || names.includes(preferred)) return [];
  // A name that could not be read may be the one.
  if (names.includes(undefined)) return [];
  return [
    {
      property: 'vip.preferred',
      reason: `${quoted(preferred)} is no manager; give the name of one of ${names.join(', ')}, or stay`,
    },
  ];
}

function vipArgumentFailures({ vip, managers }: ClusterDeclaration): readonly InputFailure[] {
  if (vip === undefined) return [];
  const { unicast, addresses } = vip;
  const own = managers?.find((manager) => manager?.address !== undefined)?.address;
  const isFamilyMissing = unicast === true && isUnicastFamilyMissing(addresses, own);
  return [
    ...vrrpArgumentFaults(vip).map(({ property, reason }) => ({
      property: `vip.${property}`,
      reason,
    })),
    ...(isFamilyMissing
      ? [
          {
            property: 'vip.unicast',
            reason:
              "needs a virtual address of the same family as the managers' addresses; add one, or leave it out",
          },
        ]
      : []),
  ];
}

function vipAddressFailures(
  address: string,
  before: readonly (string | undefined)[],
  placed: readonly Placed<DeclaredNode>[],
): readonly string[] {
  if (!isCidr(address)) {
    return [
      `${quoted(address)} is no address with a prefix length; write it out, such as 10.88.0.100/24`,
    ];
  }
  const isSame = (other: string | undefined): boolean =>
    other !== undefined && isSameAddress(addressOf(other), addressOf(address));
  const owner = placed.find(({ node }) => isSame(node.address));
  const first = before.findIndex(isSame);
  return [
    ...(owner === undefined
      ? []
      : [
          `${quoted(address)} is the address of ${owner.path}; choose one that no machine has, since it moves between the managers`,
        ]),
    ...(first === -1
      ? []
      : [`${quoted(address)} is given by vip.addresses[${String(first)}] already; leave one out`]),
  ];
}

function unavailableFailures({ maxUnavailable }: ClusterDeclaration): readonly InputFailure[] {
  if (maxUnavailable === undefined || /^[1-9]\d*( ?%)?$/.test(String(maxUnavailable))) return [];
  return [
    {
      property: 'maxUnavailable',
      reason: `${typeof maxUnavailable === 'string' ? quoted(maxUnavailable) : String(maxUnavailable)} is no number of workers; give a whole number from 1, or a percentage such as "10%"`,
    },
  ];
}

function recoveryFailures({ recoverFrom, managers }: ClusterDeclaration): readonly InputFailure[] {
  if (recoverFrom === undefined) return [];
  const from = parseRecoverFrom(recoverFrom);
  const names = (managers ?? []).flatMap((manager) => manager?.name ?? []);
  if (from !== undefined && names.includes(from.name)) return [];
  const fact =
    from === undefined ? 'is no NAME@TOKEN' : `names ${from.name}, which is no declared manager`;
  return [
    {
      property: 'recoverFrom',
      reason: `${quoted(recoverFrom)} ${fact}; take the one that \`pulumi preview\` prints when the quorum is lost`,
    },
  ];
}

function standInFailures({ standIn, workers }: ClusterDeclaration): readonly InputFailure[] {
  if (standIn === undefined || standIn === false) return [];
  const names = (workers ?? []).flatMap((worker) => worker?.name ?? []);
  if (names.length === 0) {
    return [
      {
        property: 'standIn',
        reason:
          'asks for a worker to stand in, and no worker is declared; declare one, or leave it out',
      },
    ];
  }
  return standIn === true || names.includes(standIn)
    ? []
    : [
        {
          property: 'standIn',
          reason: `${quoted(standIn)} is no declared worker; give true, or one of ${names.join(', ')}`,
        },
      ];
}

function outageFailures({ allowOutage, backup }: ClusterDeclaration): readonly InputFailure[] {
  return allowOutage === true && backup === undefined
    ? [
        {
          property: 'allowOutage',
          reason:
            'needs a place for the swarm while its only manager is rebuilt; declare backup.directory, or leave it out',
        },
      ]
    : [];
}
