import type { ClusterNodeArgs, MachineKind, SwarmClusterArgs } from '../../../components';
import { existingHosts, labMachines } from '../../../components';
import { nodeImageName } from '../../../core/nodeImage';

export const labArgs = { lab: 'test', subnet: '10.88.0.0/24' };
export const lab = labMachines(labArgs);

/** What machines of `clusterArgs` are made from. */
export const image = `NodeImage demo-${nodeImageName({ os: 'debian:12', packages: ['keepalived'] })}`;

/** Hosts that are reached with a key and a password of their own. */
export const hosts: MachineKind = existingHosts({
  connection: ({ name }) => ({
    user: 'admin',
    privateKey: `key of ${name}`,
    privateKeyPassword: `passphrase of ${name}`,
    password: `password of ${name}`,
  }),
});

const nodes = {
  m1: { name: 'm1', address: '10.88.0.11' },
  m2: { name: 'm2', address: '10.88.0.12' },
  m3: { name: 'm3', address: '10.88.0.13' },
  w1: { name: 'w1', address: '10.88.0.21' },
  w2: { name: 'w2', address: '10.88.0.22' },
  w3: { name: 'w3', address: '10.88.0.23' },
} as const satisfies Record<string, ClusterNodeArgs>;

export const managers: readonly ClusterNodeArgs[] = [nodes.m1, nodes.m2, nodes.m3];
export const workers: readonly ClusterNodeArgs[] = [nodes.w1, nodes.w2, nodes.w3];

/** Three managers, three workers, a virtual IP. */
export function clusterArgs(more: Partial<SwarmClusterArgs> = {}): SwarmClusterArgs {
  return {
    machine: lab,
    os: 'debian:12',
    managers,
    workers,
    vip: { addresses: ['10.88.0.100/24'], routerId: 51 },
    ...more,
  };
}

/** The order that the plan gives in most tests: the leader m1 last, w1 alone, then w2 and w3. */
export const order = {
  managers: ['m2', 'm3', 'm1'],
  batches: [['w1'], ['w2', 'w3']],
  maxUnavailable: 2,
} as const;
