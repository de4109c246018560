import type * as pulumi from '@pulumi/pulumi';
import { KeepalivedVip, Swarm, SwarmManager, existingHosts } from '../components';
import type { ManagerContact } from '../components';

/**
 * A virtual IP on three managers that are declared one by one.
 *
 * `startAfter` is the chain that SwarmCluster would make: each manager waits for the last link of the
 * one before. Its order is fixed here, whoever leads; SwarmCluster looks who does, and takes it last.
 */
const addresses: Readonly<Record<string, string>> = {
  m1: '192.0.2.11',
  m2: '192.0.2.12',
  m3: '192.0.2.13',
};
const machine = existingHosts({ connection: () => ({ user: 'ops' }) });
const managers = Object.entries(addresses).map(([name, address]): ManagerContact => ({
  name,
  address,
  connection: machine.connection({ name, address }),
}));

// The swarm is founded on the first engine, and the first node joins the swarm: one of the two has to
// be promised before it is there.
let found: (engine: pulumi.Resource) => void = () => undefined;
const founder = new Promise<pulumi.Resource>((resolve) => {
  found = resolve;
});
const swarm = new Swarm(
  'production',
  {
    name: 'production',
    managers,
    declared: { managers: Object.keys(addresses), workers: [] },
  },
  { dependsOn: founder },
);

const vip = new KeepalivedVip('production-vip', { addresses: ['192.0.2.100/24'], routerId: 51 });

let before: SwarmManager | undefined;
for (const { name, address } of managers) {
  const manager: SwarmManager = new SwarmManager(name, {
    address,
    machine,
    managers,
    clusterId: swarm.clusterId,
    vip,
    ...(before === undefined ? {} : { startAfter: [before.last] }),
  });
  if (before === undefined) found(manager.engine);
  before = manager;
}

export const clusterId = swarm.clusterId;
