import { generateSshKeyPair } from '../../effects/sshKeyPair';
import type { PropertyMap, Resource } from '../server/resource';
import { diffInputs } from '../server/diffInputs';
import { newId } from './identities';
import { checkProperties, secretText, text, shown } from './properties';

const inputs = { name: text('Name of the node whose key this is.') };

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
  check: (wanted) => ({ inputs: wanted, failures: checkProperties(inputs, wanted) }),
  diff: (old, wanted) => diffInputs({ name: 'update' }, old.inputs, wanted),
  create: (wanted) => {
    const { publicKey, privateKey } = generateSshKeyPair(shown(wanted['name']));
    return Promise.resolve({
      id: newId('key', shown(wanted['name'])),
      outputs: { publicKey, privateKey },
    });
  },
  read: (id, { inputs: known, state }) => Promise.resolve({ id, inputs: known, outputs: state }),
  update: (_id, { state }) => Promise.resolve({ outputs: keys(state) }),
  delete: () => Promise.resolve(),
};

function keys(state: PropertyMap): PropertyMap {
  return { publicKey: state['publicKey'], privateKey: state['privateKey'] };
}
