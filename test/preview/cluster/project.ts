import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FakeWorld } from '../../support/fakeWorld/fakeWorld';
import { createProject, temporaryDirectory, type Project, type StateResource } from '../harness';
import type { Declaration } from './program';
import { worldFileVariable } from './world';

/** A cluster of lab machines in a fake world, on the real engine. */
export interface ClusterProject extends Project {
  readonly world: FakeWorld;
  declareCluster(declaration: Declaration): void;
  /** URN of the only resource of this type (last part) and name. */
  urnOf(type: string, name: string): Promise<string>;
  /** A line of the body of every machine's private host key, as it would show in any log. */
  privateKeys(): Promise<readonly string[]>;
  /** The event log of the n-th run, debug lines included. */
  eventLog(run: number): string;
}

export async function createClusterProject(): Promise<ClusterProject> {
  const directory = temporaryDirectory('swarm-cluster-');
  const file = join(directory, 'world.json');
  const project = await createProject({
    program: join(__dirname, 'program.js'),
    provider: { name: 'swarm', module: join(__dirname, 'provider.js') },
    environment: { [worldFileVariable]: file },
  });
  project.declare({ managers: [] } satisfies Declaration);
  return {
    ...project,
    world: FakeWorld.open(file),
    declareCluster: (declaration) => {
      project.declare(declaration);
    },
    urnOf: async (type, name) => {
      const { resources } = await project.state();
      const urn = resources.find(
        (each) => each.type === `swarm:index:${type}` && each.urn.endsWith(`::${name}`),
      )?.urn;
      if (urn === undefined) throw new Error(`${type} ${name} is not in the state`);
      return urn;
    },
    privateKeys: async () => {
      const text = await project.pulumi('stack', 'export', '--show-secrets', '--stack=test');
      const { resources } = (JSON.parse(text) as { deployment: { resources: StateResource[] } })
        .deployment;
      return resources
        .filter(({ type }) => type === 'swarm:index:HostIdentity')
        .map(({ outputs }) =>
          bodyLine((outputs?.['privateKey'] as { plaintext: string }).plaintext),
        );
    },
    eventLog: (run) => readFileSync(join(project.directory, `events-${String(run)}.jsonl`), 'utf8'),
    dispose: () => {
      project.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The second line of the key's body: the first is the same in every key of its kind. */
function bodyLine(plaintext: string): string {
  const line = (JSON.parse(plaintext) as string).split('\n')[2];
  if (line === undefined || line.length < 40) throw new Error('this is no OpenSSH private key');
  return line;
}
