import { parseKeepalivedMarker } from '../keepalived/keepalivedMarker';
import type { VrrpMarker } from '../keepalived/keepalivedMarker';
import { defaultDrainSeconds } from './balancerSpec';
import { drainSecondsLine } from './renderBalancer';

/** Marker of a haproxy.cfg of ours; undefined: somebody else wrote it. */
export function parseBalancerMarker(text: string): VrrpMarker | undefined {
  return parseKeepalivedMarker(text);
}

/** How long the requests of a node that goes have to come to their end. */
export function parseDrainSeconds(text: string): number {
  const seconds = new RegExp(`^${drainSecondsLine}(\\d+(?:\\.\\d+)?)$`, 'm').exec(text)?.[1];
  return seconds === undefined ? defaultDrainSeconds : Number(seconds);
}

/** What a HAProxy that has read this file says of itself, in `show info`. */
export function parseDescription(text: string): string | undefined {
  return /^ {4}description (\S+)$/m.exec(text)?.[1];
}
