import { isHostname, isIpAddress } from '../../core/addresses';
import type { Connection } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import type { HostFacts } from '../../core/facts';
import { textFault } from '../../core/textFault';
import { importHost } from '../imports/machines';
import { hostStanding } from '../operations/ask/hostStanding';
import { ownMarker, removeMarker, writeMarker } from '../operations/ask/markers';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, PropertyValue, Resource } from '../server/resource';
import { newId } from './identities';
import { checkProperties, connectionProperty, text, shown } from './properties';

interface HostInputs {
  readonly name: string;
  readonly address: string;
  readonly connection: Connection;
  readonly os?: string;
}

const inputs = {
  name: text('Host name of the node. A change replaces the node.'),
  address: text('IP address of the node. A change replaces the node.'),
  connection: connectionProperty,
  os: text(
    'Operating system that the host must show, e.g. `debian:13`. A change replaces the node: it leaves the swarm, and joins again when the host, rebuilt by you, shows the new OS.',
    false,
  ),
};

const impacts = {
  name: 'replace',
  address: 'replace',
  connection: 'ignore',
  os: 'replace',
} as const satisfies Record<keyof HostInputs, unknown>;

/** Free space that an engine with a few images needs at the least. */
const leastFreeBytes = 2 * 1024 ** 3;

/** Somebody's existing machine: never powered on or off, only marked as ours. */
export const host: Resource = {
  token: 'swarm:index:Host',
  description:
    'An existing machine that is reached by SSH. It is marked as managed by this program and otherwise left alone: never created, rebuilt or powered off.',
  inputs,
  outputs: {
    machineId: text('Identity of this adoption of the machine.'),
    hostOs: text('Operating system that the host showed when it was last looked at.'),
  },
  importing: importHost,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...textFault('name', wanted['name'], isHostname, 'is no host name'),
      ...textFault('address', wanted['address'], isIpAddress, 'is no IP address'),
    ],
  }),
  diff: (old, wanted) =>
    diffInputs(
      // To declare what the host runs already, or to leave it open, rebuilds nothing.
      isSameOs(old, wanted['os']) ? { ...impacts, os: 'update' } : impacts,
      old.inputs,
      wanted,
    ),
  previewCreate: (wanted) => [
    `mark host ${shown(wanted['name'])} as managed` +
      (wanted['os'] === undefined ? '' : `, if it runs ${shown(wanted['os'])} by then`) +
      '; nothing else of it changes',
  ],
  create: async (wanted, operation) => {
    const spec = wanted as unknown as HostInputs;
    const machine = await operation.effects.hosts.connect(spec.connection);
    const facts = await machine.facts();
    checkHost(spec, facts);
    await ownMarker(operation, machine, 'host');
    // A host that serves a swarm already has what it needs.
    const { kind } = await hostStanding(operation, spec.connection);
    if (kind !== 'member') checkSpace(spec, facts);
    const id = newId('host', spec.name);
    await operation.step(`mark host ${spec.name}`, () =>
      writeMarker(machine, 'host', { id, urn: operation.urn }),
    );
    return { id, outputs: { machineId: id, hostOs: facts.os } };
  },
  read: async (id, { inputs: known, state }, operation) => {
    const spec = known as unknown as HostInputs;
    try {
      const facts = await (await operation.effects.hosts.connect(spec.connection)).facts();
      const seen: PropertyMap = spec.os === undefined ? known : { ...known, os: facts.os };
      return { id, inputs: seen, outputs: { ...state, hostOs: facts.os } };
    } catch (error) {
      operation.log('warning', `${spec.name} was not looked at: ${errorMessage(error)}`);
      return { id, inputs: known, outputs: state };
    }
  },
  update: (_id, { state }) =>
    Promise.resolve({ outputs: { machineId: state['machineId'], hostOs: state['hostOs'] } }),
  delete: (id, { inputs: known }, operation) =>
    unmark(id, known as unknown as HostInputs, operation),
};

function isSameOs(
  { inputs: known, state }: { readonly inputs: PropertyMap; readonly state: PropertyMap },
  wanted: PropertyValue | undefined,
): boolean {
  return wanted === undefined || (known['os'] === undefined && wanted === state['hostOs']);
}

function checkHost(spec: HostInputs, facts: HostFacts): void {
  const fail = (code: string, message: string): never => {
    throw new SwarmError(code, `${spec.name}: ${message}`, { source: 'user' });
  };
  if (!facts.isPrivileged) {
    fail('HostNotPrivileged', 'the login user is neither root nor has sudo without a password');
  }
  // A swarm lists its nodes by the hosts' own names, and a plan finds them there by the declared ones.
  if (facts.hostname !== spec.name) {
    fail(
      'HostHasOtherName',
      `the host calls itself ${facts.hostname}; nothing was touched; declare it by that name, or give it this one with \`hostnamectl set-hostname ${spec.name}\``,
    );
  }
  if (spec.os !== undefined && facts.os !== spec.os) {
    fail(
      'HostHasOtherOs',
      `the host runs ${facts.os}, and ${spec.os} is declared; rebuild it with ${spec.os}, then run \`pulumi up\` again`,
    );
  }
}

function checkSpace({ name }: HostInputs, { freeBytes }: HostFacts): void {
  if (freeBytes >= leastFreeBytes) return;
  const mebibytes = String(Math.floor(freeBytes / 1024 ** 2));
  throw new SwarmError(
    'DiskTooSmall',
    `${name}: ${mebibytes} MiB are free on /var/lib, and 2048 MiB are needed`,
    { source: 'user' },
  );
}

async function unmark(id: string, spec: HostInputs, operation: Operation): Promise<void> {
  try {
    await removeMarker(await operation.effects.hosts.connect(spec.connection), 'host', id);
  } catch (error) {
    // The node is out of the swarm by now; a silent host must not keep the program from going on.
    operation.log(
      'warning',
      `${spec.name} does not answer (${errorMessage(error)}): its marker under /etc/pulumi-swarm may remain`,
    );
  }
}
