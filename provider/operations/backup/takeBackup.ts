import { join } from 'node:path';
import { keysToTry } from '../../../core/autolock';
import { backupName, renderBackup } from '../../../core/backup';
import type { BackupDescription } from '../../../core/backup';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { SwarmNodeFacts } from '../../../core/facts';
import { whyNoRaftState } from '../../../core/outage';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { isNotOurs } from '../hold/held';
import { swarmStateFile } from '../ask/hostStanding';
import { noteTaken } from './backupsTaken';
import { stopDaemon } from '../host/engineSetup';
import { startEngineAgain } from './interruptedBackup';
import type { Lease } from '../hold/lease';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { unlockManagers } from '../swarm/unlockManagers';
import { waitUntil } from '../ask/waitUntil';

/** A manager whose raft state is brought here. */
export interface Source {
  readonly spec: NodeInputs;
  readonly node: SwarmNodeFacts;
  readonly host: Host;
  readonly directory: string;
}

/** Why the engine of a manager may not be stopped, asked right before that; undefined: it may. */
type WhyNot = (nodeId: string, nodes: readonly SwarmNodeFacts[]) => string | undefined;

/** One step: what it stops is started again in it, whatever becomes of the copy. */
export async function takeBackup(
  operation: Operation,
  lease: Lease,
  source: Source,
  whyNot: WhyNot,
): Promise<void> {
  const { spec } = source;
  const access = accessOf(spec);
  const avoid = [spec.name];
  // Held before the engine stops: it may come back locked.
  const key = await askManager(operation, access, ({ docker }) => docker.unlockKey(), { avoid });
  await lease.step(steps.backUp(spec.name), async () => {
    let failure: unknown;
    try {
      await stopAndCopy(operation, source, whyNot);
    } catch (error) {
      failure = error;
    }
    await bringBack(operation, source, key, failure);
    if (failure !== undefined) throw failed(spec.name, failure, undefined);
  });
  noteTaken(operation, spec.clusterId);
}

/**
 * Stops the engine, brings its raft state here, sees that it is whole, and writes beside it what it is.
 *
 */
export async function stopAndCopy(
  operation: Operation,
  source: Source,
  whyNot: WhyNot,
): Promise<BackupDescription> {
  const { spec, node, host, directory } = source;
  const { local, clock } = operation.effects;
  const { engineVersion } = await host.docker.info();
  const [{ clusterId, isAutolocked }, nodes] = await askManager(
    operation,
    accessOf(spec),
    ({ docker }) => Promise.all([docker.swarm(), docker.nodes()]),
    { avoid: [spec.name] },
  );
  const why = whyNot(node.id, nodes);
  if (why !== undefined) throw new Error(why);
  if ((await host.files.read(swarmStateFile)) === undefined) {
    throw new Error(
      `its engine keeps its swarm elsewhere than in ${raftDirectory} (another data-root?); it was not stopped`,
    );
  }
  operation.status(`${spec.name}: the engine is stopped for the backup`);
  await stopDaemon(host);
  const at = clock.now();
  const name = backupName(clusterId, spec.name, at);
  const archive = join(directory, `${name}.tar`);
  operation.status(`${spec.name}: its raft state is brought to ${archive}`);
  await host.files.archive(raftDirectory, archive);
  try {
    const state = await host.systemd.state('docker.service');
    if (state !== 'inactive' && state !== 'failed') {
      throw new Error(`the engine was started meanwhile (${state}), so the copy is none`);
    }
    const missing = whyNoRaftState(await local.tarMembers(archive));
    if (missing !== undefined) throw new Error(`the copy is no raft state: ${missing}`);
    const description = {
      ...{ clusterId, nodeId: node.id, node: spec.name, address: spec.address },
      ...{ engineVersion, isAutolocked, takenAt: at.toISOString(), archive: `${name}.tar` },
      ...{ bytes: await local.size(archive), sha256: await local.sha256(archive) },
    };
    await local.writePrivate(join(directory, `${name}.json`), renderBackup(description));
    return description;
  } catch (error) {
    // An archive without its description would be taken for a backup.
    await local.remove(archive);
    throw error;
  }
}

/** Where the engine keeps what it knows of its swarm. */
export const raftDirectory = '/var/lib/docker/swarm';

/** Until it is seen reachable by the others and in control by its own word. */
export async function bringBack(
  operation: Operation,
  { spec, node, host }: Omit<Source, 'directory'>,
  key: string | undefined,
  failure: unknown,
): Promise<void> {
  const { name } = spec;
  try {
    await startEngineAgain(operation, name, host);
    const info = await host.docker.info();
    if (info.localNodeState === 'locked') {
      const locked = [{ name, docker: host.docker }];
      await unlockManagers(operation, locked, keysToTry(key, {}, undefined));
    }
    await waitUntil(operation, `${name} is back`, timeoutsOf(spec).ready, async () => {
      const { isControlAvailable, error } = await host.docker.info();
      if (!isControlAvailable || error !== '') return `it is not in control: ${error}`;
      const nodes = await askManager(operation, accessOf(spec), ({ docker }) => docker.nodes(), {
        avoid: [name],
      });
      const entry = nodes.find(({ id }) => id === node.id);
      const reachability = entry?.managerStatus?.reachability ?? 'no member of raft';
      if (reachability !== 'reachable') return `the others see it ${reachability}`;
      return entry?.state === 'ready' || `it is ${entry?.state ?? 'not listed'}`;
    });
  } catch (error) {
    if (failure === undefined || isNotOurs(error)) throw error;
    throw failed(name, failure, error);
  }
}

function failed(name: string, failure: unknown, second: unknown): SwarmError {
  const state =
    second === undefined
      ? 'its engine runs again, and no manager was taken out'
      : `its engine is not back (${errorMessage(second)}), and no manager was taken out`;
  return new SwarmError(
    'BackupFailed',
    `${name}: the raft state was not backed up (${errorMessage(failure)}); ${state}; mend that and run \`pulumi up\` again, or take \`backup\` out of the declaration for this run`,
    { source: 'world', cause: failure },
  );
}
