import * as pulumi from '@pulumi/pulumi';
import { Swarm, SwarmWorker, existingHosts } from '../components';

/**
 * One worker for a swarm that is there already, and was made by other means.
 *
 *   pulumi config set clusterId "$(docker info --format '{{.Swarm.Cluster.ID}}')"   # on a manager
 *
 * Nothing but the gate protects the swarm here: it lets this worker go when every manager answers and
 * no more than `maxUnavailable` declared workers are out. Batches after a canary are what SwarmCluster
 * adds.
 */
const machine = existingHosts({ connection: () => ({ user: 'ops' }) });
const managers = [
  { name: 'm1', address: '192.0.2.11' },
  { name: 'm2', address: '192.0.2.12' },
  { name: 'm3', address: '192.0.2.13' },
].map((node) => ({ ...node, connection: machine.connection(node) }));

// Taking a swarm over writes our labels to it, and changes nothing else. Nodes that this package did
// not join are left alone.
const swarm = new Swarm('production', {
  name: 'production',
  adopt: new pulumi.Config().require('clusterId'),
  managers,
  declared: { managers: managers.map(({ name }) => name), workers: ['w3'] },
});

const worker = new SwarmWorker('w3', {
  address: '192.0.2.23',
  machine,
  clusterId: swarm.clusterId,
  managers,
  labels: { disk: 'ssd' },
});

export const nodeId = worker.nodeId;
