import type { InterfaceAddress } from '../../../effects/network';
import { isEngineRunning } from './machines';
import type { MachineState, WorldState } from './state';
import { heldVips } from './vip';

/** Every address of a machine, as it sees them itself. */
export function addressesOf(state: WorldState, machine: MachineState): readonly InterfaceAddress[] {
  return [
    { interface: 'lo', address: '127.0.0.1', prefixLength: 8 },
    {
      interface: machine.interface,
      address: machine.address,
      prefixLength: machine.prefixLength,
    },
    ...(isEngineRunning(machine)
      ? [{ interface: 'docker0', address: '172.17.0.1', prefixLength: 16 }]
      : []),
    ...heldVips(state, machine).map((address) => ({
      interface: machine.interface,
      address,
      prefixLength: machine.prefixLength,
    })),
    ...machine.addedAddresses,
  ];
}
