import * as fs from 'node:fs';
import { emptyWorld, type WorldState } from './state';

/** Where a world's state is kept. A transaction is synchronous; what it changed is kept also when it throws. */
export interface Store {
  transact<T>(body: (state: WorldState) => T): T;
}

export class MemoryStore implements Store {
  private readonly state = emptyWorld();

  transact<T>(body: (state: WorldState) => T): T {
    return body(this.state);
  }
}

/** One JSON file, shared by every process that opens it. */
export class FileStore implements Store {
  constructor(private readonly file: string) {}

  transact<T>(body: (state: WorldState) => T): T {
    lock(this.file);
    try {
      const state = this.load();
      try {
        return body(state);
      } finally {
        const temporary = `${this.file}.new`;
        fs.writeFileSync(temporary, JSON.stringify(state));
        fs.renameSync(temporary, this.file);
      }
    } finally {
      fs.rmSync(`${this.file}.lock`, { force: true });
    }
  }

  private load(): WorldState {
    try {
      return JSON.parse(fs.readFileSync(this.file, 'utf8')) as WorldState;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyWorld();
      throw error;
    }
  }
}

const patienceMs = 30_000;

function lock(file: string): void {
  const path = `${file}.lock`;
  const giveUpAt = Date.now() + patienceMs;
  while (!createExclusively(path)) {
    removeLockOfDeadOwner(path);
    if (Date.now() > giveUpAt) throw new Error(`${path}: still held after 30 s`);
    pause(1);
  }
}

/** The name appears with its content at once (link), so that a lock without an owner is never seen. */
function createExclusively(path: string): boolean {
  const own = `${path}.${String(process.pid)}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** A second lock makes "look, then remove" one step: only its holder removes a dead owner's lock. */
function removeLockOfDeadOwner(path: string): void {
  if (!isOwnerDead(path)) return;
  const breaker = `${path}.breaker`;
  if (!createExclusively(breaker)) {
    if (isOwnerDead(breaker)) fs.rmSync(breaker, { force: true });
    return;
  }
  try {
    if (isOwnerDead(path)) fs.rmSync(path, { force: true });
  } finally {
    fs.rmSync(breaker, { force: true });
  }
}

function isOwnerDead(path: string): boolean {
  let owner: number;
  try {
    owner = Number(fs.readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
  try {
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

function pause(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}
