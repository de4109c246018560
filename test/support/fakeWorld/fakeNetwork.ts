import type { HostNetwork } from '../../../effects/network';
import { addressesOf } from './addresses';
import { knowsFromIngress, probeFromIngress, probeLargeFromIngress } from './ingress';
import { isEngineRunning, machineAt } from './machines';
import type { MachineState, WorldState } from './state';
import { reach, type World } from './world';

export type Probe = 'open' | 'refused' | 'silent';

export function fakeNetwork(world: World, key: string): HostNetwork {
  return {
    addresses: () =>
      world.act({ operation: 'network.addresses', host: key, isChange: false }, (state) =>
        addressesOf(state, reach(state, key)),
      ),
    listen: (wake) => world.addressChanges.listen(key, wake),
    probe: async (address, port, timeoutSeconds = 5) => {
      const action = { operation: 'network.probe', host: key, isChange: false };
      const answer = await world.act(action, (state) =>
        probe(state, reach(state, key), address, port),
      );
      if (answer === 'silent') await world.clock.sleep(timeoutSeconds * 1000);
      return answer;
    },
    probeFromIngress: async (address, _port, timeoutSeconds = 2) => {
      const action = { operation: 'network.probeFromIngress', host: key, isChange: false };
      const answer = await world.act(action, (state) =>
        probeFromIngress(state, reach(state, key), address),
      );
      if (answer === 'silent') await world.clock.sleep(timeoutSeconds * 1000);
      return answer;
    },
    probeLargeFromIngress: async (address, _port, timeoutSeconds = 2) => {
      const action = { operation: 'network.probeLargeFromIngress', host: key, isChange: false };
      const found = await world.act(action, (state) =>
        probeLargeFromIngress(state, reach(state, key), address),
      );
      if (found.answer === 'silent') await world.clock.sleep(timeoutSeconds * 1000);
      return found;
    },
    knowsFromIngress: (address) =>
      world.act({ operation: 'network.knowsFromIngress', host: key, isChange: false }, (state) =>
        knowsFromIngress(state, reach(state, key), address),
      ),
    probeUdp: async (address, port, timeoutSeconds = 2) => {
      const action = { operation: 'network.probeUdp', host: key, isChange: false };
      const answer = await world.act(action, (state) =>
        probe(state, reach(state, key), address, port),
      );
      if (answer === 'refused') return answer;
      await world.clock.sleep(timeoutSeconds * 1000);
      return 'silent';
    },
    hasIpvs: () =>
      world.act({ operation: 'network.hasIpvs', host: key, isChange: false }, (state) => {
        const { lacksIpvs } = reach(state, key);
        return lacksIpvs === undefined ? undefined : !lacksIpvs;
      }),
  };
}

/** What a TCP connection to `address:port` meets. */
export function probe(state: WorldState, from: MachineState, address: string, port: number): Probe {
  const target = address.startsWith('127.') ? from : machineAt(state, address);
  if (target === undefined || !target.isOn || target.link === 'cut') return 'silent';
  if (target !== from && target.blockedPorts.includes(port)) return 'silent';
  return openPorts(state, target).has(port) ? 'open' : 'refused';
}

function openPorts(state: WorldState, machine: MachineState): ReadonlySet<number> {
  const open = new Set<number>([22, ...machine.openPorts]);
  const membership = machine.engine.membership;
  if (membership === undefined || !isEngineRunning(machine)) return open;
  open.add(7946);
  if (membership.isControlAvailable) open.add(2377);
  const swarm = state.swarms[membership.clusterId];
  for (const service of swarm?.services ?? []) {
    const runsHere = swarm?.tasks.some(
      (task) =>
        task.serviceId === service.id &&
        task.nodeId === membership.nodeId &&
        task.state === 'running',
    );
    for (const port of service.spec.ports) {
      if (port.mode === 'ingress' || runsHere === true) open.add(port.published);
    }
  }
  return open;
}
