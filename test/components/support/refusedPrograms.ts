import { SwarmCluster, SwarmWorker } from '../../../components';
import { clusterArgs, lab, order } from './declarations';
import { recordProgram } from './recordedProgram';

/**
 * Programs that end with an error. Each runs in a process of its own (`runRefused`): a rejected
 * component is an unhandled rejection, as Pulumi wants it, and the test runner takes every one of its
 * process for a failure.
 */
const programs = {
  faultyDeclaration: () => ({
    program: () => {
      new SwarmCluster(
        'demo',
        clusterArgs({
          managers: [
            { name: 'm1', address: '10.88.0.11' },
            { name: 'm_2', address: '10.88.0.11' },
          ],
          workers: [{ name: 'm1', address: 'nowhere', labels: { 'com.pulumi.swarm.os': 'x' } }],
          vip: { addresses: ['10.88.0.11/24', '10.88.0.100'], routerId: 256 },
          maxUnavailable: 'many',
        }),
      );
    },
    plan: order,
  }),
  unsafePlan: () => ({
    program: () => {
      new SwarmCluster('demo', clusterArgs());
    },
    plan: {
      ...order,
      turns: ['replace manager m2', 'replace manager m3'],
      reasons: ['m3 does not answer: no route', 'manager m3 is unreachable'],
    },
  }),
  machineWithoutOs: () => ({
    program: () => {
      new SwarmWorker('w1', {
        address: '10.88.0.21',
        machine: lab,
        clusterId: 'cluster-1',
        managers: [],
      });
    },
    plan: order,
  }),
} as const;

export type RefusedProgram = keyof typeof programs;

/** What a refused program printed last. */
export interface Refusal {
  readonly registered: readonly string[];
  readonly calls: readonly string[];
  /** What Pulumi would print for the errors: the stack, where one is kept. */
  readonly printed: readonly string[];
}

async function main(name: RefusedProgram): Promise<void> {
  const errors = new Set<Error>();
  process.on('unhandledRejection', (error) => {
    errors.add(error as Error);
  });
  const { program, plan } = programs[name]();
  const recording = await recordProgram(() => {
    try {
      program();
    } catch (error) {
      errors.add(error as Error);
    }
  }, plan);
  // Rejections are reported after the microtasks of the turn in which they happened.
  await new Promise((resolve) => setImmediate(resolve));
  const refusal: Refusal = {
    registered: recording.names(),
    calls: recording.calls.map(({ token }) => token),
    printed: [...errors].map((error) => error.stack ?? error.message),
  };
  // On a line of its own: without an engine, Pulumi's log goes to standard output as well.
  process.stdout.write(`\n${JSON.stringify(refusal)}`);
}

if (require.main === module) void main(process.argv[2] as RefusedProgram);
