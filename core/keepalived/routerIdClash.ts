import { addressOf, isIpv6, isSameAddress } from '../addresses';
import type { VrrpAdvertisement } from '../parse/vrrpAdvertisements';
import { advertisedFirst } from './renderKeepalived';
import type { VrrpSpec } from './vrrpSpec';

/**
 * The first advertisement of somebody else's virtual router with our ID, over the family that ours goes
 * over. Ours are those of declared managers, and those that tell of one of our addresses: a manager that is
 * no longer declared holds it until the end of the run, and over IPv6 sources are link-local addresses.
 */
export function routerIdClash(
  spec: VrrpSpec,
  managerAddresses: readonly string[],
  heard: readonly VrrpAdvertisement[],
): VrrpAdvertisement | undefined {
  const [advertised = ''] = advertisedFirst(spec);
  const family = isIpv6(advertised) ? 6 : 4;
  return heard.find(
    (one) =>
      one.family === family &&
      one.routerId === spec.routerId &&
      !managerAddresses.some((address) => isSameAddress(address, one.source)) &&
      !one.addresses.some((address) =>
        spec.addresses.some((own) => isSameAddress(addressOf(own), address)),
      ),
  );
}
