import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { balancerContract } from './balancer.contract';

balancerContract(
  'HAProxy of the fake world',
  async () => {
    const world = new FakeWorld();
    world.addHost({ name: 'a', address: '10.0.0.1' });
    world.addHost({ name: 'b', address: '10.0.0.2', os: 'debian:13' });
    const { clock, hosts } = world.effects();
    return {
      clock,
      a: { host: await hosts.connect({ host: '10.0.0.1' }), address: '10.0.0.1' },
      b: { host: await hosts.connect({ host: '10.0.0.2' }), address: '10.0.0.2' },
      freeAddress: '10.0.0.99',
      serve: (port, isOn) => {
        world.editMachine('b', (machine) => (machine.openPorts = isOn ? [port] : []));
        return Promise.resolve();
      },
    };
  },
  () => Promise.resolve(),
);
