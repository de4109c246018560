import * as pulumi from '@pulumi/pulumi';
import { SwarmCluster, SwarmStack, existingHosts } from '../components';

/**
 * An application of two compose files on a cluster; its release and its secrets come from the stack's
 * configuration.
 *
 *   pulumi config set release v4
 *   pulumi config set --secret databasePassword
 */
const config = new pulumi.Config();

const cluster = new SwarmCluster('production', {
  machine: existingHosts({ connection: () => ({ user: 'ops' }) }),
  managers: [
    { name: 'm1', address: '192.0.2.11' },
    { name: 'm2', address: '192.0.2.12' },
    { name: 'm3', address: '192.0.2.13' },
  ],
});

const shop = new SwarmStack('shop', {
  cluster,
  // From the folder of the program; the second adds to and overrides the first.
  files: ['compose/base.yml', 'compose/production.yml'],
  variables: { RELEASE: config.require('release') },
  // Declared under `secrets` in the compose files, without a `file`.
  secrets: { database_password: config.requireSecret('databasePassword') },
  onFailure: 'rollback',
});

export const isConverged = shop.isConverged;
