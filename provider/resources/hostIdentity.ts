import { SwarmError } from '../../core/errors';
import type { LabMachineRecord } from '../../effects/lab';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import type { SshKeyPair } from '../../effects/sshKeyPair';
import { importHostIdentity } from '../imports/machines';
import { adoptRemedy } from '../operations/swarm/adoptRemedy';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, Resource } from '../server/resource';
import { newId } from './identities';
import { labNameFaults } from './nameFaults';
import { checkProperties, flag, secretText, text, shown } from './properties';

interface HostIdentityInputs {
  readonly name: string;
  readonly lab?: string;
  readonly adopt?: boolean;
}

const inputs = {
  name: text('Name of the node whose key this is.'),
  lab: text('Name of the lab on this computer whose machine of this name shows the key.', false),
  adopt: flag(
    'A machine of this name that the lab has already keeps its key, which becomes this one: for a state that was lost. Default: false; such a machine is refused.',
  ),
};

const impacts = {
  name: 'update',
  lab: 'ignore',
  adopt: 'ignore',
} as const satisfies Record<keyof HostIdentityInputs, unknown>;

/** The SSH host key of a machine that we build: made once per node name, kept in the encrypted state, given to every machine of that name. */
export const hostIdentity: Resource = {
  token: 'swarm:index:HostIdentity',
  description:
    'The SSH host key of a machine that is built by the program. It outlives every rebuild of the machine, so host keys can be checked strictly.',
  inputs,
  outputs: {
    publicKey: text('Public key in the form of known_hosts, `ssh-ed25519 AAAA…`.'),
    privateKey: secretText('Private key in OpenSSH form.'),
  },
  importing: importHostIdentity,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      // Both become parts of a path where they name a machine of a lab.
      ...(wanted['lab'] === undefined
        ? []
        : (['name', 'lab'] as const).flatMap((key) => labNameFaults(key, wanted[key]))),
    ],
  }),
  diff: (old, wanted) => diffInputs(impacts, old.inputs, wanted),
  create: async (wanted, operation) => {
    const spec = wanted as unknown as HostIdentityInputs;
    const { publicKey, privateKey } =
      (await presentKey(spec, operation)) ?? generateSshKeyPair(spec.name);
    return { id: newId('key', spec.name), outputs: { publicKey, privateKey } };
  },
  read: (id, { inputs: known, state }) => Promise.resolve({ id, inputs: known, outputs: state }),
  update: (_id, { state }) => Promise.resolve({ outputs: keys(state) }),
  delete: () => Promise.resolve(),
};

/**
 * The key of the machine that the lab has already. This resource comes before the machine, so no
 * interrupted run of this state made it.
 *
 * @throws SwarmError `LabMachineExists` unless it is to be adopted.
 */
async function presentKey(
  { name, lab, adopt }: HostIdentityInputs,
  operation: Operation,
): Promise<SshKeyPair | undefined> {
  if (lab === undefined) return undefined;
  const record = await operation.effects.lab.record(lab, shown(name));
  if (record === undefined) return undefined;
  if (adopt !== true) throw await alreadyThere(record, operation);
  return operation.effects.lab.hostKey(lab, name);
}

async function alreadyThere(
  { lab, name, os, address }: LabMachineRecord,
  operation: Operation,
): Promise<SwarmError> {
  return new SwarmError(
    'LabMachineExists',
    `${name}: lab ${lab} has a machine of this name (${os} at ${address}), and this state does not know its host key; nothing was touched; ` +
      `${await adoptRemedy(operation, { lab, machine: name })}; ` +
      `a machine that nobody needs is removed with \`npm run lab -- down ${lab}\``,
    { source: 'user' },
  );
}

function keys(state: PropertyMap): PropertyMap {
  return { publicKey: state['publicKey'], privateKey: state['privateKey'] };
}
