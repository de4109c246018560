import { randomUUID } from 'node:crypto';
import { SwarmError } from '../../../core/errors';
import type { ConfigFacts } from '../../../core/facts';
import type { Labels } from '../../../core/labels';
import {
  decideLease,
  freeLabels,
  leaseConfigName,
  readLease,
  takenLabels,
} from '../../../core/lease';
import { isTransient } from '../../../core/transient';
import type { DockerApi } from '../../../effects/docker';
import { DockerApiError } from '../../../effects/docker';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import type { SwarmAccess } from '../ask/managers';
import { Held } from './held';
import { waitUntil } from '../ask/waitUntil';

/** What a holder can do while it holds the lease. */
export interface Lease {
  /**
   * The same object for operations of this run that hold the lease one right after another: one of them has held it or waited for
   * it all the while, none has failed, and no other run was seen to hold it. Undefined: something else keeps other runs out.
   */
  readonly row: object | undefined;
  /**
   * Before every step: that the lease is still ours. A process that stood still for a while asks the
   * swarm again. @throws SwarmError `LeaseLost`
   */
  confirm(): Promise<void>;
  /** As the operation's own `step`, after `confirm`: the way to run every step under the lease. */
  step<T>(sentence: string, action: () => Promise<T>): Promise<T>;
  /** Changes the labels kept beside the lease (baselines), by compare-and-swap. */
  changeLabels(change: (labels: Labels) => Labels): Promise<void>;
  readLabels(): Promise<Labels>;
}

/**
 * Runs `action` while holding the swarm's one lease: no other operation that takes a node out runs
 * meanwhile, not even one of another `pulumi up` whose stack lock was broken by `pulumi cancel`.
 *
 * The lease is a swarm config object whose labels change by compare-and-swap. It is renewed while the
 * action runs; when somebody took it over because we stood still, the action stops at its next step.
 */
export async function withLease<T>(
  operation: Operation,
  access: SwarmAccess,
  description: string,
  timeoutSeconds: number,
  action: (lease: Lease) => Promise<T>,
): Promise<T> {
  const holder = `${operation.name}-${randomUUID()}`;
  const avoid = [operation.name];
  const ask: Ask = (question) =>
    askManager(operation, access, ({ docker }) => question(docker), { avoid });
  return oneAfterAnother(operation, access.clusterId, async (queue) => {
    const wasOthers = await acquire(operation, ask, holder, description, timeoutSeconds);
    if (wasOthers) queue.row = {};
    const lease = new HeldLease(operation, ask, holder, description, queue.row);
    try {
      return await lease.during(() => action(lease));
    } catch (error) {
      queue.row = {};
      throw error;
    }
  });
}

/** Those of this run that hold the same lease or wait for it. */
interface Queue {
  /** Ends with the last of them. */
  last: Promise<void>;
  row: object;
}

const queuesOf = ofProcess(() => new Map<string, Queue>());

/**
 * Those of this run that want the same lease take it in the order in which they came, each as soon as the one before
 * gives it back: a batch of workers asks nobody meanwhile, and none gives up because many are before it.
 */
async function oneAfterAnother<T>(
  operation: Operation,
  clusterId: string,
  action: (queue: Queue) => Promise<T>,
): Promise<T> {
  const queues = queuesOf(operation);
  const present = queues.get(clusterId);
  const queue = present ?? { last: Promise.resolve(), row: {} };
  queues.set(clusterId, queue);
  const before = queue.last;
  let done = (): void => undefined;
  const own = new Promise<void>((resolve) => (done = resolve));
  const last = before.then(() => own);
  queue.last = last;
  try {
    if (present !== undefined) {
      operation.status('waiting for nodes of this run that go before it');
      await before;
    }
    return await action(queue);
  } finally {
    done();
    if (queue.last === last) queues.delete(clusterId);
  }
}

class HeldLease extends Held implements Lease {
  private renewal = 0;

  constructor(
    operation: Operation,
    private readonly ask: Ask,
    private readonly holder: string,
    private readonly description: string,
    readonly row: object,
  ) {
    super(operation, 'the lease');
  }

  async readLabels(): Promise<Labels> {
    return (await this.ask(readObject)).labels;
  }

  async changeLabels(change: (labels: Labels) => Labels): Promise<void> {
    await this.ask(async (docker) => {
      const object = await readObject(docker);
      const state = readLease(object.labels);
      if (state.holder !== this.holder) {
        this.lost = new SwarmError(
          'LeaseLost',
          `${this.operation.name}: the lease was taken over by another run (${state.operation}); nothing more is done here`,
          { source: 'world' },
        );
        throw this.lost;
      }
      await docker.updateConfigLabels(object.id, object.version, change(object.labels));
    });
  }

