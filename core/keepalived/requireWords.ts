import { SwarmError } from '../errors';
import type { InputFailure } from '../errors';
import { vrrpFaults } from '../vrrpFaults';
import type { VrrpSpec } from './vrrpSpec';

/** @throws SwarmError `VrrpValueInvalid` for a value that would not be one word of the file. */
export function requireWords(spec: VrrpSpec, raisedFor: string | undefined): void {
  const { name: vip, sourceAddress: address, version, ...rest } = spec;
  refuse(vrrpFaults({ ...rest, vip, address, vrrpVersion: version, name: raisedFor }));
}

/** @throws SwarmError `VrrpValueInvalid` for a name that would leave its comment. */
export function requireNodeName(name: string | undefined): void {
  refuse(vrrpFaults({ name }));
}

function refuse([first]: readonly InputFailure[]): void {
  if (first === undefined) return;
  throw new SwarmError(
    'VrrpValueInvalid',
    `keepalived.conf: ${first.property} ${first.reason}; it would become a statement of its own; nothing was written; declare another value`,
    { source: 'user' },
  );
}
