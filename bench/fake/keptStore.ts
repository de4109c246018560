import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { emptyWorld } from '../../test/support/fakeWorld/state';
import type { Store } from '../../test/support/fakeWorld/store';

/**
 * A world in memory, loaded from a file and kept in it when the process ends: with a file per operation
 * a world of a thousand nodes would measure the file.
 */
export function keptStore(file: string): Store {
  const state = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof emptyWorld>)
    : emptyWorld();
  process.on('exit', () => {
    // What every operation left there would be loaded by every later run.
    state.calls = [];
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
  });
  return { transact: (body) => body(state) };
}
