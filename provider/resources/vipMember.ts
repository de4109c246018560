import { addressOf, isCidr } from '../../core/addresses';
import type { InputFailure } from '../../core/errors';
import { SwarmError, errorMessage } from '../../core/errors';
import { isSeen } from '../../core/facts';
import { parseKeepalivedMarker, parseRaisedFor, renderKeepalived } from '../../core/keepalived';
import { declaredNames, declaredVipsLabel } from '../../core/labels';
import { isOwnMarker } from '../../core/marker';
import { steps } from '../../core/steps';
import type { Host } from '../../effects/effects';
import { deletePurpose } from '../operations/consent';
import { look } from '../operations/gatherGateFacts';
import { handOverVip, settlePeers } from '../operations/handOverVip';
import {
  holdsVip,
  isHalfDone,
  ownConfiguration,
  putConfiguration,
  vipInterface,
} from '../operations/keepalivedHost';
import { withLease } from '../operations/lease';
import { askManager } from '../operations/managers';
import type { SwarmAccess } from '../operations/managers';
import { defaultNodeTimeouts } from '../operations/nodeSpec';
import { passGate } from '../operations/passGate';
import { refuseLocalData } from '../operations/refuseLocalData';
import { findEntry } from '../operations/takeOut';
import { keepalivedPath, keepalivedUnit } from '../operations/vipSpec';
import type { VipMemberInputs } from '../operations/vipSpec';
import { waitUntil } from '../operations/waitUntil';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, Resource } from '../server/resource';
import { newId } from './identities';
import {
  checkProperties,
  connectionProperty,
  count,
  list,
  managersProperty,
  record,
  seconds,
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
  routerId: {
    ...count('VRRP virtual router ID, 1–255, unique on the network. Changed in place.'),
    isRequired: true,
  },
  priority: {
    ...count('VRRP priority, 1–200; the highest is preferred. Changed in place.'),
    isRequired: true,
  },
  interface: text(
    'Interface that carries the addresses. Default: the one with the node’s own address.',
    false,
  ),
  advertisementSeconds: seconds('Seconds between advertisements. Default: 1. Changed in place.'),
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
  timeouts: 'ignore',
} as const satisfies Record<keyof VipMemberInputs, unknown>;

/** keepalived on one node: the last link of the node's chain. */
export const vipMember: Resource = {
  token: 'swarm:index:VipMember',
  description:
    'keepalived on a node, holding or standing by for a virtual IP. Its delete makes a peer take the address first, sees it there, and only then stops.',
  inputs,
  outputs: { memberId: text('Identity of this member.') },
  check: (wanted) => ({
    inputs: wanted,
    failures: [...checkProperties(inputs, wanted), ...checkVip(wanted)],
  }),
  diff: (old, wanted) => diffInputs(impacts, old.inputs, wanted),
  previewCreate: (wanted) => [
    `${steps.startVip(shown(wanted['name']))}, with priority ${shown(wanted['priority'])}`,
  ],
  previewUpdate: (wanted) => [`reload keepalived on ${shown(wanted['name'])}`],
  interrupted: (kind, known) =>
    kind === 'delete'
      ? `${shown(known['name'])} stands by for the virtual IP no more; \`pulumi up\` goes on from here`
      : undefined,
  create: async (wanted, operation) => {
    const spec = wanted as unknown as VipMemberInputs;
    const id = newId('vip', spec.name);
    const host = await operation.effects.hosts.connect(spec.connection);
    await bringUp(operation, host, spec, id);
    return { id, outputs: { memberId: id } };
  },
  read: (id, { inputs: known, state }, operation) => read(id, known, state, operation),
  update: async (id, _old, wanted, operation) => {
    const spec = wanted as unknown as VipMemberInputs;
    const host = await operation.effects.hosts.connect(spec.connection);
    await bringUp(operation, host, spec, id);
    return { outputs: { memberId: id } };
  },
  delete: (id, { inputs: known }, operation) =>
    takeDown(id, known as unknown as VipMemberInputs, operation),
};

