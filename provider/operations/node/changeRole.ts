import type { SwarmNodeFacts } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { withLease } from '../hold/lease';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { passGate } from '../gate/passGate';
import { refusePromotion } from './joinContacts';
import { updateNode } from './putNodeIn';
import { catchUpMembers, takeSnapshotsFor } from '../swarm/raftSnapshots';
import { seenAsWorker } from './ownDemotion';
import { demoteAndWait } from './takeOut';

/** Promotes or demotes a node that is in the swarm, in place. A demotion passes the gate as any step that takes a manager out. */
export async function changeRole(
  operation: Operation,
  spec: NodeInputs,
  entry: SwarmNodeFacts,
): Promise<void> {
  if (spec.role === 'manager') {
    await refusePromotion(operation, spec, entry);
    const { hostname, engineVersion } = entry;
    await takeSnapshotsFor(operation, accessOf(spec), { name: hostname, engineVersion });
    // The rest is waited for by the caller: reachable, and in control by its own word.
    await operation.step(steps.promote(spec.name), () =>
      updateNode(operation, spec, entry.id, { role: 'manager' }),
    );
    return;
  }
  const access = accessOf(spec);
  const { gate, demote } = timeoutsOf(spec);
  await withLease(operation, access, `demote ${spec.name}`, gate, async (lease) => {
    await lease.step(steps.gate(spec.name), () =>
      passGate(
        operation,
        access,
        { name: spec.name, role: 'manager' },
        { maxUnavailable: spec.maxUnavailable ?? 1, timeoutSeconds: gate },
      ),
    );
    await catchUpMembers(operation, access, spec.name);
    await lease.step(steps.demote(spec.name), async () => {
      await demoteAndWait(operation, access, entry.id, demote);
      const host = await operation.effects.hosts.connect(spec.connection);
      await seenAsWorker(operation, host, demote);
    });
  });
}
