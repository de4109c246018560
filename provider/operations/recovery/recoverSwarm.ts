import type { ManagerContact } from '../../../core/connection';
import { SwarmError, errorMessage } from '../../../core/errors';
import { decideRecovery } from '../../../core/recovery';
import type { RecoveryPlan } from '../../../core/recovery';
import { isAnswering } from '../../../core/recoveryFacts';
import { parseRecoverFrom } from '../../../core/recoveryToken';
import { steps } from '../../../core/steps';
import { DockerApiError } from '../../../effects/docker';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { gatherRecovery } from './gatherRecovery';
import type { RecoveryAccess } from './gatherRecovery';
import { withHostLock } from '../hold/hostLock';
import type { HostLock } from '../hold/hostLock';
import { NoManagerError, findManager } from '../ask/managers';
import { forgetRecovery, readRecovery, writeRecovery } from './recoveryRecord';
import { waitUntil } from '../ask/waitUntil';

export interface RecoveryWish {
  /** `NAME@TOKEN`. */
  readonly from: string;
  /** Members that are lost for good, by name or address. */
  readonly lost: readonly string[];
}

/** Longest that a forced leave, the new leader and the removal of an entry may take each. */
const stepSeconds = 120;

/**
 * Makes one manager the only one after the quorum was lost for good, and takes the entries of the other
 * members out. With a quorum it does nothing but finish what an interrupted recovery began, and warn.
 *
 * Every other member is gone, lost by the user's word, or made to leave by force before; what is decided
 * is decided under the lock of the survivor's host, so that of two runs only one recovers.
 *
 * @throws SwarmError `RecoveryRefused` with every reason; nothing was touched.
 */
export async function recoverSwarm(
  operation: Operation,
  access: RecoveryAccess,
  wish: RecoveryWish,
): Promise<void> {
  const survivor = survivorOf(access, wish);
  const leader = await leaderOf(operation, access);
  const host = survivor === undefined ? undefined : await hostOf(operation, survivor);
  if (leader !== undefined) operation.log('warning', recoveryNotNeeded(operation.name, [leader]));
  if (survivor === undefined || host === undefined) {
    // Nothing to lock. Without a leader the decision says what is wrong with such a survivor.
    if (leader === undefined) await decide(operation, access, wish);
    return;
  }
  if (leader !== undefined && (await readRecovery(host)) === undefined) return;
  await withHostLock(
    operation,
    host,
    steps.recover(survivor.name),
    2 * stepSeconds,
    async (lock) => {
      const plan = leader === undefined ? await decide(operation, access, wish) : undefined;
      if (plan !== undefined) await carryOut(operation, access, plan, host, lock);
      await removeEntries(operation, host, survivor, lock);
    },
  );
}

/** A manager that sees the leader of this very swarm; with one there is nothing to recover. */
async function leaderOf(
  operation: Operation,
  { clusterId, managers }: RecoveryAccess,
): Promise<string | undefined> {
  if (clusterId === undefined) return undefined;
  try {
    return (await findManager(operation, { clusterId, managers })).contact.name;
  } catch (error) {
    if (error instanceof NoManagerError) return undefined;
    throw error;
  }
}

async function hostOf(operation: Operation, contact: ManagerContact): Promise<Host | undefined> {
  try {
    return await operation.effects.hosts.connect(contact.connection);
  } catch (error) {
    operation.status(`${contact.name}: ${errorMessage(error)}`);
    return undefined;
  }
}

function survivorOf(
  { managers }: RecoveryAccess,
  { from }: RecoveryWish,
): ManagerContact | undefined {
  const name = parseRecoverFrom(from)?.name;
  return managers.find((contact) => contact.name === name);
}

/** The plan; undefined: there is a leader, and nothing to recover. @throws SwarmError `RecoveryRefused`. */
async function decide(
  operation: Operation,
  access: RecoveryAccess,
  { from, lost }: RecoveryWish,
): Promise<RecoveryPlan | undefined> {
  const facts = await gatherRecovery(operation, access);
  if (facts.leaderSeenBy.length > 0 || !facts.managers.some(isAnswering)) {
    operation.log('warning', recoveryNotNeeded(operation.name, facts.leaderSeenBy));
    return undefined;
  }
  const { plan, reasons } = decideRecovery(from, lost, facts);
  if (plan !== undefined) return plan;
  throw new SwarmError(
    'RecoveryRefused',
    `${operation.name}: the swarm is not recovered: ${reasons.map(({ message }) => message).join('; ')}; nothing was touched; see docs/recovery.md`,
    { source: 'user' },
  );
}