async function bringUp(
  operation: Operation,
  host: Host,
  spec: VipMemberInputs,
  id: string,
): Promise<void> {
  const present = await ownConfiguration(host, spec.name);
  const marker = present === undefined ? undefined : parseKeepalivedMarker(present);
  if (marker !== undefined && !isOwnMarker(marker, operation.urn)) {
    throw new SwarmError(
      'MarkerOfAnother',
      `${spec.name}: keepalived there is managed by ${marker.urn}; nothing was touched; remove it there first`,
      { source: 'user' },
    );
  }
  const name = await vipInterface(host, spec);
  if ((await host.packages.installed('keepalived')) === undefined) {
    await operation.step(steps.installVip(spec.name), () =>
      host.packages.install({ keepalived: undefined }),
    );
  }
  await operation.step(steps.startVip(spec.name), async () => {
    const configuration = renderKeepalived(
      {
        name: spec.vip,
        addresses: spec.addresses,
        interface: name,
        sourceAddress: spec.address,
        routerId: spec.routerId,
        priority: spec.priority,
        advertisementSeconds: spec.advertisementSeconds ?? 1,
      },
      { id, urn: operation.urn },
    );
    await putConfiguration(host, spec.name, configuration);
    await host.systemd.enable(keepalivedUnit);
    await host.systemd.start(keepalivedUnit);
    await waitUntil(
      operation,
      'somebody holds the virtual IP',
      spec.timeouts?.start ?? 60,
      async () =>
        (await someoneHolds(operation, spec)) ||
        (await answersAtVip(host, spec)) ||
        'nobody holds it yet',
    );
  });
}

/**
 * A manager that is no longer declared as one holds the address until the end of the run, and is not
 * among the contacts any more: then the address itself tells. sshd's port, since an engine may be down.
 */
async function answersAtVip(host: Host, spec: VipMemberInputs): Promise<boolean> {
  const answers = await Promise.all(
    spec.addresses.map((vip) => look(() => host.network.probe(addressOf(vip), 22, 2))),
  );
  return answers.every((answer) => isSeen(answer) && answer.seen !== 'silent');
}

async function someoneHolds(operation: Operation, spec: VipMemberInputs): Promise<boolean> {
  const own = { name: spec.name, address: spec.address, connection: spec.connection };
  const contacts = [own, ...spec.managers.filter(({ name }) => name !== spec.name)];
  const answers = await Promise.all(
    contacts.map((contact) =>
      look(async () => holdsVip(await operation.effects.hosts.connect(contact.connection), spec)),
    ),
  );
  return answers.some((answer) => isSeen(answer) && answer.seen);
}

async function read(
  id: string,
  known: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap }> {
  const spec = known as unknown as VipMemberInputs;
  const last = { id, inputs: known, outputs: state };
  try {
    const host = await operation.effects.hosts.connect(spec.connection);
    const configuration = await host.files.read(keepalivedPath);
    const unit = await host.systemd.state(keepalivedUnit);
    const isOurs =
      configuration !== undefined && parseKeepalivedMarker(configuration) !== undefined;
    const isOrdinary = isOurs && parseRaisedFor(configuration) === undefined;
    if (unit === 'active' && isOrdinary && !(await isHalfDone(host))) return last;
    const why = isOurs ? `keepalived is ${unit}` : `${keepalivedPath} is not ours any more`;
    operation.log('warning', `${spec.name}: ${why}; \`pulumi up\` mends it`);
    // A priority that nobody declares is a difference from the declaration, so that Update is called.
    return { ...last, inputs: { ...known, priority: 0 } };
  } catch (error) {
    operation.log('warning', `${spec.name}: keepalived was not looked at: ${errorMessage(error)}`);
    return last;
  }
}

