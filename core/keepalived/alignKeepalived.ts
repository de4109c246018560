import { parseKeepalivedMarker } from './keepalivedMarker';
import { parseKeepalived } from './parseKeepalived';
import { renderKeepalived } from './renderKeepalived';
import type { VrrpSpec } from './vrrpSpec';

/**
 * A peer's file with what all managers have in common taken from `wanted`; its own address, priority,
 * interface (unless all are given one) and marker stay. So a node's operation changes all of them at the
 * same time, without knowing the peers' declarations. Undefined: it is no file that can be read back.
 */
export function alignKeepalived(
  text: string,
  wanted: VrrpSpec,
  interfaceOfAll: string | undefined,
): string | undefined {
  const [marker, own] = [parseKeepalivedMarker(text), parseKeepalived(text)];
  if (marker === undefined || own === undefined) return undefined;
  const { sourceAddress, priority } = own;
  return renderKeepalived(
    { ...wanted, sourceAddress, priority, interface: interfaceOfAll ?? own.interface },
    marker,
  );
}
