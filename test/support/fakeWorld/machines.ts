import { alpnDropInPath } from '../../../core/alpnDropIn';
import { isOurUnit } from '../../../core/engineUnits';
import { readBalancerConfiguration } from './balancer';
import { SwarmError } from '../../../core/errors';
import { osCatalog, upstreamVersion } from './osCatalog';
import {
  newBootId,
  type LabEntry,
  type MachineState,
  type NodeEntry,
  type NodeImageState,
  type SwarmState,
  type WorldState,
} from './state';

/** What a test says of a host that it puts into the world. */
export interface NewMachine {
  readonly key: string;
  readonly hostname: string;
  /** With a row in `osCatalog`, that OS's packages are offered; else none. */
  readonly os: string;
  readonly address: string;
  readonly hostPublicKey: string;
  readonly lab?: LabEntry;
}

/** @param disk what of its disk comes from an image. Default: what the OS alone has. */
export function addMachine(
  state: WorldState,
  machine: NewMachine,
  disk?: NodeImageState,
): MachineState {
  const release = osCatalog[machine.os];
  const added: MachineState = {
    key: machine.key,
    hostname: machine.hostname,
    os: machine.os,
    osLike: [...(release?.osLike ?? [])],
    bootId: '',
    architecture: 'amd64',
    address: machine.address,
    prefixLength: 24,
    interface: 'eth0',
    addedAddresses: [],
    clockSkewSeconds: 0,
    freeBytes: 40 * 1024 ** 3,
    isOn: false,
    link: 'up',
    hostPublicKey: machine.hostPublicKey,
    users: { root: { isPrivileged: true } },
    files: {},
    directories: [],
    offered: Object.fromEntries(
      Object.entries(release?.packages ?? {}).map(([name, versions]) => [name, [...versions]]),
    ),
    unmet: {},
    repositories: {},
    installed: {},
    held: [],
    programs: { builds: {}, current: undefined },
    units: { 'ssh.service': { state: 'inactive', isEnabled: true } },
    largestPacket: 1_500,
    engine: {
      runningVersion: undefined,
      isStuck: false,
      brokenVersions: [],
      containerFault: undefined,
      dataRoot: defaultDataRoot,
      doesWithoutAlpn: false,
      images: [],
      pulled: [],
      volumes: {},
      containers: [],
      membership: undefined,
    },
    openPorts: [],
    blockedPorts: [],
    keepalivedConfiguration: undefined,
    hasVipFault: false,
    balancer: undefined,
    balancerSessions: {},
    isVrrpBlocked: false,
    trackScriptFailingSinceMs: undefined,
    scriptedCommands: [],
    lab: machine.lab,
    ...disk,
  };
  state.machines[machine.key] = added;
  boot(state, added);
  return added;
}

export function boot(state: WorldState, machine: MachineState): void {
  if (machine.isOn) return;
  machine.isOn = true;
  machine.bootId = newBootId(state);
  for (const [name, unit] of Object.entries(machine.units)) {
    if (!unit.isEnabled) continue;
    try {
      startUnit(machine, name);
    } catch {
      unit.state = 'failed';
    }
  }
}

export function shutDown(machine: MachineState): void {
  machine.isOn = false;
  machine.addedAddresses = [];
  for (const unit of Object.values(machine.units)) unit.state = 'inactive';
  machine.engine.runningVersion = undefined;
  machine.engine.isStuck = false;
  machine.keepalivedConfiguration = undefined;
  machine.balancer = undefined;
  const isVolatile = (path: string): boolean =>
    path.startsWith('/run/') || path.startsWith('/tmp/');
  machine.directories = machine.directories.filter((path) => !isVolatile(path));
  for (const path of Object.keys(machine.files)) {
    if (isVolatile(path)) Reflect.deleteProperty(machine.files, path);
  }
}

/** @throws SwarmError `UnitFailed` when the daemon's own check of its configuration fails. */
export function startUnit(machine: MachineState, name: string): void {
  const unit = machine.units[name];
  if (unit === undefined) throw unitFailed(machine, name, `Unit ${name} not found.`);
  if (unit.state === 'active') return;
  if (name === 'docker.service') startEngine(machine, unit);
  if (name === 'keepalived.service') readKeepalivedConfiguration(machine);
  if (name === 'haproxy.service') readBalancerConfiguration(machine);
  unit.state = 'active';
}

export function stopUnit(machine: MachineState, name: string): void {
  const unit = machine.units[name];
  if (unit === undefined) return;
  unit.state = 'inactive';
  if (name === 'docker.service') {
    machine.engine.runningVersion = undefined;
    machine.engine.isStuck = false;
  }
  if (name === 'keepalived.service') machine.keepalivedConfiguration = undefined;
  if (name === 'haproxy.service') machine.balancer = undefined;
}

const defaultDataRoot = '/var/lib/docker';

export const keepalivedPath = '/etc/keepalived/keepalived.conf';

