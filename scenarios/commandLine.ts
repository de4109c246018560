import { SwarmError } from '../core/errors';
import { requireLabName } from '../effects/labMachines/spec';
import { defaultLab, type ScenarioLab } from './places';

/** @throws SwarmError `ScenarioUsage`. */
export function parseTimes(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new SwarmError(
    'ScenarioUsage',
    `--times ${text}: is not a whole number from 1 to 99; nothing was run; give e.g. --times 5`,
    { source: 'user' },
  );
}

/** Undefined: the default one. @throws SwarmError `ScenarioUsage`, `LabNameInvalid`. */
export function parseLab(text: string | undefined): ScenarioLab {
  if (text === undefined) return defaultLab;
  const [, name, subnet] = /^([^=]+)=((?:\d+\.){3}0\/24)$/.exec(text) ?? [];
  if (name === undefined || subnet === undefined) {
    throw new SwarmError(
      'ScenarioUsage',
      `--lab ${text}: is not NAME=SUBNET with a /24; nothing was run; give e.g. mine=10.96.7.0/24`,
      { source: 'user' },
    );
  }
  requireLabName(name);
  return { name, subnet };
}

/** Aborted by Ctrl-C and by SIGTERM. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  process.on('SIGINT', () => {
    if (interrupted.signal.aborted) return;
    console.error('\ninterrupted: taking machines and network away …');
    interrupted.abort();
  });
  process.on('SIGTERM', () => {
    interrupted.abort();
  });
  return interrupted.signal;
}