/** What a `recoverFrom` that stays in the configuration is worth. */
export function recoveryNotNeeded(subject: string, leaderSeenBy: readonly string[]): string {
  const why =
    leaderSeenBy.length > 0
      ? `${leaderSeenBy.join(', ')} sees a leader`
      : 'no declared manager is in a swarm';
  return `${subject}: recoverFrom does nothing, since ${why}; remove it from the configuration: \`pulumi config rm recoverFrom\``;
}

async function carryOut(
  operation: Operation,
  access: RecoveryAccess,
  plan: RecoveryPlan,
  host: Host,
  lock: HostLock,
): Promise<void> {
  // Once the survivor is alone nobody tells any more whose entries are to go.
  await writeRecovery(host, { clusterId: plan.clusterId, otherIds: plan.otherIds });
  for (const { name } of plan.leaving) {
    const contact = access.managers.find((one) => one.name === name);
    if (contact === undefined) throw new Error(`${name} is to leave, and is no contact`);
    const { docker } = await operation.effects.hosts.connect(contact.connection);
    await lock.step(steps.abandon(name), () =>
      waitUntil(operation, `${name} is out of its swarm`, stepSeconds, async () => {
        const { localNodeState } = await docker.info();
        if (localNodeState === 'inactive') return true;
        await docker.swarmLeave({ force: true });
        return `it is ${localNodeState}`;
      }),
    );
  }
  const { name, address, standing } = plan.survivor;
  // An engine that has been in overlay networks before it is made the only manager never announces its own
  // addresses in them again: nothing would reach its tasks (seen on 20.10.24). A fresh one does.
  await lock.step(steps.restartEngine(name), async () => {
    await host.systemd.restart('docker.service');
    await waitUntil(operation, `${name} acts as a manager again`, stepSeconds, async () => {
      const { isControlAvailable, localNodeState } = await host.docker.info();
      return isControlAvailable || `it is ${localNodeState}`;
    });
  });
  const known = standing.kind === 'manager' ? standing.info?.nodeAddress : undefined;
  await lock.step(steps.recover(name), async () => {
    await host.docker.forceNewCluster({
      advertiseAddress: known === undefined || known === '' ? address : known,
    });
    await waitUntil(operation, `${name} leads the swarm alone`, stepSeconds, async () => {
      const info = await host.docker.info();
      if (info.clusterId !== undefined && info.clusterId !== plan.clusterId) {
        throw new SwarmError(
          'OtherSwarm',
          `${name}: it is in swarm ${info.clusterId} now, not in ${plan.clusterId}; nothing more was done; find out who made it so`,
          { source: 'world' },
        );
      }
      return (info.clusterId !== undefined && info.error === '') || info.error;
    });
  });
  operation.log(
    'warning',
    `${name} carries swarm ${plan.clusterId} on as its only manager. ` +
      'A manager that was lost remembers the old swarm: let it run `docker swarm leave --force` before, or as soon as, it is switched on again. ' +
      'Remove `recoverFrom` from the configuration; `pulumi up --refresh` builds the other managers again.',
  );
}

/**
 * By ID, and only what a recovery made no member: such an entry is wanted as a manager still. One that was
 * demoted is somebody's worker, in a swarm whose managers came back while a recovery was under way.
 */
async function removeEntries(
  operation: Operation,
  host: Host,
  { name }: ManagerContact,
  lock: HostLock,
): Promise<void> {
  const record = await readRecovery(host);
  if (record === undefined) return;
  const { clusterId } = await host.docker.info();
  if (clusterId === record.clusterId) {
    const nodes = await host.docker.nodes();
    const stale = nodes.filter(
      ({ id, managerStatus, role }) =>
        record.otherIds.includes(id) && managerStatus === undefined && role === 'manager',
    );
    for (const node of stale) {
      await lock.step(steps.remove(node.hostname), async () => {
        try {
          await host.docker.removeNode(node.id, { force: true });
        } catch (error) {
          if (!(error instanceof DockerApiError && error.statusCode === 404)) throw error;
        }
      });
    }
  }
  if (clusterId !== undefined) await forgetRecovery(host);
  else operation.status(`${name} has no leader; what its recovery left is removed by the next run`);
}
