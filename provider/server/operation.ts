import { errorMessage, SwarmError } from '../../core/errors';
import type { Effects } from '../../effects/effects';
import type { EngineLog } from './engineLog';
import type { Journal, OperationKind } from './journal';
import type { Operation, Which } from './resource';

/** What all operations of the process share. */
export interface OperationHost {
  readonly effects: Effects;
  readonly log: EngineLog;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly isProgramRun: () => boolean;
  readonly isRegistered: (token: string, which?: Which) => boolean;
  /** Ctrl-C was pressed: the engine waits for what is under way and starts nothing new. */
  readonly isCancelled: () => boolean;
  /** The first operation begins that changes something. */
  readonly onChange: () => void;
}

export interface OperationSubject {
  readonly kind: OperationKind;
  /** Empty for a function. */
  readonly urn: string;
  readonly name: string;
  /** Seconds; 0 means that none was set. */
  readonly timeout: number;
  readonly isPreview: boolean;
}

/** Processes, by their effects, that have begun to change something. */
const changing = new WeakSet<Effects>();
const changes: readonly OperationKind[] = ['create', 'update', 'delete'];

export function createOperation(host: OperationHost, subject: OperationSubject): Operation {
  const { urn, name } = subject;
  if (!subject.isPreview && changes.includes(subject.kind) && !changing.has(host.effects)) {
    changing.add(host.effects);
    host.onChange();
  }
  const status = (message: string): void => {
    host.log.write({ severity: 'info', message, urn, isEphemeral: true });
  };

  const step = async <T>(sentence: string, action: () => Promise<T>): Promise<T> => {
    if (host.signal.aborted) {
      throw new SwarmError(
        'RunLost',
        `${name}: the Pulumi command that started this is gone; stopped before "${sentence}"; run \`pulumi cancel\` and then \`pulumi up\`, which goes on from here`,
        { source: 'world', cause: host.signal.reason },
      );
    }
    status(sentence);
    const began = host.effects.clock.monotonicMs();
    const record = (event: 'start' | 'end', outcome: { readonly error?: string } = {}): void => {
      host.journal({
        at: host.effects.clock.now().toISOString(),
        event,
        operation: subject.kind,
        urn,
        name,
        sentence,
        ...(event === 'end'
          ? { seconds: Math.round(host.effects.clock.monotonicMs() - began) / 1000 }
          : {}),
        ...outcome,
      });
    };
    record('start');
    try {
      const result = await action();
      record('end');
      return result;
    } catch (error) {
      record('end', { error: errorMessage(error) });
      throw error;
    }
  };

  return {
    urn,
    name,
    effects: host.effects,
    signal: host.signal,
    isProgramRun: host.isProgramRun(),
    isRegistered: host.isRegistered,
    hasOnlyLooked: () => !changing.has(host.effects),
    isPreview: subject.isPreview,
    timeoutSeconds: subject.timeout > 0 ? subject.timeout : undefined,
    log: (severity, message) => {
      host.log.write({ severity, message, urn });
    },
    status,
    step,
    uninterrupted: () =>
      createOperation({ ...host, signal: new AbortController().signal }, subject),
  };
}

/** Last part of a URN: the resource's name, which may itself hold `::`. */
export function nameOfUrn(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

/** `swarm:index:Node` of `urn:pulumi:stack::project::parent:type$swarm:index:Node::name`. */
export function typeOfUrn(urn: string): string {
  return urn.split('::')[2]?.split('$').at(-1) ?? '';
}
