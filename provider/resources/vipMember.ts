import type { InputFailure } from '../../core/errors';
import { vrrpFaults } from '../../core/vrrpFaults';
import { steps } from '../../core/steps';
import { importVipMember } from '../imports/swarm';
import { bringVipUp } from '../operations/vip/bringVipUp';
import { readVip } from '../operations/vip/readVip';
import { endCanary } from '../operations/turn/canary';
import { takeVipDown } from '../operations/vip/takeVipDown';
import type { VipMemberInputs } from '../operations/vip/vipSpec';
import { diffInputs } from '../server/diffInputs';
import { unknown } from '../server/resource';
import type { Operation, PropertyMap, PropertyValue, Resource } from '../server/resource';
import { vrrpCheckProperty } from './vrrpCheckProperty';
import { newId, whereThereIsNone } from './identities';
import { contactFaults } from './nameFaults';
import {
  checkProperties,
  connectionProperty,
  count,
  flag,
  list,
  managersProperty,
  record,
  seconds,
  secretText,
  text,
  shown,
} from './properties';

const inputs = {
  name: text('Name of the node.'),
  onLocalData: text(
    'The choice about local data of the node, `keep` or `discard`: see Node. Default: its replacement is refused while it holds any.',
    false,
  ),
  nodeId: text('ID of the node in the swarm. A change replaces the member.'),
  clusterId: text('ID of the swarm.'),
  address: text('The node’s own IP address: source of its advertisements.'),
  connection: connectionProperty,
  managers: managersProperty,
  vip: text('Name of the virtual IP; names keepalived’s instance.'),
  addresses: list(
    { type: 'string', description: 'An address with its prefix length, e.g. `10.88.0.100/24`.' },
    'The virtual addresses. Changed in place.',
    true,
  ),
  routerId: count('VRRP virtual router ID, 1–255, unique on the network. Changed in place.', true),
  priority: count('VRRP priority, 1–200; the highest is preferred. Changed in place.', true),
  interface: text(
    'Interface that carries the addresses. Default: the one with the node’s own address.',
    false,
  ),
  advertisementSeconds: seconds(
    'Seconds between advertisements, a multiple of 0.01 up to 40.95. Default: 0.2. Changed in place.',
  ),
  allowGap: flag(
    'Whether this node may go although nobody takes the address over. Default: false. A change touches nothing.',
  ),
  preferred: text(
    'Node that is to have the address: it takes it, without a gap, when it has been built and when it is seen not to have it. Default: `stay`, where it is. Changed in place.',
    false,
  ),
  vrrpVersion: count(
    'Version of VRRP: 3, or 2, which knows a password and whole seconds only. Default: 3. Changed in place.',
  ),
  password: secretText(
    'Password of VRRP version 2: 1 to 8 characters, in clear on the network. Changed in place.',
    false,
  ),
  peers: list(
    { type: 'string', description: 'An IP address.' },
    'Addresses of the other managers, who are told one by one. Default: multicast. Changed in place.',
  ),
  trackNode: flag(
    'Whether the addresses leave a node that is no working member of its swarm. Default: true. Changed in place.',
  ),
  isBalanced: flag(
    'HAProxy runs beside it: the addresses leave a node where it does not. Default: false. Changed in place.',
  ),
  checks: list(
    vrrpCheckProperty,
    'What else a node must have to hold the addresses. Default: nothing. Changed in place.',
  ),
  notify: list(
    { type: 'string', description: 'A word without spaces.' },
    'Command that keepalived runs as root at each change of state, as an argv. Changed in place.',
  ),
  timeouts: record(
    {
      gate: seconds('Seconds to wait for the lease, and then at the gate. Default: 300.'),
      handover: seconds('Seconds for a peer to take the address over. Default: 60.'),
      start: seconds('Seconds until somebody holds the address. Default: 60.'),
    },
    'How long steps may take.',
    false,
  ),
};

