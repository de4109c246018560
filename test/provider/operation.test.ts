import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Effects } from '../../effects/effects';
import type { LogLine } from '../../provider/server/engineLog';
import { openJournal, type JournalEntry } from '../../provider/server/journal';
import {
  createOperation,
  nameOfUrn,
  typeOfUrn,
  type OperationHost,
} from '../../provider/server/operation';
import type { Operation } from '../../provider/server/resource';

const urn = 'urn:pulumi:demo::project::swarm:index:Manager$swarm:index:Node::m1';

function begin(journal: OperationHost['journal']): {
  readonly operation: Operation;
  readonly lines: LogLine[];
  readonly abort: () => void;
} {
  const lines: LogLine[] = [];
  const lost = new AbortController();
  let milliseconds = 0;
  const clock: Effects['clock'] = {
    now: () => new Date(1_000_000_000_000 + milliseconds),
    monotonicMs: () => (milliseconds += 250),
    sleep: () => Promise.resolve(),
  };
  const operation = createOperation(
    {
      effects: { clock } as unknown as Effects,
      log: {
        write: (line) => {
          lines.push(line);
        },
        flush: () => Promise.resolve(),
      },
      journal,
      signal: lost.signal,
      isProgramRun: () => true,
      isRegistered: () => true,
      isCancelled: () => false,
      onChange: () => undefined,
    },
    { kind: 'delete', urn, name: nameOfUrn(urn), timeout: 0, isPreview: false },
  );
  return {
    operation,
    lines,
    abort: () => {
      lost.abort();
    },
  };
}

test('a step shows its sentence and records start and end, with seconds and error', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-journal-'));
  try {
    const file = join(directory, 'journal.jsonl');
    const { operation, lines } = begin(openJournal(file));
    assert.equal(await operation.step('drain m1', () => Promise.resolve(7)), 7);
    await assert.rejects(
      operation.step('demote m1', () => Promise.reject(new Error('no leader'))),
      /no leader/,
    );
    const entries = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JournalEntry);
    assert.deepEqual(
      entries.map(({ event, sentence, seconds, error }) => [event, sentence, seconds, error]),
      [
        ['start', 'drain m1', undefined, undefined],
        ['end', 'drain m1', 0.25, undefined],
        ['start', 'demote m1', undefined, undefined],
        ['end', 'demote m1', 0.25, 'no leader'],
      ],
    );
    assert.deepEqual(
      [entries[0]?.operation, entries[0]?.urn, entries[0]?.name],
      ['delete', urn, 'm1'],
    );
    assert.deepEqual(
      lines.map(({ message, isEphemeral, urn: of }) => [message, isEphemeral, of]),
      [
        ['drain m1', true, urn],
        ['demote m1', true, urn],
      ],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('no step starts after the CLI is lost', async () => {
  const entries: JournalEntry[] = [];
  const { operation, abort } = begin((entry) => entries.push(entry));
  abort();
  await assert.rejects(
    operation.step('demote m1', () => {
      throw new Error('must not run');
    }),
    (error: { code?: string; message: string }) =>
      error.code === 'RunLost' && error.message.includes('stopped before "demote m1"'),
  );
  assert.deepEqual(entries, []);
});

test('name and type of a URN', () => {
  assert.equal(nameOfUrn(urn), 'm1');
  assert.equal(nameOfUrn('urn:pulumi:s::p::a:b:C::with::colons'), 'with::colons');
  assert.equal(typeOfUrn(urn), 'swarm:index:Node');
});
