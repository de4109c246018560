import { SwarmError, errorMessage } from '../../../core/errors';
import { describeNoMajority, mayPause } from '../../../core/inPlace';
import { isStartFirst } from '../../../core/rollPolicy';
import { steps } from '../../../core/steps';
import { upgradeMarkPath } from '../../../core/upgradeMark';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import { drainNode } from '../balancer/drainNode';
import { backUpAfterDrain, backUpBeforeDrain } from '../backup/backUpRaft';
import { keepBaseline } from '../gate/keepBaseline';
import { passGate } from '../gate/passGate';
import { isNotOurs } from '../hold/held';
import { withHostLock } from '../hold/hostLock';
import type { HostLock } from '../hold/hostLock';
import { changeLeaseLabels, readLeaseLabels, withLease } from '../hold/lease';
import type { Lease } from '../hold/lease';
import { moveTasks } from '../move/moveTasks';
import { endRebalance } from '../move/endRebalance';
import { drain } from '../node/drain';
import { passOutageGate } from '../outage/passOutageGate';
import { beginTurn, policyOfTurn } from '../turn/turn';
import { hold, undoHold } from './hold';
import { keepEngine, writeUpgradeMark } from './keptEngine';
import { leaveVip } from './leaveVip';
import type { Upgrade } from './upgradeInPlace';

/** Keeps other runs out: by the lease, or where nobody else could keep one, by the lock of the host. */
export function guarded<T>(
  upgrade: Upgrade,
  what: string,
  action: (lease: Lease) => Promise<T>,
): Promise<T> {
  const { operation, host, node } = upgrade;
  const { gate } = timeoutsOf(node);
  return isAlone(upgrade)
    ? withHostLock(operation, host, what, gate, (lock) => action(asLease(upgrade, lock)))
    : withLease(operation, accessOf(node), what, gate, action);
}

/** The lock of a host in the place of the lease. */
export function asLease({ operation, node }: Upgrade, lock: HostLock): Lease {
  return {
    row: undefined,
    confirm: () => lock.confirm(),
    step: (sentence, action) => lock.step(sentence, action),
    readLabels: () => readLeaseLabels(operation, accessOf(node)),
    changeLabels: (change) => changeLeaseLabels(operation, accessOf(node), change),
  };
}

function isAlone({ node, members }: Upgrade): boolean {
  return node.role === 'manager' && members === 1;
}

/**
 * Gate, what is there kept, virtual IP handed over, drained and seen empty. A step that fails here leaves the
 * node available as it was, unless an interrupted run has begun to exchange its engine.
 */
export async function takeOutInPlace(upgrade: Upgrade, lease: Lease): Promise<void> {
  const { operation, host, node, entry, mark, isResumed } = upgrade;
  const { name } = node;
  try {
    // An interrupted run's: under its constraint nothing may become active again.
    const mover = { operation, access: accessOf(node), avoid: [name] };
    await endRebalance(mover, timeoutsOf(node).drain);
    await lease.step(steps.gate(name), () => passOwnGate(upgrade));
    if (!isResumed) {
      const turn = { returnsAs: name, ...policyOfTurn(upgrade.policy) };
      await beginTurn(operation, lease, node, turn, 'inPlace');
    }
    await lease.confirm();
    // From here on the next run finds what this one has begun.
    await writeUpgradeMark(host, mark);
    await keepBaseline({ operation, spec: node, lease });
    if (mark.phase === 'begun') {
      await lease.step(steps.keepEngine(name), () => keepEngine(host, mark.from));
    }
    if (node.role === 'manager') await leaveVip(operation, host, upgrade, lease);
    const going = {
      ...{ operation, spec: node, entry, lease, isDestroy: false, machine: host },
      backup: isResumed ? undefined : upgrade.policy.backup,
      isOutage: isAlone(upgrade),
      passGateAgain: () => lease.step(steps.gate(name), () => passOwnGate(upgrade)),
    };
    await backUpBeforeDrain(going);
    await drainNode(
      operation,
      { name, managers: node.managers, isAlive: true },
      (sentence, action) => lease.step(sentence, action),
    );
    if (isStartFirst(upgrade.policy, name) && !isAlone(upgrade)) {
      await lease.step(steps.moveTasks(name), () =>
        moveTasks({
          ...{ operation, access: accessOf(node), avoid: [name], name, nodeId: entry.id },
          timeoutSeconds: timeoutsOf(node).drain,
          pause: () => hold(operation, node, entry.id, 'pause'),
        }),
      );
    }
    await lease.step(steps.drain(name), async () => {
      await hold(operation, node, entry.id);
      await drain(going);
    });
    await backUpAfterDrain(going);
    await writeUpgradeMark(host, { ...mark, phase: 'kept' });
  } catch (error) {
    if (!isNotOurs(error) && !isResumed) await undo(upgrade);
    throw error;
  }
}

/**
 * Asked again right before the engine stops, since a drain takes minutes: the gate, and that the node is drained
 * and empty. Where that cannot be had any more the node is as before, unless its engine may be half exchanged.
 */
export async function seeOut(upgrade: Upgrade, lease: Lease): Promise<void> {
  const { operation, node, entry, isResumed } = upgrade;
  const going = {
    ...{ operation, spec: node, entry, lease, isDestroy: false },
    isOutage: isAlone(upgrade),
  };
  try {
    await lease.step(steps.gate(node.name), async () => {
      // Others of its batch are out as well by now, and wait for nobody.
      await passOwnGate(upgrade, Infinity);
      await hold(operation, node, entry.id);
      await drain(going);
    });
  } catch (error) {
    if (!isNotOurs(error) && !isResumed) await undo(upgrade);
    throw error;
  }
}

/** What cannot be undone now is undone by the next run, which finds the mark. */
async function undo({ operation, host, node, entry }: Upgrade): Promise<void> {
  try {
    await undoHold(operation, node, entry.id);
    await host.files.remove(upgradeMarkPath);
  } catch (error) {
    operation.log('warning', `${node.name} may be left drained: ${errorMessage(error)}`);
  }
}

/** @throws SwarmError `NoMajority` at once: waiting changes nothing there. */
async function passOwnGate(
  upgrade: Upgrade,
  maxUnavailable = upgrade.node.maxUnavailable ?? 1,
): Promise<void> {
  const { operation, node, members, policy } = upgrade;
  const { name, role } = node;
  const access = accessOf(node);
  const { gate: timeoutSeconds } = timeoutsOf(node);
  const isMember = role === 'manager';
  if (isMember && !mayPause(members, policy.allowOutage === true)) {
    throw new SwarmError(
      'NoMajority',
      `${name}: the managers are too few for it: ${describeNoMajority(members)}; nothing was touched`,
      { source: 'user' },
    );
  }
  if (isAlone(upgrade)) {
    await passOutageGate(operation, access, name, timeoutSeconds);
    return;
  }
  await passGate(operation, access, { name, role }, { maxUnavailable, timeoutSeconds });
}
