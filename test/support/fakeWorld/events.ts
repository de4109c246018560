import { isEngineRunning } from './machines';
import type { WorldState } from './state';
import type { Store } from './store';

interface Stream {
  /** What its events have told so far. */
  told: string | undefined;
  readonly wakes: Set<() => void>;
}

/** The event streams that a process listens to, by the keys of their machines. */
export class EventStreams {
  private readonly streams = new Map<string, Stream>();

  constructor(private readonly store: Store) {}

  listen(key: string, wake: () => void): () => void {
    const stream = this.streams.get(key) ?? {
      told: this.store.transact((state) => eventState(state, key)),
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
      const now = eventState(state, key);
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

/** Everything that the stream of a machine's engine tells of, as one text; undefined: it has none. */
function eventState(state: WorldState, key: string): string | undefined {
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
}
