import type { Effects } from '../../effects/effects';
import type { LogLine } from '../../provider/server/engineLog';
import type { JournalEntry, OperationKind } from '../../provider/server/journal';
import { createOperation, nameOfUrn, typeOfUrn } from '../../provider/server/operation';
import { Registrations } from '../../provider/server/registrations';
import type { Operation, PropertyMap, Resource } from '../../provider/server/resource';
import { resources } from '../../provider/registry';
import { errorMessage, SwarmError, type InputFailure } from '../../core/errors';
import { mortal } from './mortal';

/**
 * What happens to the process at a step:
 *
 * - `kill`: kill -9. The call never returns, and nothing of the process touches the world any more,
 *   not even its background loops;
 * - `lose`: the CLI died. The signal is aborted, and the operation stops by itself at a safe point;
 * - `fail`: the step throws.
 */
export interface StepFault {
  readonly kind: 'kill' | 'lose' | 'fail';
  readonly at: 'start' | 'end';
  /** The step, counted from 0 over all operations of the process. */
  readonly step: number;
}

/** Everything that operations said, over all processes of a test. */
export interface Transcript {
  readonly journal: JournalEntry[];
  readonly logs: LogLine[];
  readonly statuses: string[];
  readonly errors: string[];
}

export function emptyTranscript(): Transcript {
  return { journal: [], logs: [], statuses: [], errors: [] };
}

/** A process that was killed: what a caller of it sees is the end of its connection. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * One process of the provider on a fake world: operations that are made just as the server makes
 * them, with everything they say recorded. Another process on the same world is another object.
 */
export class ProviderProcess {
  readonly transcript: Transcript;
  readonly effects: Effects;
  private readonly death = new AbortController();
  private readonly lost = new AbortController();
  private readonly registrations = new Registrations();
  private readonly fault: StepFault | undefined;
  private readonly killed: Promise<never>;
  private readonly steps = { start: 0, end: 0 };
  private isFaultDone = false;

  constructor(
    world: { effects(): Effects },
    options: {
      readonly fault?: StepFault;
      readonly transcript?: Transcript;
    } = {},
  ) {
    this.fault = options.fault;
    this.transcript = options.transcript ?? emptyTranscript();
    this.effects = mortal(world.effects(), this.death.signal);
    this.killed = new Promise((_, reject) => {
      this.death.signal.addEventListener('abort', () => {
        reject(this.death.signal.reason as Killed);
      });
    });
    this.killed.catch(() => undefined);
  }

  /** Whether the planned fault has come. A test whose fault never came has shown nothing. */
  get hasFaulted(): boolean {
    return this.isFaultDone;
  }

  kill(): void {
    this.death.abort(new Killed('the provider was killed'));
  }

  /** The CLI is gone: end of stdin. */
  lose(): void {
    this.lost.abort(new SwarmError('RunLost', 'the command that started this run is gone'));
  }

  /** The program registers a resource. A process without any Check serves `pulumi destroy`, or a Read before an `up`. */
  check(urn: string, wanted: PropertyMap, old?: PropertyMap): readonly InputFailure[] {
    this.registrations.add(urn);
    return this.registrations.noting(resourceOf(typeOfUrn(urn))).check(wanted, old).failures;
  }

  /** Runs one call of the engine. @throws Killed, or what the resource throws. */
  async call<T>(
    kind: OperationKind,
    urn: string,
    body: (resource: Resource, operation: Operation) => Promise<T>,
  ): Promise<T> {
    try {
      return await Promise.race([
        this.killed,
        body(resourceOf(typeOfUrn(urn)), this.operation(kind, urn)),
      ]);
    } catch (error) {
      this.transcript.errors.push(errorMessage(error));
      throw error;
    }
  }

  private operation(kind: OperationKind, urn: string): Operation {
    return createOperation(
      {
        effects: this.effects,
        log: {
          write: (line) => {
            if (this.death.signal.aborted) return;
            if (line.isEphemeral === true) this.transcript.statuses.push(line.message);
            else this.transcript.logs.push(line);
          },
          flush: () => Promise.resolve(),
        },
        journal: (entry) => {
          this.record(entry);
        },
        signal: this.lost.signal,
        isProgramRun: () => !this.registrations.isEmpty,
        isRegistered: (token, which) => this.registrations.has(token, which),
        isCancelled: () => false,
        onChange: () => undefined,
      },
      { kind, urn, name: nameOfUrn(urn), timeout: 0, isPreview: false },
    );
  }

  /** The journal is written synchronously around every step: the place to die at. */
  private record(entry: JournalEntry): void {
    if (this.death.signal.aborted) return;
    this.transcript.journal.push(entry);
    const step = this.steps[entry.event];
    this.steps[entry.event] += 1;
    const fault = this.fault;
    if (fault === undefined || this.isFaultDone) return;
    if (fault.at !== entry.event || fault.step !== step) return;
    this.isFaultDone = true;
    if (fault.kind === 'kill') this.kill();
    if (fault.kind === 'lose') this.lose();
    if (fault.kind === 'fail') {
      throw new SwarmError('Injected', `${entry.name}: a test lets "${entry.sentence}" fail`);
    }
  }
}

export function resourceOf(token: string): Resource {
  const found = resources.find((resource) => resource.token === token);
  if (found === undefined) throw new Error(`the provider has no resource ${token}`);
  return found;
}

/** Sentences of the steps that were begun, in order. */
export function sentences(transcript: Transcript): readonly string[] {
  return transcript.journal
    .filter(({ event }) => event === 'start')
    .map(({ sentence }) => sentence);
}

/** Warnings that a user would keep under Diagnostics. */
export function warnings(transcript: Transcript): readonly string[] {
  return transcript.logs
    .filter(({ severity }) => severity === 'warning')
    .map(({ message }) => message);
}
