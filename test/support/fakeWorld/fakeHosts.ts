import { describeConnection, isLabConnection, type Connection } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import type { Host, Hosts } from '../../../effects/effects';
import { runCommand } from './commands';
import { fakeDocker } from './fakeDocker';
import { fakeFiles } from './fakeFiles';
import { fakeNetwork } from './fakeNetwork';
import { fakePackages } from './fakePackages';
import { fakePrograms } from './fakePrograms';
import { fakeSystemd } from './fakeSystemd';
import { machineAt } from './machines';
import { osCatalog } from './osCatalog';
import type { MachineState, WorldState } from './state';
import { timing } from './timing';
import { hostUnreachable, reach, type World } from './world';

export class FakeHosts implements Hosts {
  private readonly open = new Map<string, Host>();
  /** Descriptions of hosts that did not answer this process the last time. */
  private readonly silent = new Set<string>();

  constructor(private readonly world: World) {}

  async connect(
    connection: Connection,
    options: { readonly timeoutSeconds?: number } = {},
  ): Promise<Host> {
    const description = describeConnection(connection);
    const patienceMs =
      options.timeoutSeconds === undefined ? timing.connect : options.timeoutSeconds * 1000;
    const timeoutMs = this.silent.has(description)
      ? Math.min(timing.connectSilent, patienceMs)
      : patienceMs;
    const host = isLabConnection(connection)
      ? `${connection.lab}/${connection.machine}`
      : connection.host;
    const action = { operation: 'hosts.connect', host, isChange: false };
    const key = await this.world
      .act(action, (state) => {
        const machine = findMachine(state, connection, description, timeoutMs);
        reach(state, machine.key, timeoutMs);
        checkLogin(state, machine, connection, description);
        return machine.key;
      })
      .catch((error: unknown) => {
        if (error instanceof SwarmError && error.code === 'HostUnreachable') {
          this.silent.add(description);
        }
        throw error;
      });
    this.silent.delete(description);
    const known = this.open.get(description);
    if (known !== undefined) return known;
    const opened = fakeHost(this.world, key, description);
    this.open.set(description, opened);
    return opened;
  }

  close(): Promise<void> {
    this.open.clear();
    return Promise.resolve();
  }
}

function findMachine(
  state: WorldState,
  connection: Connection,
  description: string,
  timeoutMs: number,
): MachineState {
  if (isLabConnection(connection)) {
    const machine = state.machines[`${connection.lab}/${connection.machine}`];
    if (machine?.lab !== undefined) return machine;
    throw new SwarmError(
      'LabMachineUnknown',
      `${description}: the lab has no such machine; nothing can be reached there; create it first`,
      { source: 'world' },
    );
  }
  const machine = state.machines[connection.host] ?? machineAt(state, connection.host);
  if (machine === undefined) throw hostUnreachable(description, timeoutMs);
  return machine;
}

function checkLogin(
  state: WorldState,
  machine: MachineState,
  connection: Connection,
  description: string,
): void {
  const known = isLabConnection(connection)
    ? machine.lab?.hostPublicKey
    : (connection.hostKey ?? state.knownHosts[connection.host]);
  if (known === undefined) {
    throw new SwarmError(
      'HostKeyUnknown',
      `${description}: its host key is not known; not connected; set connection.hostKey, or add it to known_hosts`,
      { source: 'user' },
    );
  }
  if (keyBody(known) !== keyBody(machine.hostPublicKey)) {
    throw new SwarmError(
      'HostKeyChanged',
      `${description}: shows another host key than the known one; not connected; find out why before the known key is changed`,
      { source: 'user' },
    );
  }
  if (isLabConnection(connection)) return;
  const user = machine.users[connection.user ?? 'root'];
  if (user === undefined) {
    throw new SwarmError('HostLoginRefused', `${description}: user or key refused`, {
      source: 'user',
    });
  }
  if (!user.isPrivileged) {
    throw new SwarmError('HostNotPrivileged', `${description}: neither root nor sudo`, {
      source: 'user',
    });
  }
}

/** Type and key without the comment. */
function keyBody(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}

export function fakeHost(world: World, key: string, description: string): Host {
  const look = { operation: 'host.facts', host: key, isChange: false };
  return {
    description,
    facts: () =>
      world.act(look, (state) => {
        const machine = reach(state, key);
        return {
          hostname: machine.hostname,
          os: machine.os,
          osLike: machine.osLike,
          codename: osCatalog[machine.os]?.codename ?? '',
          bootId: machine.bootId,
          architecture: machine.architecture,
          clockSeconds: Math.floor(state.nowMs / 1000) + machine.clockSkewSeconds,
          freeBytes: machine.freeBytes,
          isPrivileged: true,
        };
      }),
    files: fakeFiles(world, key),
    systemd: fakeSystemd(world, key),
    packages: fakePackages(world, key),
    programs: fakePrograms(world, key),
    network: fakeNetwork(world, key),
    docker: fakeDocker(world, key),
    run: (argv, options) =>
      world.act({ operation: 'host.run', host: key, isChange: true }, (state) =>
        runCommand(state, reach(state, key), argv, String(options?.stdin ?? '')),
      ),
  };
}
