import { vrrpPriority } from '../../core/keepalived/vrrpPriority';
import type { ManagerContact } from '../../core/connection';
import type { PropertyMap, PropertyValue } from '../../provider/server/resource';

/** One node as a test declares it. */
export interface DeclaredNode {
  readonly name: string;
  readonly address: string;
  readonly role: 'manager' | 'worker';
  readonly os: string;
  /** Further inputs of its Node, e.g. `labels`, `timeouts`. */
  readonly node?: PropertyMap;
  /** Further inputs of its Engine, e.g. `version`, `images`. */
  readonly engine?: PropertyMap;
  /** Further inputs of its VipMember. */
  readonly vip?: PropertyMap;
}

/** A cluster on machines of the lab `lab`. */
export interface Declared {
  readonly nodes: readonly DeclaredNode[];
  /** Virtual address of the managers with its prefix length; undefined: none. */
  readonly vip: string | undefined;
  /** `ports` of the balancers, and what else they take; undefined: none. */
  readonly balance?: PropertyMap;
  /** Workers whose contacts every node has, for a cluster of one manager. */
  readonly standIns?: readonly string[];
  /** Further inputs of Swarm. */
  readonly swarm?: PropertyMap;
  /** Inputs of services, without what every service has. */
  readonly services?: readonly PropertyMap[];
  /** Services that are spread anew behind all nodes; undefined: none. */
  readonly rebalance?: true | readonly string[];
}

/** The links of a node's chain, in order, and the property that carries the identity of the link before. */
export const links = [
  { kind: 'HostIdentity', identity: undefined },
  { kind: 'LabMachine', identity: undefined },
  { kind: 'Engine', identity: 'machineId' },
  { kind: 'Node', identity: 'engineId' },
  { kind: 'Balancer', identity: 'nodeId' },
  { kind: 'VipMember', identity: 'nodeId' },
] as const;
export type Link = (typeof links)[number]['kind'];

export const lab = 'test';

/** Managers m1 m2 … at 10.88.0.11 …, workers w1 w2 … at 10.88.0.21 …, and a virtual address. */
export function cluster(
  managers: number,
  workers: number,
  more: Partial<Declared> & { readonly node?: PropertyMap; readonly engine?: PropertyMap } = {},
): Declared {
  const { node, engine, ...rest } = more;
  const named = (role: DeclaredNode['role'], count: number, first: number): DeclaredNode[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `${role === 'manager' ? 'm' : 'w'}${String(index + 1)}`,
      address: `10.88.0.${String(first + index)}`,
      role,
      os: 'debian:12',
      ...(node === undefined ? {} : { node }),
      ...(engine === undefined ? {} : { engine }),
    }));
  return {
    nodes: [...named('manager', managers, 11), ...named('worker', workers, 21)],
    vip: '10.88.0.100/24',
    ...rest,
  };
}

/** The same cluster with some nodes declared otherwise. */
export function changed(
  declared: Declared,
  change: Partial<DeclaredNode>,
  ...names: readonly string[]
): Declared {
  return {
    ...declared,
    nodes: declared.nodes.map((node) =>
      names.length === 0 || names.includes(node.name) ? { ...node, ...change } : node,
    ),
  };
}

export function without(declared: Declared, ...names: readonly string[]): Declared {
  return { ...declared, nodes: declared.nodes.filter(({ name }) => !names.includes(name)) };
}

export function contactsOf({ nodes, ...declared }: Declared): readonly ManagerContact[] {
  return nodeContactsOf({ ...declared, nodes: nodes.filter(({ role }) => role === 'manager') });
}

/** How every node is reached, workers too. */
export function nodeContactsOf({ nodes }: Declared): readonly ManagerContact[] {
  return nodes.map(({ name, address }) => ({ name, address, connection: { lab, machine: name } }));
}

function standInContactsOf({ nodes, standIns = [] }: Declared): readonly ManagerContact[] {
  return nodes
    .filter(({ name }) => standIns.includes(name))
    .map(({ name, address }) => ({
      name,
      address,
      connection: { lab, machine: name },
      isStandIn: true,
    }));
}

/** What of other resources' outputs goes into a node's links. */
export interface Known {
  /** An output of another link of the same node. */
  readonly output: (link: Link, property: string) => PropertyValue | undefined;
  readonly clusterId: () => string;
}

/** Inputs of one link, as the components give them. */
export function inputsOf(
  declared: Declared,
  link: Link,
  node: DeclaredNode,
  { output, clusterId }: Known,
): PropertyMap {
  const { name, address, role } = node;
  const contacts = contactsOf(declared);
  const reach: PropertyMap = {
    connection: { lab, machine: name },
    managers: plain([
      ...contacts,
      ...(link === 'VipMember' || link === 'Balancer' ? [] : standInContactsOf(declared)),
    ]),
  };
  switch (link) {
    case 'HostIdentity':
      return { name, lab, adopt: declared.swarm?.['adopt'] !== undefined };
    case 'LabMachine':
      return {
        ...{ name, lab, subnet: '10.88.0.0/24', address, os: node.os },
        hostPrivateKey: output('HostIdentity', 'privateKey'),
        hostPublicKey: output('HostIdentity', 'publicKey'),
      };
    case 'Engine':
      return { name, machineId: output('LabMachine', 'machineId'), ...reach, ...node.engine };
    case 'Node':
      return {
        ...{ name, role, address, ...reach, labels: {}, availability: 'active' },
        ...{ engineId: output('Engine', 'engineId'), clusterId: clusterId(), ...node.node },
      };
    case 'Balancer':
      return {
        ...{ name, ...reach, addresses: [declared.vip ?? ''] },
        ...{ nodeId: output('Node', 'nodeId'), clusterId: clusterId() },
        servers: plain(declared.nodes.map((each) => ({ name: each.name, address: each.address }))),
        ...declared.balance,
      };
    case 'VipMember':
      return {
        ...{ name, address, ...reach, vip: 'cluster-vip', addresses: [declared.vip ?? ''] },
        ...{ nodeId: output('Node', 'nodeId'), clusterId: clusterId(), routerId: 88 },
        ...(declared.balance === undefined ? {} : { isBalanced: true }),
        priority: vrrpPriority(contacts.findIndex((contact) => contact.name === name)),
        ...node.vip,
      };
  }
}

/** Inputs of the Swarm, as the component gives them. */
export function swarmInputs(declared: Declared): PropertyMap {
  const named = (role: string): string[] =>
    declared.nodes.filter((node) => node.role === role).map((node) => node.name);
  return {
    name: 'cluster',
    managers: plain(contactsOf(declared)),
    ...(declared.standIns === undefined ? {} : { standIns: plain(standInContactsOf(declared)) }),
    declared: { managers: named('manager'), workers: named('worker') },
    allowDestroy: false,
    ...declared.swarm,
  };
}

/** As it comes over the wire: data and nothing else. */
export function plain(value: unknown): PropertyValue {
  return JSON.parse(JSON.stringify(value)) as PropertyValue;
}
