import * as pulumi from '@pulumi/pulumi';
import { Swarm, SwarmManager, existingHosts } from '../components';
import type { ManagerContact } from '../components';

/**
 * One more manager for a swarm that is there already, and was made by other means.
 *
 *   pulumi config set clusterId "$(docker info --format '{{.Swarm.Cluster.ID}}')"   # on a manager
 *
 * Nothing but the gate protects the swarm here: every step that takes this manager out waits until
 * the others carry the swarm. A chain with other managers, one at a time, is what SwarmCluster adds.
 */
const machine = existingHosts({ connection: () => ({ user: 'ops' }) });
const contact = (name: string, address: string): ManagerContact => ({
  name,
  address,
  connection: machine.connection({ name, address }),
});
// Every manager, the new one too: the ways to the swarm, and those that the gate asks.
const managers = [
  contact('m1', '192.0.2.11'),
  contact('m2', '192.0.2.12'),
  contact('m3', '192.0.2.13'),
  contact('m4', '192.0.2.14'),
];

// Taking a swarm over writes our labels to it, and changes nothing else. Nodes that this package did
// not join are left alone.
const swarm = new Swarm('production', {
  name: 'production',
  adopt: new pulumi.Config().require('clusterId'),
  managers,
  declared: { managers: managers.map(({ name }) => name), workers: [] },
});

const manager = new SwarmManager('m4', {
  address: '192.0.2.14',
  machine,
  clusterId: swarm.clusterId,
  managers,
});

export const nodeId = manager.nodeId;