const impacts = {
  name: 'replace',
  onLocalData: 'ignore',
  nodeId: 'replace',
  clusterId: 'ignore',
  address: 'update',
  connection: 'ignore',
  managers: 'ignore',
  vip: 'update',
  addresses: 'update',
  routerId: 'update',
  priority: 'update',
  interface: 'update',
  advertisementSeconds: 'update',
  allowGap: 'ignore',
  preferred: 'update',
  vrrpVersion: 'update',
  password: 'update',
  peers: 'update',
  trackNode: 'update',
  isBalanced: 'update',
  checks: 'update',
  notify: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof VipMemberInputs, unknown>;

/** keepalived on one node: the last link of the node's chain. */
export const vipMember: Resource = {
  token: 'swarm:index:VipMember',
  description:
    'keepalived on a node, holding or standing by for a virtual IP. Its delete makes a peer take the address first, sees it there, and only then stops.',
  inputs,
  outputs: { memberId: text('Identity of this member.') },
  importing: importVipMember,
  refreshBeforeUpdate: true,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...checkVip(wanted),
    ],
  }),
  diff: (old, wanted) => diffInputs(impacts, old.inputs, wanted),
  previewCreate: (wanted, operation) => [
    `${whereThereIsNone(operation)}${steps.startVip(shown(wanted['name']))}, with priority ${shown(wanted['priority'])}`,
  ],
  previewUpdate: (wanted, state) => [
    `reload keepalived on ${shown(wanted['name'])}`,
    ...previewVipChange(wanted, state),
  ],
  interrupted: (kind, known) =>
    kind === 'delete'
      ? `${shown(known['name'])} stands by for the virtual IP no more; \`pulumi up\` goes on from here`
      : undefined,
  create: async (wanted, operation) => {
    const id = newId('vip', shown(wanted['name']));
    const made = await bringUp(id, wanted, operation);
    const spec = wanted as unknown as VipMemberInputs;
    await endCanary(operation, spec, spec.name, true);
    return { id, ...made };
  },
  read: (id, { inputs: known, state }, operation) => read(id, known, state, operation),
  update: (id, _old, wanted, operation) => bringUp(id, wanted, operation),
  delete: (id, { inputs: known }, operation) =>
    takeVipDown(id, known as unknown as VipMemberInputs, operation),
};

async function bringUp(
  id: string,
  wanted: PropertyMap,
  operation: Operation,
): Promise<{ outputs: PropertyMap }> {
  const spec = wanted as unknown as VipMemberInputs;
  const host = await operation.effects.hosts.connect(spec.connection);
  await bringVipUp(operation, host, spec, id);
  return { outputs: { memberId: id } };
}

async function read(
  id: string,
  known: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap }> {
  const spec = known as unknown as VipMemberInputs;
  const isDifferent = await readVip(operation, spec);
  // A priority that nobody declares is a difference from the declaration, so that Update is called.
  return { id, inputs: isDifferent ? { ...known, priority: 0 } : known, outputs: state };
}

/** What a change of what all managers must have in common costs. */
function previewVipChange(wanted: PropertyMap, state: PropertyMap): readonly string[] {
  const managers = Array.isArray(wanted['managers']) ? wanted['managers'].length : 0;
  const first = ({ addresses }: PropertyMap): PropertyValue | undefined =>
    Array.isArray(addresses) ? (addresses as readonly PropertyValue[])[0] : addresses;
  const changes = [
    ...(['routerId', 'interface', 'vip', 'vrrpVersion', 'password'] as const).filter(
      (key) => wanted[key] !== state[key],
    ),
    ...(first(wanted) === first(state) ? [] : ['addresses[0]']),
    ...((wanted['peers'] === undefined) === (state['peers'] === undefined) ? [] : ['unicast']),
  ];
  if (changes.length === 0) return [];
  return managers < 2
    ? [`${changes.join(', ')}: nobody answers at the virtual IP for some seconds meanwhile`]
    : [
        `${changes.join(', ')}: changed on all managers together; two of them have the virtual IP for a moment, and nobody is without it`,
      ];
}

function checkVip(wanted: PropertyMap): readonly InputFailure[] {
  const textOf = (name: string): string | undefined => asText(wanted[name]);
  const numberOf = (name: string): number | undefined => {
    const value = wanted[name];
    return typeof value === 'number' ? value : undefined;
  };
  const textsOf = (name: string): readonly (string | undefined)[] | undefined => {
    const value = wanted[name];
    return Array.isArray(value) ? (value as readonly PropertyValue[]).map(asText) : undefined;
  };
  const known = (name: string): PropertyValue | undefined =>
    wanted[name] === unknown ? undefined : wanted[name];
  return vrrpFaults({
    name: textOf('name'),
    vip: textOf('vip'),
    address: textOf('address'),
    interface: textOf('interface'),
    addresses: textsOf('addresses'),
    routerId: numberOf('routerId'),
    priority: numberOf('priority'),
    advertisementSeconds: numberOf('advertisementSeconds'),
    vrrpVersion: known('vrrpVersion'),
    password: textOf('password'),
    peers: textsOf('peers'),
    checks: known('checks'),
    notify: known('notify'),
  });
}

/** Undefined for what is not known yet, and for what is no text: that is told already. */
function asText(value: PropertyValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
