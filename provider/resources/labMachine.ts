import { isIpAddress, isLabSubnet, isWithin } from '../../core/addresses';
import { SwarmError } from '../../core/errors';
import type { InputFailure } from '../../core/errors';
import { steps } from '../../core/steps';
import { textFault } from '../../core/textFault';
import type { LabMachineRecord } from '../../effects/lab';
import { importLabMachine } from '../imports/machines';
import { refuseLiveManager } from '../operations/node/refuseLiveManager';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, Resource } from '../server/resource';
import { newId, replaceOnlyWhenKnown, whereThereIsNone } from './identities';
import { labNameFaults } from './nameFaults';
import { checkProperties, secretText, text, textMap, shown } from './properties';

interface LabMachineInputs {
  readonly name: string;
  readonly lab: string;
  readonly subnet: string;
  readonly address: string;
  readonly os: string;
  readonly nodeImage?: string;
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const inputs = {
  name: text('Host name of the machine, unique in its lab. A change replaces the machine.'),
  lab: text('Name of the lab on this computer. A change replaces the machine.'),
  subnet: text('Subnet of the lab, e.g. `10.88.0.0/24`. A change replaces the machine.'),
  address: text('IPv4 address of the machine in the subnet. A change replaces the machine.'),
  os: text('Operating system, e.g. `debian:12`. A change replaces the machine.'),
  nodeImage: text(
    'Name of the NodeImage that it is made from, where that is there; else it is made from the OS’s own image. A change touches nothing.',
    false,
  ),
  hostPrivateKey: secretText('SSH host key that the machine shows, from its HostIdentity.'),
  hostPublicKey: text('The public part of the SSH host key.'),
  labels: textMap('Labels in the lab’s record. Changed in place.'),
};

const impacts = {
  name: 'replace',
  lab: 'replace',
  subnet: 'replace',
  address: 'replace',
  os: 'replace',
  // What it was made from is no reason to build it again.
  nodeImage: 'ignore',
  hostPrivateKey: 'replace',
  hostPublicKey: 'ignore',
  labels: 'update',
} as const satisfies Record<keyof LabMachineInputs, unknown>;

/** A real Debian machine on this computer. */
export const labMachine: Resource = {
  token: 'swarm:index:LabMachine',
  description:
    'A real Debian machine on this computer: a systemd-nspawn container with its own systemd, sshd, engine and network namespace. Replaced, old one first, by a change of its OS, address or name.',
  inputs,
  outputs: {
    machineId: text('Identity of this build of the machine.'),
    image: text('Content identity of the OS image that it was made from.'),
  },
  importing: importLabMachine,
  check: (wanted) => ({
    inputs: wanted,
    failures: [...checkProperties(inputs, wanted), ...checkNames(wanted)],
  }),
  diff: (old, wanted) =>
    replaceOnlyWhenKnown(diffInputs(impacts, old.inputs, wanted), wanted, ['hostPrivateKey']),
  previewCreate: (wanted, operation) => [
    whereThereIsNone(operation) +
      steps.powerOn(shown(wanted['name']), shown(wanted['os'])) +
      ` at ${shown(wanted['address'])}, same name and SSH host key`,
  ],
  interrupted: (kind, known) =>
    kind === 'update'
      ? undefined
      : `${shown(known['name'])} is not back in the swarm yet; \`pulumi up\` goes on from here and puts it back`,
  create: async (wanted, operation) => {
    const spec = wanted as unknown as LabMachineInputs;
    const { lab } = operation.effects;
    const id = newId('machine', spec.name);
    const found = await lab.record(spec.lab, spec.name);
    if (found !== undefined) {
      if (!isBuiltAs(found, spec)) throw stillThere(found);
      // An interrupted Create left it: it is ours. It gets the new ID, so that a Delete of an older one
      // never hits it.
      await lab.adopt(spec.lab, spec.name, found.id, id);
    }
    const record = await operation.step(steps.powerOn(spec.name, spec.os), () =>
      lab.ensure({ ...spec, labels: spec.labels ?? {}, id }, (sentence) => {
        operation.status(sentence);
      }),
    );
    // The next resource on it needs a connection, which is opened while the CLI turns to it.
    operation.effects.hosts.connect({ lab: spec.lab, machine: spec.name }).catch(() => undefined);
    return { id, outputs: { machineId: id, image: record.image } };
  },
  read: async (id, { inputs: known, state }, operation) => {
    const { lab, name } = known as unknown as LabMachineInputs;
    const record = await operation.effects.lab.record(lab, name);
    // The lab's own records are the authority: no record, or another build, means gone.
    if (record?.id !== id) return undefined;
    if (!record.isRunning) operation.log('warning', `${name}: the machine is off`);
    // No labels where none are declared is no difference, or every refresh would show one.
    const hasLabels = known['labels'] !== undefined || Object.keys(record.labels).length > 0;
    const seen = { ...known, os: record.os, ...(hasLabels ? { labels: record.labels } : {}) };
    return { id, inputs: seen, outputs: state };
  },
  update: async (_id, { state }, wanted, operation) => {
    const spec = wanted as unknown as LabMachineInputs;
    await operation.effects.lab.setLabels(spec.lab, spec.name, spec.labels ?? {});
    return { outputs: identity(state) };
  },
  delete: (id, { inputs: known }, operation) => remove(id, known, operation),
};

/** The machine is what a Create of these inputs makes, so nothing of it has to be built again. */
function isBuiltAs(found: LabMachineRecord, spec: LabMachineInputs): boolean {
  return (
    found.hostPublicKey === spec.hostPublicKey &&
    found.os === spec.os &&
    found.address === spec.address &&
    found.subnet === spec.subnet
  );
}

function stillThere({ lab, name, os, address, id }: LabMachineRecord): SwarmError {
  return new SwarmError(
    'LabMachineExists',
    `${name}: lab ${lab} has a machine of this name (${os} at ${address}, ${id}), and it is not the declared one; nothing was touched; ` +
      'a replacement removes the old machine first: leave the option `deleteBeforeReplace` of this resource as the component sets it; ' +
      'a machine of another program is removed there first, or this one gets another name',
    { source: 'user' },
  );
}

async function remove(id: string, known: PropertyMap, operation: Operation): Promise<void> {
  const { lab, name } = known as unknown as LabMachineInputs;
  if ((await operation.effects.lab.record(lab, name))?.id === id) {
    await refuseLiveManager(operation, name, { lab, machine: name });
  }
  await operation.step(steps.powerOff(name), () => operation.effects.lab.remove(lab, name, id));
}

function identity(state: PropertyMap): PropertyMap {
  return { machineId: state['machineId'], image: state['image'] };
}

function checkNames(wanted: PropertyMap): readonly InputFailure[] {
  const { name, lab, address, subnet } = wanted;
  return [
    ...labNameFaults('name', name),
    ...labNameFaults('lab', lab),
    ...textFault(
      'subnet',
      subnet,
      isLabSubnet,
      'is no subnet for a lab; give an IPv4 network of /16 to /29, such as 10.88.0.0/24',
    ),
    ...textFault('address', address, isIpAddress, 'is no IP address'),
    ...(typeof address === 'string' &&
    typeof subnet === 'string' &&
    isIpAddress(address) &&
    isLabSubnet(subnet) &&
    !isWithin(address, subnet)
      ? [{ property: 'address', reason: `${address} is not in the subnet ${subnet}` }]
      : []),
  ];
}
