import { appendFileSync } from 'node:fs';
import { withoutSecrets } from '../../core/redaction';

/** What a step belongs to. `call` is a provider function. */
export type OperationKind = 'create' | 'update' | 'delete' | 'read' | 'call';

/** One line of the journal. */
export interface JournalEntry {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly event: 'start' | 'end';
  readonly operation: OperationKind;
  /** Empty for a function. */
  readonly urn: string;
  readonly name: string;
  /** The step's sentence, the same that the user sees as live status. */
  readonly sentence: string;
  /** Only at the end. */
  readonly seconds?: number;
  /** Message of the error that ended the step. */
  readonly error?: string;
}

export type Journal = (entry: JournalEntry) => void;

/**
 * The record of every step with its times, for reports and tests: when the environment variable
 * `SWARM_JOURNAL` names a file, each step appends one JSON line at its start and one at its end.
 *
 * A line is one write in append mode, so that several providers may share the file and a reader
 * never sees half a line from another; and it is synchronous, so that a killed provider has written
 * the start of the step that it died in. A journal that cannot be written is the user's to know,
 * and no reason to stop a rollout half way: it is reported once, on stderr.
 */
export function openJournal(path: string | undefined): Journal {
  if (path === undefined || path === '') {
    return () => undefined;
  }
  let isBroken = false;
  return (entry) => {
    try {
      const { error } = entry;
      const line = error === undefined ? entry : { ...entry, error: withoutSecrets(error) };
      appendFileSync(path, `${JSON.stringify(line)}\n`, { flag: 'a', mode: 0o600 });
    } catch (error) {
      if (!isBroken) {
        isBroken = true;
        console.error(
          `SWARM_JOURNAL: ${path} cannot be written, steps are not recorded: ${String(error)}`,
        );
      }
    }
  };
}
