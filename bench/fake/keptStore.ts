import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { emptyWorld, type WorldState } from '../../test/support/fakeWorld/state';
import type { Store } from '../../test/support/fakeWorld/store';
import { atTheEnd } from './atTheEnd';

/**
 * A world in memory, loaded from a file and kept in it when the process ends: with a file per operation
 * a world of a thousand nodes would measure the file. The engine starts a second process, which it asks
 * for nothing: only one whose time went on has anything to keep.
 */
export function keptStore(file: string): Store {
  const state = load(file) ?? emptyWorld();
  atTheEnd(() => {
    if ((load(file)?.nowMs ?? 0) >= state.nowMs) return;
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
  });
  return {
    transact: (body) => {
      // Nobody reads the journal of calls here, and it would be a part of the memory that is measured.
      if (state.calls.length > 0) state.calls = [];
      return body(state);
    },
  };
}

function load(file: string): WorldState | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as WorldState) : undefined;
}
