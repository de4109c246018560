import { isLabConnection } from '../../../core/connection';
import type { Connection, ManagerContact } from '../../../core/connection';
import { errorMessage } from '../../../core/errors';
import type { EngineInfo } from '../../../core/facts';
import { electionSeconds, isAnswering } from '../../../core/recoveryFacts';
import type { RecoveryFacts, RecoverySight } from '../../../core/recoveryFacts';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { hostStanding } from '../ask/hostStanding';

/** Where to look; `clusterId` is undefined while no state knows the swarm. */
export interface RecoveryAccess {
  readonly clusterId: string | undefined;
  readonly managers: readonly ManagerContact[];
}

/**
 * Looks at every declared manager at once, and watches those that answer for as long as an election may
 * take: without a leader only the nodes themselves tell who they are. Never throws.
 */
export async function gatherRecovery(
  operation: Operation,
  access: RecoveryAccess,
): Promise<RecoveryFacts> {
  const { clock } = operation.effects;
  const { clusterId } = access;
  const managers = await Promise.all(access.managers.map((contact) => look(operation, contact)));
  const seconds = (): number => (clock.monotonicMs() - began) / 1000;
  const began = clock.monotonicMs();
  let leaderSeenBy = seersOf(managers, clusterId);
  const answering = managers.filter(isAnswering).map(({ name }) => name);
  while (leaderSeenBy.length === 0 && answering.length > 0 && seconds() < electionSeconds) {
    operation.status(
      `no leader is seen by ${answering.join(', ')}; an election may take ${String(electionSeconds)} s`,
    );
    await clock.sleep(2000, operation.signal);
    const again = await Promise.all(
      access.managers
        .filter(({ name }) => answering.includes(name))
        .map((contact) => look(operation, contact)),
    );
    leaderSeenBy = seersOf(again, clusterId);
  }
  return { clusterId, managers, leaderSeenBy, leaderlessSeconds: seconds() };
}

/** Only with a leader does a manager tell the ID of its swarm. */
function seersOf(managers: readonly RecoverySight[], clusterId: string | undefined): string[] {
  return managers.flatMap(({ name, standing }) => {
    const seen = standing.kind === 'manager' ? standing.info?.clusterId : undefined;
    return seen !== undefined && seen === (clusterId ?? seen) ? [name] : [];
  });
}

async function look(operation: Operation, contact: ManagerContact): Promise<RecoverySight> {
  const { name, address, connection } = contact;
  const of = (standing: RecoverySight['standing']): RecoverySight => ({ name, address, standing });
  const standing = await hostStanding(operation, connection);
  switch (standing.kind) {
    case 'absent':
      return of({ kind: 'gone', why: 'its lab has no such machine' });
    case 'none':
      return of({ kind: 'outside' });
    case 'member':
    // Once it is unlocked it may be a part of the majority.
    case 'locked':
      return of(await ownWord(standing.host, standing.info));
    case 'unknown':
      if (standing.host !== undefined) return of(await ownWord(standing.host, undefined));
      return (await isSwitchedOff(operation, connection))
        ? of({ kind: 'gone', why: 'its lab has it switched off' })
        : of({ kind: 'silent', why: standing.why });
  }
}

/** Who a node is, by its own certificate. */
async function ownWord(
  host: Host,
  info: EngineInfo | undefined,
): Promise<RecoverySight['standing']> {
  try {
    const certificate = await host.docker.nodeCertificate();
    // Without one it was never let into a swarm: a join that is still pending.
    if (certificate?.role !== 'manager') return { kind: 'outside' };
    const { clusterId, nodeId, isKeyEncrypted } = certificate;
    return { kind: 'manager', clusterId, nodeId, isAutolocked: isKeyEncrypted, info };
  } catch (error) {
    return { kind: 'silent', why: errorMessage(error) };
  }
}

/** The lab's own records are the authority on that. */
async function isSwitchedOff(operation: Operation, connection: Connection): Promise<boolean> {
  if (!isLabConnection(connection)) return false;
  try {
    const record = await operation.effects.lab.record(connection.lab, connection.machine);
    return record?.isRunning === false;
  } catch {
    return false;
  }
}