/** Unit conditions of Debian's package: without the file keepalived is not started, which is no failure. */
export function readKeepalivedConfiguration(machine: MachineState): void {
  machine.keepalivedConfiguration = machine.files[keepalivedPath]?.content;
}

function startEngine(machine: MachineState, unit: { state: string }): void {
  const text = machine.files['/etc/docker/daemon.json']?.content ?? '{}';
  const fail = (sentence: string): never => {
    unit.state = 'failed';
    throw unitFailed(machine, 'docker.service', sentence);
  };
  let options: Record<string, unknown> = {};
  try {
    options = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    fail(
      `unable to configure the Docker daemon with file /etc/docker/daemon.json: ${String(error)}`,
    );
  }
  if (options['live-restore'] === true && machine.engine.membership !== undefined) {
    fail('--live-restore daemon configuration is incompatible with swarm mode');
  }
  const version = engineOnDisk(machine) ?? fail('dockerd: No such file or directory');
  if (machine.engine.brokenVersions.includes(version)) {
    fail(`failed to start daemon: ${version} is broken`);
  }
  machine.engine.runningVersion = version;
  const dataRoot = options['data-root'];
  machine.engine.dataRoot = typeof dataRoot === 'string' ? dataRoot : defaultDataRoot;
  const dropIn = machine.files[alpnDropInPath]?.content ?? '';
  machine.engine.doesWithoutAlpn = dropIn.includes('GRPC_ENFORCE_ALPN_ENABLED=false');
  startMembership(machine);
  const socket = machine.units['docker.socket'];
  if (socket !== undefined) socket.state = 'active';
  const containerd = machine.units['containerd.service'];
  if (containerd !== undefined) containerd.state = 'active';
}

/** Version of the engine that a start brings up; undefined: none is installed. */
export function engineOnDisk({ installed, files, programs }: MachineState): string | undefined {
  const isUnpacked = isOurUnit(files['/etc/systemd/system/docker.service']?.content);
  if (isUnpacked) return programs.builds[programs.current ?? ''];
  const version = installed['docker.io'] ?? installed['docker-ce'];
  return version === undefined ? undefined : upstreamVersion(version);
}

/** An engine that starts waits for a leader that knows it, and before that, with autolock, for its key. */
function startMembership({ engine: { membership } }: MachineState): void {
  if (membership === undefined) return;
  membership.localState = 'pending';
  membership.hasNewCertificate = false;
  if (membership.lockKey === undefined) return;
  membership.localState = 'locked';
  membership.isControlAvailable = false;
  membership.controlChangeDueMs = undefined;
}

export function unitFailed(machine: MachineState, unit: string, journal: string): SwarmError {
  return new SwarmError('UnitFailed', `${machine.key}: ${unit} failed; journal: ${journal}`);
}

export function isEngineRunning(machine: MachineState): boolean {
  return machine.isOn && machine.units['docker.service']?.state === 'active';
}

/** The machine that holds the address itself, or as a virtual one. */
export function machineAt(state: WorldState, address: string): MachineState | undefined {
  const holder = state.vips[address]?.holder;
  return Object.values(state.machines).find(
    (machine) => machine.address === address || (holder !== undefined && machine.key === holder),
  );
}

/** Where each node was found last: a large world asks for every node at every step. */
const lastFound = new WeakMap<WorldState, Map<string, string>>();

/** The machine whose disk holds this node's membership, whatever it does now. */
export function machineOfNode(state: WorldState, nodeId: string): MachineState | undefined {
  const places = lastFound.get(state) ?? new Map<string, string>();
  lastFound.set(state, places);
  const there = state.machines[places.get(nodeId) ?? ''];
  if (there?.engine.membership?.nodeId === nodeId) return there;
  const found = Object.values(state.machines).find(
    (machine) => machine.engine.membership?.nodeId === nodeId,
  );
  if (found !== undefined) places.set(nodeId, found.key);
  return found;
}

/** Other nodes see this node: its engine runs, linked, with its own membership, and is not locked. */
export function isLive(state: WorldState, nodeId: string): boolean {
  const machine = machineOfNode(state, nodeId);
  if (machine === undefined || machine.link === 'cut' || !isEngineRunning(machine)) return false;
  const { membership } = machine.engine;
  const isUp = membership?.localState !== 'locked' && membership?.localState !== 'error';
  return membership?.isCutOff === false && isUp;
}

export function findNode(swarm: SwarmState, nodeId: string): NodeEntry | undefined {
  return swarm.nodes.find((node) => node.id === nodeId);
}

/** What a manager answers to a client of TLS. */
export function offersAlpn(machine: MachineState | undefined): boolean {
  const version = machine?.engine.runningVersion ?? '';
  const isMended = majorOf(version) >= 28 || /^25\.0\.(1[2-9]|[2-9]\d)/.test(version);
  return isMended || machine?.engine.membership?.hasNewCertificate === false;
}

export function asksForAlpn({ engine }: MachineState): boolean {
  return majorOf(engine.runningVersion ?? '') >= 28 && !engine.doesWithoutAlpn;
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}
