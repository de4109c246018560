import { defaultDrainSeconds } from './balancerSpec';
import { drainSecondsLine } from './renderBalancer';

/** How long the requests of a node that goes have to come to their end. */
export function parseDrainSeconds(text: string): number {
  const seconds = new RegExp(`^${drainSecondsLine}(\\d+(?:\\.\\d+)?)$`, 'm').exec(text)?.[1];
  return seconds === undefined ? defaultDrainSeconds : Number(seconds);
}

/** What a HAProxy that has read this file says of itself, in `show info`. */
export function parseDescription(text: string): string | undefined {
  return /^ {4}description (\S+)$/m.exec(text)?.[1];
}
