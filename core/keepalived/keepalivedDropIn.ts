import type { VrrpFile } from './hostFile';
import { requireWords } from './requireWords';
import type { VrrpSpec } from './vrrpSpec';

export const dropInPath = '/etc/systemd/system/keepalived.service.d/swarm.conf';

/**
 * What a keepalived that is killed leaves undone, done by systemd: the addresses would stay on the host
 * while a peer takes them, two holders at once; and Debian's unit does not start it again.
 *
 * @throws SwarmError `VrrpValueInvalid` for a value that would not be one word of the file.
 */
export function keepalivedDropIn(spec: VrrpSpec): VrrpFile {
  requireWords(spec, undefined);
  return {
    path: dropInPath,
    text: [
      '# Managed by the Pulumi package "swarm"; changes by hand are overwritten.',
      '[Service]',
      'Restart=always',
      'RestartSec=1',
      ...spec.addresses.map(
        // `%` is a specifier of systemd's; no address or interface of ours has one.
        (address) => `ExecStopPost=-ip address delete ${address} dev ${spec.interface}`,
      ),
      '',
    ].join('\n'),
    mode: 0o644,
  };
}
