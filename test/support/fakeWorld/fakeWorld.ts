import type { Effects } from '../../../effects/effects';
import { FakeHosts } from './fakeHosts';
import { fakeLab } from './fakeLab';
import { localCommands } from '../../../effects/localCommands';
import { localFiles } from './localFiles';
import { addMachine, boot, shutDown } from './machines';
import type { Call, Fault, MachineState, SwarmState, WorldState } from './state';
import { FileStore, MemoryStore, type Store } from './store';
import { World } from './world';
import type { Pace } from './world';

export type { Call, Fault, MachineState, SwarmState, WorldState } from './state';

/** A host that is there before anything runs, as somebody's existing machine. */
export interface FakeHostSpec {
  readonly name: string;
  readonly address: string;
  /** Default: `debian:12`. */
  readonly os?: string;
  /** Default: a made-up ed25519 line; it is put into `knownHosts` for name and address. */
  readonly hostPublicKey?: string;
  /** Further login users, and whether each has sudo. `root` is always there. */
  readonly users?: Readonly<Record<string, { readonly isPrivileged: boolean }>>;
}

/**
 * The whole world of a test: machines, engines, swarms, lab and time. What it does is written in
 * fakeWorld.md. Machines are named by their key: `<lab>/<name>`, or a host's name.
 */
export class FakeWorld {
  private readonly world: World;

  constructor(store: Store = new MemoryStore(), pace: Pace = {}) {
    this.world = new World(store, pace);
  }

  /** The world in one JSON file, made empty when there is none; any number of processes may have it open. */
  static open(file: string): FakeWorld {
    return new FakeWorld(new FileStore(file));
  }

  /** What resources get. Each call is as a process of its own: it shares the world, but no connection. */
  effects(): Effects {
    return {
      clock: this.world.clock,
      hosts: new FakeHosts(this.world),
      lab: fakeLab(this.world),
      local: localFiles,
      commands: localCommands,
    };
  }

  addHost(spec: FakeHostSpec): void {
    const hostPublicKey = spec.hostPublicKey ?? `ssh-ed25519 AAAAfake${spec.name}`;
    this.edit((state) => {
      const machine = addMachine(state, {
        key: spec.name,
        hostname: spec.name,
        os: spec.os ?? 'debian:12',
        address: spec.address,
        hostPublicKey,
      });
      machine.users = { ...machine.users, ...structuredClone(spec.users ?? {}) };
      state.knownHosts[spec.name] = hostPublicKey;
      state.knownHosts[spec.address] = hostPublicKey;
    });
  }

  /** A copy of one machine. Throws when there is none: a test that looks at nothing must not pass. */
  machine(key: string): MachineState {
    return this.edit((state) => structuredClone(existing(state, key)));
  }

  machines(): readonly MachineState[] {
    return this.edit((state) => Object.values(structuredClone(state.machines)));
  }

  /** Copies of all swarms that were ever founded. */
  swarms(): readonly SwarmState[] {
    return this.edit((state) => Object.values(structuredClone(state.swarms)));
  }

  /** A copy of the only swarm. Throws when there is none, or more than one. */
  swarm(): SwarmState {
    const [swarm, ...others] = this.swarms();
    if (swarm === undefined || others.length > 0) {
      throw new Error(`${String(this.swarms().length)} swarms, not one`);
    }
    return swarm;
  }

  /** Every operation so far that may change something. */
  calls(): readonly Call[] {
    return this.edit((state) => [...state.calls]);
  }

  advance(milliseconds: number): void {
    this.edit((state) => {
      state.nowMs += milliseconds;
    });
  }

  /** Power cut. */
  powerOff(key: string): void {
    this.editMachine(key, shutDown);
  }

  powerOn(key: string): void {
    this.edit((state) => {
      boot(state, existing(state, key));
    });
  }

  setLink(key: string, link: MachineState['link']): void {
    this.editMachine(key, (machine) => (machine.link = link));
  }

  setEngineStuck(key: string, isStuck: boolean): void {
    this.editMachine(key, (machine) => (machine.engine.isStuck = isStuck));
  }

  /** What `run` answers to commands that begin with these arguments. */
  setCommand(
    key: string,
    argv: readonly string[],
    result: { readonly code?: number; readonly stdout?: string; readonly stderr?: string },
  ): void {
    this.editMachine(key, (machine) => {
      const { code = 0, stdout = '', stderr = '' } = result;
      machine.scriptedCommands.unshift({ argv: [...argv], code, stdout, stderr });
    });
  }

  /** The leader refuses the next `attempts` removals of a raft member in silence, as swarmkit does. */
  refuseDemotions(attempts: number): void {
    this.edit((state) => (state.refusedDemotions = attempts));
  }

  /** A demoted node is a raft member again, and the leader does not know that it is not wanted as one. */
  enterRaftAgain(nodeId: string): void {
    this.edit((state) => {
      const swarm = Object.values(state.swarms).find(({ nodes }) =>
        nodes.some(({ id, role }) => id === nodeId && role === 'worker'),
      );
      if (swarm === undefined) throw new Error(`${nodeId} is no worker of any swarm`);
      swarm.members.push(nodeId);
      swarm.staleMembers.push(nodeId);
    });
  }

  /** See fakeWorld.md, "Faults". */
  failNext(
    operation: string,
    fault: Fault,
    options: { readonly host?: string; readonly skip?: number; readonly after?: boolean } = {},
  ): void {
    this.edit((state) => {
      state.faults.push({
        operation,
        fault,
        host: options.host,
        skip: options.skip ?? 0,
        isAfter: options.after ?? false,
      });
    });
  }

  /** Changes the world directly; what `change` returns is copied. */
  edit<T>(change: (state: WorldState) => T): T {
    return this.world.edit(change);
  }

  editMachine(key: string, change: (machine: MachineState) => void): void {
    this.edit((state) => {
      change(existing(state, key));
    });
  }
}

function existing(state: WorldState, key: string): MachineState {
  const machine = state.machines[key];
  if (machine === undefined) {
    throw new Error(`no machine ${key}; there are ${Object.keys(state.machines).join(', ')}`);
  }
  return machine;
}
