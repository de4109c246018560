import {
  mayLeaveBehind,
  maybeBehind,
  snapshotsAsBefore,
  snapshotsAtEveryEntry,
  type SnapshotChange,
} from '../../../core/raftSnapshots';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { askManager, type SwarmAccess } from '../ask/managers';

/**
 * Before a node becomes a member of raft: where a leader would leave it behind (core/raftSnapshots.ts),
 * snapshots are taken at every entry until `endSnapshots`. A run that is killed between the two leaves the
 * short interval; the run that finishes the node puts it back.
 */
export async function takeSnapshotsFor(
  operation: Operation,
  access: SwarmAccess,
  newcomer: { readonly name: string; readonly engineVersion: string },
): Promise<void> {
  const { name, engineVersion } = newcomer;
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), {
    avoid: [name],
  });
  if (!mayLeaveBehind(nodes, engineVersion)) return;
  await operation.step(steps.snapshots(name), () =>
    change(operation, access, name, snapshotsAtEveryEntry),
  );
}

/** After the node was seen ready. The change is itself an entry, of which a snapshot is taken: the last one lists the node. */
export async function endSnapshots(
  operation: Operation,
  access: SwarmAccess,
  name: string,
): Promise<void> {
  const swarm = await askManager(operation, access, ({ docker }) => docker.swarm());
  if (snapshotsAsBefore(swarm) === undefined) return;
  await operation.step(steps.snapshotsAsBefore(name), () =>
    change(operation, access, name, snapshotsAsBefore),
  );
}

/**
 * Before a manager goes: members that somebody made with such a leader before us may be behind, and nothing
 * tells. The change back is an entry of which a snapshot is taken, and a snapshot that lists them brings them up
 * to date within a heartbeat.
 */
export async function catchUpMembers(
  operation: Operation,
  access: SwarmAccess,
  going: string,
): Promise<void> {
  const nodes = await askManager(operation, access, ({ docker }) => docker.nodes(), {
    avoid: [going],
  });
  const behind = maybeBehind(nodes);
  if (behind.length === 0) return;
  await operation.step(steps.snapshots(behind.join(', ')), async () => {
    await change(operation, access, going, snapshotsAtEveryEntry);
    await change(operation, access, going, snapshotsAsBefore);
  });
}

async function change(
  operation: Operation,
  access: SwarmAccess,
  avoid: string,
  decide: (swarm: Parameters<typeof snapshotsAsBefore>[0]) => SnapshotChange | undefined,
): Promise<void> {
  await askManager(
    operation,
    access,
    async ({ docker }) => {
      const decided = decide(await docker.swarm());
      if (decided !== undefined) await docker.setSnapshotInterval(decided.interval, decided.labels);
    },
    { avoid: [avoid] },
  );
}
