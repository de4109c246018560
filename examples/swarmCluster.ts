import * as pulumi from '@pulumi/pulumi';
import { SwarmCluster, existingHosts } from '../components';

/**
 * A whole cluster of machines that are there already: three managers, two workers, a virtual IP.
 *
 *   pulumi config set --secret sshKey < ~/.ssh/id_ed25519
 */
const config = new pulumi.Config();

const cluster = new SwarmCluster('production', {
  // The way to a host is plain data, known before anything is registered: `get`, and no output.
  // The key is encrypted in the state all the same.
  machine: existingHosts({
    connection: () => ({ user: 'ops', privateKey: config.require('sshKey') }),
  }),
  managers: [
    { name: 'm1', address: '192.0.2.11' },
    { name: 'm2', address: '192.0.2.12' },
    { name: 'm3', address: '192.0.2.13' },
  ],
  workers: [
    { name: 'w1', address: '192.0.2.21', labels: { disk: 'ssd' } },
    { name: 'w2', address: '192.0.2.22', onLocalData: 'keep' },
  ],
  vip: { addresses: ['192.0.2.100/24'], routerId: 51 },
});

export const clusterId = cluster.clusterId;