/** The first delete of a manager's chain: it meets the same gate as the node's own. */
async function takeDown(id: string, spec: VipMemberInputs, operation: Operation): Promise<void> {
  const access = { clusterId: spec.clusterId, managers: spec.managers };
  const purpose = await deletePurpose(operation, access);
  if (purpose === 'gone') return;
  const host = await look(() => operation.effects.hosts.connect(spec.connection));
  if (!isSeen(host)) {
    // Out of the swarm already: its machine is off because an interrupted run was rebuilding it.
    const isMember = (await findEntry(operation, access, spec.nodeId, [spec.name])) !== undefined;
    if (purpose === 'roll' && isMember) {
      await refuseLocalData(operation, access, spec, undefined);
    }
    await withoutHost(operation, spec, host.unseen);
    return;
  }
  const configuration = await host.seen.files.read(keepalivedPath);
  const marker = configuration === undefined ? undefined : parseKeepalivedMarker(configuration);
  if (marker?.id !== id) {
    // Taken down by an interrupted run, or rebuilt since: what it raised is settled all the same.
    await settlePeers(operation, spec);
    return;
  }
  if (purpose === 'destroy' || (await isVipGone(operation, access, spec))) {
    await operation.step(steps.stopVip(spec.name), () => stop(host.seen));
    return;
  }
  const timeoutSeconds = spec.timeouts?.gate ?? defaultNodeTimeouts.gate;
  await withLease(
    operation,
    access,
    `take the virtual IP from ${spec.name}`,
    timeoutSeconds,
    async (lease) => {
      await lease.step(steps.gate(spec.name), async () => {
        await passGate(
          operation,
          access,
          { name: spec.name, role: 'manager' },
          { maxUnavailable: 1, timeoutSeconds },
        );
        await refuseLocalData(operation, access, spec, host.seen);
      });
      await lease.confirm();
      if (await holdsVip(host.seen, spec)) await handOverVip(operation, spec, host.seen);
      await lease.step(steps.stopVip(spec.name), () => stop(host.seen));
      await settlePeers(operation, spec);
    },
  );
}

/** The program has no such virtual IP any more: nobody takes it over, and no node goes. */
async function isVipGone(
  operation: Operation,
  access: SwarmAccess,
  spec: VipMemberInputs,
): Promise<boolean> {
  const { labels } = await askManager(operation, access, ({ docker }) => docker.swarm(), {
    avoid: [spec.name],
  });
  return declaredNames(labels, declaredVipsLabel)?.includes(spec.vip) === false;
}

/** A dead holder's address moves by itself; it is only seen to have done so. */
async function withoutHost(
  operation: Operation,
  spec: VipMemberInputs,
  why: string,
): Promise<void> {
  operation.log(
    'warning',
    `${spec.name} does not answer (${why}): keepalived there was not stopped`,
  );
  if (spec.managers.every(({ name }) => name === spec.name)) return;
  await waitUntil(
    operation,
    'a peer holds the virtual IP',
    60,
    async () => (await someoneHolds(operation, spec)) || 'nobody holds it',
  );
}

async function stop(host: Host): Promise<void> {
  await host.systemd.stop(keepalivedUnit);
  await host.systemd.disable(keepalivedUnit);
  await host.files.remove(keepalivedPath);
}

function checkVip(wanted: PropertyMap): InputFailure[] {
  const { routerId, priority, addresses } = wanted;
  const failures: InputFailure[] = [];
  if (typeof routerId === 'number' && (routerId < 1 || routerId > 255)) {
    failures.push({ property: 'routerId', reason: `${String(routerId)} is not within 1–255` });
  }
  if (typeof priority === 'number' && (priority < 1 || priority > 200)) {
    failures.push({ property: 'priority', reason: `${String(priority)} is not within 1–200` });
  }
  if (Array.isArray(addresses)) {
    (addresses as readonly unknown[]).forEach((address, index) => {
      if (typeof address === 'string' && !isCidr(address)) {
        failures.push({
          property: `addresses[${String(index)}]`,
          reason: `"${address}" is no address with a prefix length, such as 10.88.0.100/24`,
        });
      }
    });
  }
  return failures;
}
