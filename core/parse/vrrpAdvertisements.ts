import { isIpAddress } from '../addresses';

/** An advertisement of VRRP that a host has heard. */
export interface VrrpAdvertisement {
  readonly family: 4 | 6;
  readonly version: number;
  readonly routerId: number;
  readonly priority: number;
  readonly source: string;
  readonly addresses: readonly string[];
}

/**
 * What the listener of core/keepalived/vrrpListener.ts prints, each advertisement once.
 *
 * @throws TypeError for a line that is none: what was heard is not known then.
 */
export function parseVrrpAdvertisements(text: string): readonly VrrpAdvertisement[] {
  const lines = new Set(text.split('\n').filter((line) => line !== ''));
  return [...lines].map((line) => {
    const [family, version, routerId, priority, source = '', ...addresses] = line.split(' ');
    const [v = NaN, id = NaN, p = NaN] = [version, routerId, priority].map((part) =>
      /^\d{1,3}$/.test(part ?? '') ? Number(part) : NaN,
    );
    const isWhole =
      (family === '4' || family === '6') &&
      [v, id, p].every((number) => number >= 0 && number <= 255) &&
      [source, ...addresses].every(isIpAddress);
    if (!isWhole) throw new TypeError(`${JSON.stringify(line.slice(0, 80))} is no advertisement`);
    return {
      family: family === '4' ? 4 : 6,
      version: v,
      routerId: id,
      priority: p,
      source,
      addresses,
    };
  });
}
