import { SwarmError, errorMessage } from '../../../core/errors';
import { routerIdClash } from '../../../core/keepalived/routerIdClash';
import { vrrpListener } from '../../../core/keepalived/vrrpListener';
import type { VrrpSpec } from '../../../core/keepalived/vrrpSpec';
import { parseVrrpAdvertisements } from '../../../core/parse/vrrpAdvertisements';
import type { VrrpAdvertisement } from '../../../core/parse/vrrpAdvertisements';
import type { Host } from '../../../effects/effects';

/** More than two of VRRP's default intervals of 1 s; at least one and a half of ours. */
function listenSeconds(spec: VrrpSpec): number {
  return Math.max(3, Math.ceil(spec.advertisementSeconds * 1.5));
}

/**
 * Listens before a router ID is used on an interface: two virtual routers of one ID take each other for
 * one, and one of them loses its addresses.
 *
 * @throws SwarmError `RouterIdTaken`; `VrrpNotHeard` when the host cannot listen.
 */
export async function refuseRouterIdClash(
  host: Host,
  name: string,
  spec: VrrpSpec,
  managerAddresses: readonly string[],
): Promise<void> {
  const clash = routerIdClash(spec, managerAddresses, await listen(host, name, spec));
  if (clash === undefined) return;
  const { source, version, addresses } = clash;
  throw new SwarmError(
    'RouterIdTaken',
    `${name}: ${source} on the network of ${spec.interface} advertises router ID ${String(spec.routerId)} as well (VRRP version ${String(version)}, for ${addresses.join(', ')}), and is no declared manager; each would take the other for its own, and addresses would be lost; nothing was started; choose another \`routerId\`, or declare that manager`,
    { source: 'user' },
  );
}

async function listen(
  host: Host,
  name: string,
  spec: VrrpSpec,
): Promise<readonly VrrpAdvertisement[]> {
  const { path, text, mode } = vrrpListener;
  const seconds = listenSeconds(spec);
  await host.files.write(path, text, { mode });
  try {
    const result = await host.run(['perl', path, spec.interface, String(seconds)], {
      timeoutSeconds: seconds + 30,
    });
    if (result.code !== 0) throw new TypeError(result.stderr.trim());
    return parseVrrpAdvertisements(result.stdout);
  } catch (error) {
    throw new SwarmError(
      'VrrpNotHeard',
      `${name}: it cannot be heard who uses router ID ${String(spec.routerId)} on ${spec.interface} (${errorMessage(error)}); nothing was started; install perl-base`,
      { source: 'world', cause: error },
    );
  } finally {
    await host.files.remove(path);
  }
}
