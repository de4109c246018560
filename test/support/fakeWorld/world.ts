import { SwarmError, errorMessage } from '../../../core/errors';
import { DockerApiError } from '../../../effects/docker';
import { EventStreams, tellingAddresses, tellingEngine } from './events';
import { FakeClock } from './fakeClock';
import { settle } from './settle';
import type { Fault, MachineState, WorldState } from './state';
import type { Store } from './store';
import { Delayed } from './refusals';
import { timing } from './timing';

/** One call of an effect. */
export interface Action {
  /** `<interface>.<method>`, e.g. `docker.swarmJoin`. */
  readonly operation: string;
  /** Key of the machine. */
  readonly host: string;
  /** It may change the world: it is in `calls()`, and `*` faults hit it. */
  readonly isChange: boolean;
  /** Fake time that it takes when it succeeds. */
  readonly takesMs?: number;
}

/** For benchmarks, which do not measure the fake: see fakeWorld.md, "Time". */
export interface Pace {
  /** Longest fake time that questions alone may leave the world unsettled. Default: 0. */
  readonly restMs?: number;
  /** Fake time that every operation moves. */
  readonly operationMs?: number;
  /** Fake time that an answer takes for each entry of a list, in whole milliseconds in all. Default: 0. */
  readonly entryMs?: number;
  /** Real time without any operation of the process before time jumps: what asks it works meanwhile. Default: 0. */
  readonly idleMs?: number;
}

/** Runs the operations of all fakes: time, faults and the journal of calls are here, once. */
export class World {
  readonly clock: FakeClock;
  readonly events: EventStreams;
  readonly addressChanges: EventStreams;

  private readonly restMs: number;
  private readonly operationMs: number;
  private readonly entryMs: number;

  constructor(
    readonly store: Store,
    { restMs = 0, operationMs = timing.operation, entryMs = 0, idleMs = 0 }: Pace = {},
  ) {
    this.restMs = restMs;
    this.operationMs = operationMs;
    this.entryMs = entryMs;
    this.clock = new FakeClock(store, idleMs);
    this.events = new EventStreams(store, tellingEngine);
    this.addressChanges = new EventStreams(store, tellingAddresses);
  }

  /**
   * Settles the world, then runs `body` on it in one transaction; what it returns is copied, so that
   * nobody holds a part of the world.
   */
  async act<T>(action: Action, body: (state: WorldState) => T): Promise<T> {
    const outcome = await this.clock.whileBusy(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return this.store.transact((state) => {
        const outcome = this.run(state, action, body);
        this.tell(state);
        return outcome;
      });
    });
    if (outcome.delayMs > 0) await this.clock.sleep(outcome.delayMs);
    if (!('error' in outcome)) return outcome.value;
    if (outcome.error instanceof KilledHere) process.kill(process.pid, 'SIGKILL');
    throw outcome.error;
  }

  /** For tests: changes the world at once, without time, faults or journal. */
  edit<T>(body: (state: WorldState) => T): T {
    return this.store.transact((state) => {
      settle(state);
      const result = body(state);
      settle(state);
      this.tell(state);
      return structuredClone(result);
    });
  }

  private tell(state: WorldState): void {
    this.events.tell(state);
    this.addressChanges.tell(state);
  }

  private run<T>(state: WorldState, action: Action, body: (state: WorldState) => T): Outcome<T> {
    state.nowMs += this.operationMs;
    const isRested = this.restMs > 0;
    if (action.isChange || state.nowMs - state.settledMs >= this.restMs) settle(state, !isRested);
    if (action.isChange) {
      state.calls.push({ operation: action.operation, host: action.host, atMs: state.nowMs });
    }
    const before = takeFault(state, action, false);
    if (before !== undefined) return { delayMs: 0, error: before };
    const after = takeFault(state, action, true);
    try {
      const value = structuredClone(body(state));
      if (action.isChange || !isRested) settle(state);
      const entries = Array.isArray(value) ? value.length : 0;
      const delayMs = (action.takesMs ?? 0) + Math.floor(entries * this.entryMs);
      return after === undefined ? { delayMs, value } : { delayMs, error: after };
    } catch (error) {
      if (error instanceof Delayed) return { delayMs: error.afterMs, error: error.error };
      return { delayMs: 0, error: error instanceof Error ? error : new Error(errorMessage(error)) };
    }
  }
}

type Outcome<T> = { readonly delayMs: number } & (
  { readonly value: T } | { readonly error: Error }
);

/** Takes the fault that is planned for this call, if any. */
function takeFault(state: WorldState, action: Action, isAfter: boolean): Error | undefined {
  const index = state.faults.findIndex((planned) => {
    const isNamed =
      planned.operation === '*' ? action.isChange : planned.operation === action.operation;
    const isHost = planned.host === undefined || planned.host === action.host;
    if (!isNamed || !isHost || planned.isAfter !== isAfter) return false;
    if (planned.skip === 0) return true;
    planned.skip -= 1;
    return false;
  });
  const planned = state.faults[index];
  if (planned === undefined) return undefined;
  state.faults.splice(index, 1);
  return faultError(planned.fault);
}

function faultError(fault: Fault): Error {
  if (fault === 'kill') return new KilledHere();
  if ('code' in fault) return new SwarmError(fault.code, fault.message, { source: 'world' });
  if ('statusCode' in fault) return new DockerApiError(fault.statusCode, fault.message);
  return new Error(fault.message);
}

/** This process is to end here, once the world is saved. */
class KilledHere extends Error {}

export function hostUnreachable(subject: string, afterMs: number): Delayed {
  const message = `${subject}: no answer within ${String(afterMs / 1000)} s; nothing was changed on it; check its power, network and sshd`;
  return new Delayed(afterMs, new SwarmError('HostUnreachable', message, { source: 'world' }));
}

/** The machine, if we reach it by SSH. @throws Delayed `HostUnreachable`. */
export function reach(
  state: WorldState,
  key: string,
  timeoutMs: number = timing.connect,
): MachineState {
  const machine = state.machines[key];
  if (machine === undefined || !machine.isOn || machine.link !== 'up') {
    throw hostUnreachable(key, timeoutMs);
  }
  return machine;
}
