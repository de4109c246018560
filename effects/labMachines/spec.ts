import { utils } from 'ssh2';
import { SwarmError } from '../../core/errors';
import type { LabMachineSpec } from '../lab';
import { containerName } from './layout';
import { parseSubnet, requireHostAddress } from './subnet';

/**
 * Refuses a machine that cannot be made as it is asked for.
 *
 * @throws SwarmError `LabNameInvalid`, `LabAddressInvalid`, `LabHostKeyInvalid`.
 */
export function requireSpec(spec: LabMachineSpec): void {
  requireLabName(spec.lab);
  requireLabel(spec.name, 'machine');
  // The limit of a container's name in systemd.
  if (containerName(spec.lab, spec.name).length > 63) {
    const fact = `lab ${spec.lab}/${spec.name}: the names are longer than 62 characters together`;
    throw invalid('LabNameInvalid', `${fact}; systemd-nspawn refuses them; choose shorter ones`);
  }
  requireHostAddress(parseSubnet(spec.subnet), spec.address);
  requireKeyPair(spec);
}

/** A lab's name goes into paths and into names of links and rules. */
export function requireLabName(lab: string): void {
  requireLabel(lab, 'lab');
}

function requireLabel(name: string, kind: 'lab' | 'machine'): void {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
  const fact = `${kind} ${JSON.stringify(name)}: is not a host name of lower-case letters, digits and hyphens`;
  throw invalid('LabNameInvalid', `${fact}; nothing can be named after it; choose another`);
}

/** A machine that shows another key than the one recorded would never be let in to by strict checking. */
function requireKeyPair(spec: LabMachineSpec): void {
  const parsed = utils.parseKey(spec.hostPrivateKey);
  const [type, shown = ''] = spec.hostPublicKey.trim().split(/\s+/);
  const isPair =
    // More lines would become lines of known_hosts and of the machine's own files.
    type === 'ssh-ed25519' &&
    !/[^\x20-\x7e]/.test(spec.hostPublicKey.trim()) &&
    !(parsed instanceof Error) &&
    parsed.type === 'ssh-ed25519' &&
    parsed.getPublicSSH().toString('base64') === shown;
  if (isPair) return;
  const fact = `lab ${spec.lab}/${spec.name}: its host key is not an ed25519 key pair`;
  throw invalid(
    'LabHostKeyInvalid',
    `${fact}; sshd could not show it; give both halves of one key`,
  );
}

function invalid(code: string, message: string): SwarmError {
  return new SwarmError(code, message, { source: 'user' });
}