  protected async renew(): Promise<void> {
    this.renewal += 1;
    await this.changeLabels((labels) => {
      const { since } = readLease(labels);
      return takenLabels(
        labels,
        { holder: this.holder, operation: this.description, since },
        this.renewal,
      );
    });
  }

  protected async release(): Promise<void> {
    await this.ask(async (docker) => {
      const object = await readObject(docker);
      if (readLease(object.labels).holder !== this.holder) return;
      await docker.updateConfigLabels(object.id, object.version, freeLabels(object.labels));
    });
  }
}

type Ask = <R>(question: (docker: DockerApi) => Promise<R>) => Promise<R>;

/** @returns whether another run held it when it was asked for. */
async function acquire(
  operation: Operation,
  ask: Ask,
  holder: string,
  description: string,
  timeoutSeconds: number,
): Promise<boolean> {
  const { clock } = operation.effects;
  let wasOthers = false;
  let version: number | undefined;
  let seenSince = clock.monotonicMs();
  await waitUntil(operation, 'waiting for the lease', timeoutSeconds, (heed) =>
    ask(async (docker) => {
      heed(docker);
      const object = await ensureObject(docker);
      if (object.version !== version) {
        version = object.version;
        seenSince = clock.monotonicMs();
      }
      const decision = decideLease(
        readLease(object.labels),
        holder,
        clock.monotonicMs() - seenSince,
      );
      if (decision.next === 'wait') {
        wasOthers = true;
        return decision.why;
      }
      const since = clock.now().toISOString();
      await docker.updateConfigLabels(
        object.id,
        object.version,
        takenLabels(object.labels, { holder, operation: description, since }, 0),
      );
      return true;
    }),
  );
  return wasOthers;
}

async function readObject(docker: DockerApi): Promise<ConfigFacts> {
  const object = (await docker.configs()).find(({ name }) => name === leaseConfigName);
  if (object === undefined) {
    throw new SwarmError('LeaseLost', `${leaseConfigName}: the swarm has no such config any more`);
  }
  return object;
}

async function ensureObject(docker: DockerApi): Promise<ConfigFacts> {
  const object = (await docker.configs()).find(({ name }) => name === leaseConfigName);
  if (object !== undefined) return object;
  try {
    await docker.createConfig(leaseConfigName, 'See its labels.', {});
  } catch (error) {
    const isTaken = error instanceof DockerApiError && error.statusCode === 409;
    if (!isTaken && !isTransient(error)) throw error;
  }
  return readObject(docker);
}

/** The labels kept beside the lease, without holding it. */
export async function readLeaseLabels(operation: Operation, access: SwarmAccess): Promise<Labels> {
  return askManager(operation, access, async ({ docker }) => (await ensureObject(docker)).labels, {
    avoid: [operation.name],
  });
}

/** As `readLeaseLabels`, for one who only looks: nothing is made where nothing was kept. */
export async function lookAtLeaseLabels(
  operation: Operation,
  access: SwarmAccess,
): Promise<Labels> {
  const configs = await askManager(operation, access, ({ docker }) => docker.configs(), {
    timeoutSeconds: 10,
  });
  return leaseLabelsOf(configs);
}

/** The labels kept beside the lease, among all configs; none where nothing was kept. */
export function leaseLabelsOf(configs: readonly ConfigFacts[]): Labels {
  return configs.find(({ name }) => name === leaseConfigName)?.labels ?? {};
}

/** Changes the labels kept beside the lease, whoever holds it; compare-and-swap, repeated on a conflict. */
export async function changeLeaseLabels(
  operation: Operation,
  access: SwarmAccess,
  change: (labels: Labels) => Labels,
): Promise<void> {
  await inTurn(operation, access.clusterId, () =>
    askManager(
      operation,
      access,
      async ({ docker }) => {
        const object = await ensureObject(docker);
        await docker.updateConfigLabels(object.id, object.version, change(object.labels));
      },
      { avoid: [operation.name] },
    ),
  );
}

const turnsOf = ofProcess(() => new Map<string, Promise<void>>());

/**
 * Changes of this process go one after another. A hundred workers that come back at once would overtake each other for so long
 * that some give up. Who holds the lease does not wait here: a renewal must not.
 */
function inTurn(
  operation: Operation,
  clusterId: string,
  action: () => Promise<void>,
): Promise<void> {
  const turns = turnsOf(operation);
  const own = (turns.get(clusterId) ?? Promise.resolve()).then(action);
  turns.set(
    clusterId,
    own.catch(() => undefined),
  );
  return own;
}
