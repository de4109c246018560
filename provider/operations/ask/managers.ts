import { describeLocked } from '../../../core/autolock';
import type { ManagerContact } from '../../../core/connection';
import { contactOrder } from '../../../core/contacts';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { DockerApi } from '../../../effects/docker';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { askSideBySide } from './askSideBySide';
import { forgetLive, mayBeNoManager, noteLive, recentlyLive } from './recentlyLive';

/** A swarm and the way to it. */
export interface SwarmAccess {
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
}

/** A manager that answered, is in control, and is in the right swarm. */
export interface LiveManager {
  readonly contact: ManagerContact;
  readonly docker: DockerApi;
  readonly nodeId: string;
  /** It said so a moment ago, and was not asked again. */
  readonly isRecent?: true;
}

/** Why none of the managers could be used: one sentence per manager. */
export class NoManagerError extends SwarmError {
  constructor(
    subject: string,
    readonly whys: readonly string[],
    /** There is no swarm left to ask: every declared manager says itself that it is in none, or has no machine by its lab's own records. */
    readonly isGone: boolean,
  ) {
    super('NoManager', `${subject}: no manager of the swarm can be used: ${whys.join('; ')}`, {
      source: 'world',
    });
  }
}

/**
 * The first declared manager that is in control of this very swarm. `avoid` names nodes that are
 * asked last, e.g. the one that is about to go. Where the first does not answer at once the others are
 * asked beside it, so that several silent ones cost the time of one.
 *
 * @throws NoManagerError
 */
export async function findManager(
  operation: Operation,
  access: SwarmAccess,
  avoid: readonly string[] = [],
  find: { readonly mayBeRecent?: boolean } = {},
): Promise<LiveManager> {
  const now = operation.effects.clock.monotonicMs();
  const isWithin = (since: ReadonlyMap<string, number>, milliseconds: number, name: string) =>
    now - (since.get(name) ?? -Infinity) < milliseconds;
  const [leaving, silent] = [leavingContacts(operation), silentContacts(operation)];
  const contacts = contactOrder(access.managers, ({ name, isStandIn }) => {
    if (isWithin(leaving, leavingMilliseconds, name)) return 3;
    if (avoid.includes(name)) return 2;
    return isStandIn === true || isWithin(silent, silentMilliseconds, name) ? 1 : 0;
  });
  const answers = await askSideBySide(operation.effects.clock, contacts, (contact) =>
    askContact(operation, access, contact, find.mayBeRecent === true),
  );
  const whys: string[] = [];
  let outside = 0;
  for (const answer of answers) {
    const { live, why, isOutside } = await answer();
    if (live !== undefined) return live;
    if (isOutside) outside += 1;
    whys.push(why);
  }
  throw new NoManagerError(operation.name, whys, outside === contacts.length);
}

interface ContactAnswer {
  readonly live?: LiveManager;
  readonly why: string;
  /** It says itself that it is in no swarm, or its lab that there is no such machine. */
  readonly isOutside: boolean;
}

/** Whether any manager of the swarm can be used now: without a leader nobody keeps a lease, and none can be waited for. */
export async function isLed(
  operation: Operation,
  access: SwarmAccess,
  avoid: readonly string[] = [],
): Promise<boolean> {
  try {
    await findManager(operation, access, avoid);
    return true;
  } catch {
    return false;
  }
}

/** Whether a contact can be used. Never throws. */
async function askContact(
  operation: Operation,
  { clusterId }: SwarmAccess,
  contact: ManagerContact,
  mayBeRecent: boolean,
): Promise<ContactAnswer> {
  const { name } = contact;
  try {
    const { hosts, clock } = operation.effects;
    const { docker } = await hosts.connect(contact.connection);
    const known = mayBeRecent ? recentlyLive(clock, docker, clusterId) : undefined;
    if (known !== undefined) {
      const live = { contact, docker, nodeId: known, isRecent: true } as const;
      return { live, why: '', isOutside: false };
    }
    const info = await docker.info();
    if (info.clusterId !== undefined && info.clusterId !== clusterId) {
      return { why: `${name} is in another swarm (${info.clusterId})`, isOutside: false };
    }
    if (info.localNodeState !== 'active' || !info.isControlAvailable) {
      const why =
        info.localNodeState === 'locked'
          ? describeLocked(name)
          : `${name} is ${info.localNodeState}, not a working manager`;
      // A worker that might stand in knows by its own word that it is no manager.
      const isWorker = contact.isStandIn === true && info.localNodeState === 'active';
      return { why, isOutside: info.localNodeState === 'inactive' || isWorker };
    }
    if (info.error !== '') return { why: `${name}: ${info.error}`, isOutside: false };
    const { nodeId } = info;
    noteLive(clock, docker, { clusterId, nodeId });
    return { live: { contact, docker, nodeId }, why: '', isOutside: false };
  } catch (error) {
    silentContacts(operation).set(name, operation.effects.clock.monotonicMs());
    return {
      why: `${name}: ${errorMessage(error)}`,
      isOutside: error instanceof SwarmError && error.code === 'LabMachineUnknown',
    };
  }
}

/** A manager that did not answer is asked last for this long: each try costs a connection's timeout. */
const silentMilliseconds = 60_000;

/** When each contact was last silent. */
const silentContacts = ofProcess(() => new Map<string, number>());

/** For how long a manager that is demoted is asked after all others, unless it is back: longer than its own manager takes to stop. */
const leavingMilliseconds = 30_000;

/** Since when each contact is one that is demoted. */
const leavingContacts = ofProcess(() => new Map<string, number>());

/** To be called before a manager is demoted: what it is asked while its manager stops makes both wait for seconds. */
export function askLast(operation: Operation, name: string): void {
  leavingContacts(operation).set(name, operation.effects.clock.monotonicMs());
}

/**
 * To be called when it is in control again. Two of three are rebuilt within half a minute, and the third one would be asked
 * for its own demotion.
 */
export function askInTurn(operation: Operation, name: string): void {
  leavingContacts(operation).delete(name);
}

/**
 * Asks a manager, and another one when the first fails for a passing reason (leadership moving, a
 * connection cut), until one answers or the time is up. `ask` must be safe to repeat.
 *
 * Whether it is in control is asked at most every half second: `docker info` takes an engine 10 ms, several times what a
 * question takes. One that is no longer in control refuses the question itself, and is then looked at anew.
 */
export async function askManager<T>(
  operation: Operation,
  access: SwarmAccess,
  ask: (manager: LiveManager) => Promise<T>,
  options: { readonly avoid?: readonly string[]; readonly timeoutSeconds?: number } = {},
): Promise<T> {
  const { clock } = operation.effects;
  const deadline = clock.monotonicMs() + (options.timeoutSeconds ?? 60) * 1000;
  let mayBeRecent = true;
  for (;;) {
    let manager: LiveManager | undefined;
    try {
      manager = await findManager(operation, access, options.avoid, { mayBeRecent });
      return await ask(manager);
    } catch (error) {
      if (manager !== undefined && mayBeNoManager(error)) {
        forgetLive(manager.docker);
        mayBeRecent = false;
        if (manager.isRecent === true) continue;
      }
      const isPassing = error instanceof NoManagerError ? !error.isGone : mayBeNoManager(error);
      if (!isPassing || clock.monotonicMs() >= deadline) throw error;
      operation.status(`waiting for a manager: ${errorMessage(error)}`);
    }
    await clock.sleep(1000, operation.signal);
  }
}
