import { addressesOf } from './addresses';
import { isEngineRunning } from './machines';
import type { WorldState } from './state';
import type { Store } from './store';

interface Stream {
  /** What its events have told so far. */
  told: string | undefined;
  readonly wakes: Set<() => void>;
}

/** All that the stream of a machine tells of, as one text; undefined: it has none. */
export type Telling = (state: WorldState, key: string) => string | undefined;

/** The streams of one kind that a process listens to, by the keys of their machines. */
export class EventStreams {
  private readonly streams = new Map<string, Stream>();

  constructor(
    private readonly store: Store,
    private readonly telling: Telling,
  ) {}

  listen(key: string, wake: () => void): () => void {
    const stream = this.streams.get(key) ?? {
      told: this.store.transact((state) => this.telling(state, key)),
      wakes: new Set(),
    };
    this.streams.set(key, stream);
    stream.wakes.add(wake);
    return () => {
      stream.wakes.delete(wake);
      if (stream.wakes.size === 0 && this.streams.get(key) === stream) this.streams.delete(key);
    };
  }

  /** Wakes who listens to what has changed. */
  tell(state: WorldState): void {
    for (const [key, stream] of this.streams) {
      const now = this.telling(state, key);
      if (now === stream.told) continue;
      // A stream that broke tells nothing any more, and who listens to it hears of nothing.
      if (now === undefined || stream.told === undefined) {
        this.streams.delete(key);
        continue;
      }
      stream.told = now;
      // Not within the operation: whoever is woken may look at the world at once.
      setImmediate(() => {
        for (const wake of stream.wakes) wake();
      });
    }
  }
}

/** The kernel's, of its addresses. */
export const tellingAddresses: Telling = (state, key) => {
  const machine = state.machines[key];
  if (machine?.isOn !== true || machine.link !== 'up') return undefined;
  return JSON.stringify(addressesOf(state, machine));
};

/** The engine's. */
export const tellingEngine: Telling = (state, key) => {
  const machine = state.machines[key];
  if (machine?.link !== 'up' || !isEngineRunning(machine) || machine.engine.isStuck) {
    return undefined;
  }
  const { membership } = machine.engine;
  const swarm = state.swarms[membership?.clusterId ?? ''];
  if (membership === undefined || swarm === undefined) return '';
  const containers = swarm.tasks
    .filter(({ nodeId }) => nodeId === membership.nodeId)
    .map(({ id, state: each }) => `${id} ${each}`);
  if (!membership.isControlAvailable) return containers.join();
  return [
    ...containers,
    ...swarm.nodes.map((node) => `${node.id} ${node.state} ${String(node.version)}`),
    ...swarm.members,
    swarm.leader ?? '',
    ...swarm.services.map(
      ({ id, version, update }) => `${id} ${String(version)} ${update?.state ?? ''}`,
    ),
    ...swarm.configs.map(({ id, version }) => `${id} ${String(version)}`),
  ].join();
};
