import { isSameAddress } from '../addresses';
import { parseFileMarker } from '../fileMarker';
import { parseKeepalived } from './parseKeepalived';
import { renderKeepalived } from './renderKeepalived';
import type { VrrpSpec } from './vrrpSpec';

/** What is a node's own. Checks and commands too: their scripts are put on its host by its own operation. */
const ofOneNode: readonly string[] = [
  'sourceAddress',
  'priority',
  'interface',
  'trackNode',
  'isBalanced',
  'checks',
  'notify',
];

/**
 * A peer's file with what all managers have in common taken from `wanted`; its own address, priority,
 * checks, interface (unless all are given one) and marker stay. So a node's operation changes all of them
 * at the same time, without knowing the peers' declarations. Undefined: it is no file that can be read back.
 */
export function alignKeepalived(
  text: string,
  wanted: VrrpSpec,
  interfaceOfAll: string | undefined,
): string | undefined {
  const [marker, own] = [parseFileMarker(text), parseKeepalived(text)];
  if (marker === undefined || own === undefined) return undefined;
  const { peers } = wanted;
  const spec = {
    ...fields(wanted, (key) => !ofOneNode.includes(key)),
    ...fields(own, (key) => ofOneNode.includes(key)),
    interface: interfaceOfAll ?? own.interface,
    ...(peers === undefined ? {} : { peers: peersOf(own, wanted, peers) }),
  };
  return renderKeepalived(spec as unknown as VrrpSpec, marker);
}

function fields(spec: VrrpSpec, isWanted: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => isWanted(key)));
}

/** All managers but itself. */
function peersOf(own: VrrpSpec, wanted: VrrpSpec, peers: readonly string[]): readonly string[] {
  return [wanted.sourceAddress, ...peers].filter(
    (address) => !isSameAddress(address, own.sourceAddress),
  );
}
