import type { CommandResult } from '../../../effects/effects';
import { answerRuntime, checkBalancer } from './balancer';
import { filesOfPackage } from './osCatalog';
import { boot, engineOnDisk, isEngineRunning, shutDown } from './machines';
import type { MachineState, WorldState } from './state';

type Command = (
  machine: MachineState,
  args: readonly string[],
  state: WorldState,
  stdin: string,
) => CommandResult | undefined;

/**
 * The commands that a fake machine knows. Anything else ends with 127, as a missing program does, so
 * that no test passes on a command that the fake only pretends to know; a test adds what it needs with
 * `FakeWorld.setCommand`.
 */
const commands: Readonly<Record<string, Command>> = {
  true: () => done(),
  false: () => failed(1, ''),
  hostname: (machine) => done(`${machine.hostname}\n`),
  date: (machine, args, state) =>
    args[0] === '+%s'
      ? done(`${String(Math.floor(state.nowMs / 1000) + machine.clockSkewSeconds)}\n`)
      : undefined,
  cat: (machine, args) => {
    const path = args.find((arg) => arg !== '--') ?? '';
    const file = machine.files[path];
    return file === undefined
      ? failed(1, `cat: ${path}: No such file or directory`)
      : done(file.content);
  },
  test: (machine, [operator = '', path = '']) => {
    const holds: Record<string, boolean> = {
      '-e': machine.files[path] !== undefined || isDirectory(machine, path),
      '-f': machine.files[path] !== undefined,
      '-x': machine.files[path] !== undefined,
      '-d': isDirectory(machine, path),
    };
    const answer = holds[operator];
    return answer === undefined ? undefined : answer ? done() : failed(1, '');
  },
  mkdir: (machine, args) => {
    const isWithParents = args.includes('-p');
    for (const path of args.filter((arg) => !arg.startsWith('-'))) {
      const exists = isDirectory(machine, path) || machine.files[path] !== undefined;
      if (exists && !isWithParents) {
        return failed(1, `mkdir: cannot create directory '${path}': File exists`);
      }
      if (!exists) machine.directories.push(path);
    }
    return done();
  },
  rmdir: (machine, args) => {
    const path = args.find((arg) => !arg.startsWith('-')) ?? '';
    if (!machine.directories.includes(path)) {
      return failed(1, `rmdir: failed to remove '${path}': No such file or directory`);
    }
    machine.directories = machine.directories.filter((directory) => directory !== path);
    return done();
  },
  rm: (machine, args) => {
    for (const path of args.filter((arg) => !arg.startsWith('-'))) removeTree(machine, path);
    return done();
  },
  systemctl: (machine, args, state) => {
    if (args[0] === 'reboot') return reboot(machine, state);
    const unit = machine.units[args[args.length - 1] ?? ''];
    if (args[0] === 'is-active') {
      return result(unit?.state === 'active' ? 0 : 3, `${unit?.state ?? 'inactive'}\n`);
    }
    if (args[0] === 'is-enabled') {
      return result(
        unit?.isEnabled === true ? 0 : 1,
        unit?.isEnabled === true ? 'enabled\n' : 'disabled\n',
      );
    }
    return undefined;
  },
  readlink: (_machine, args) => (args[0] === '-f' ? done(`${args.at(-1) ?? ''}\n`) : undefined),
  reboot: (machine, _args, state) => reboot(machine, state),
  dockerd: (machine, args) => {
    const version = engineOnDisk(machine);
    if (args[0] === '--validate') return checkDaemonFile(machine, version, args[1] ?? '');
    return version === undefined || args[0] !== '--version'
      ? undefined
      : done(`Docker version ${version}, build 0\n`);
  },
  ip: (machine, [object, verb, prefixed = '', word, name = '']) => {
    if (object !== 'address' || word !== 'dev') return undefined;
    const [address = '', length = '32'] = prefixed.split('/');
    const others = machine.addedAddresses.filter(
      (one) => one.address !== address || one.interface !== name,
    );
    const isThere = others.length < machine.addedAddresses.length;
    if (verb === 'add') {
      if (isThere) return failed(2, 'RTNETLINK answers: File exists');
      const added = { interface: name, address, prefixLength: Number(length) };
      machine.addedAddresses = [...others, added];
      return done();
    }
    if (verb !== 'del') return undefined;
    if (!isThere) return failed(2, 'RTNETLINK answers: Cannot assign requested address');
    machine.addedAddresses = others;
    return done();
  },
  keepalived: (machine, args) => {
    const [test, file, path = ''] = args;
    const isKnown = machine.installed['keepalived'] !== undefined && test === '-t' && file === '-f';
    return isKnown ? checkKeepalived(machine, path) : undefined;
  },
  haproxy: (machine, args) => {
    const [check, quiet, file, path = ''] = args;
    const isKnown = machine.installed['haproxy'] !== undefined && check === '-c' && quiet === '-q';
    return isKnown && file === '-f' ? checkBalancer(machine.files[path]?.content, path) : undefined;
  },
  dpkg: (machine, args) => {
    const [verify, dashes, name = ''] = args;
    if (verify !== '--verify' || dashes !== '--') return undefined;
    if (machine.installed[name] === undefined) {
      return failed(1, `dpkg: package '${name}' is not installed`);
    }
    const changed = Object.entries(filesOfPackage[name] ?? {}).filter(
      ([path, content]) => machine.files[path]?.content !== content,
    );
    return done(changed.map(([path]) => `??5?????? c ${path}\n`).join(''));
  },
  perl: (machine, args, state, stdin) => {
    const [module = '', evaluate, , socket] = args;
    if (module === '/etc/keepalived/swarm-listen.pl' && machine.files[module] !== undefined) {
      return done(heardBy(machine, state));
    }
    const isKnown = module === '-MIO::Socket::UNIX' && evaluate === '-e';
    if (!isKnown || socket !== '/run/haproxy/admin.sock') return undefined;
    const answer = answerRuntime(state, machine, stdin.trim());
    return answer === undefined
      ? failed(2, 'No such file or directory at -e line 1.')
      : done(answer);
  },
};

/** What the machine hears of holders on its network; see fakeWorld.md. */
function heardBy(machine: MachineState, state: WorldState): string {
  const holders = new Set(Object.values(state.vips).map(({ holder }) => holder));
  return Object.values(state.machines)
    .filter((other) => other.key !== machine.key && holders.has(other.key))
    .map((other) => {
      const text = other.keepalivedConfiguration ?? '';
      const routerId = /virtual_router_id (\d+)/.exec(text)?.[1] ?? '0';
      const address = /virtual_ipaddress \{\s*([^\s/]+)/.exec(text)?.[1] ?? '';
      return `4 3 ${routerId} 200 ${other.address} ${address}\n`;
    })
    .join('');
}

export function runCommand(
  state: WorldState,
  machine: MachineState,
  argv: readonly string[],
  stdin = '',
): CommandResult {
  const scripted = machine.scriptedCommands.find((command) =>
    command.argv.every((argument, index) => argv[index] === argument),
  );
  if (scripted !== undefined) {
    return { code: scripted.code, stdout: scripted.stdout, stderr: scripted.stderr };
  }
  const [name = '', ...args] = argv;
  return (
    commands[name]?.(machine, args, state, stdin) ??
    failed(127, `${argv.slice(0, 2).join(' ')}: not known to the fake world`)
  );
}

/** `dockerd --validate`: of the options no more than that they are JSON, and the level of the log. */
function checkDaemonFile(
  machine: MachineState,
  version: string | undefined,
  option: string,
): CommandResult | undefined {
  if (version === undefined) return undefined;
  if (Number(version.split('.')[0]) < 23) return failed(125, 'unknown flag: --validate');
  const text = machine.files[option.replace('--config-file=', '')]?.content ?? '';
  try {
    const options = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const level = options['log-level'] ?? 'info';
    return typeof level === 'string' && /^(debug|info|warn|error|fatal)$/.test(level)
      ? done('configuration OK\n')
      : failed(1, `invalid logging level: ${JSON.stringify(level)}`);
  } catch (error) {
    return failed(1, `unable to configure the Docker daemon with file: ${String(error)}`);
  }
}

/** `keepalived -t`: of its grammar no more than that every block is closed and every script there. */
function checkKeepalived(machine: MachineState, path: string): CommandResult {
  const text = machine.files[path]?.content;
  if (text === undefined) return failed(1, `Unable to open configuration file ${path}`);
  const scripts = [...text.matchAll(/^\s*script "(\/[^\s"]+)/gm)].map(([, script]) => script ?? '');
  if (scripts.some((script) => machine.files[script] === undefined)) {
    return failed(5, 'Disabling track script since not found/accessible');
  }
  const count = (brace: string): number => text.split(brace).length - 1;
  return count('{') === count('}')
    ? done()
    : failed(1, `(${path}: Line ${String(text.split('\n').length)}) Missing '}'`);
}

function isDirectory(machine: MachineState, path: string): boolean {
  const isAbove = (other: string): boolean => other === path || other.startsWith(`${path}/`);
  return machine.directories.some(isAbove) || Object.keys(machine.files).some(isAbove);
}

function removeTree(machine: MachineState, path: string): void {
  const isBelow = (other: string): boolean => other === path || other.startsWith(`${path}/`);
  for (const file of Object.keys(machine.files))
    if (isBelow(file)) Reflect.deleteProperty(machine.files, file);
  machine.directories = machine.directories.filter((directory) => !isBelow(directory));
  if (isEngineRunning(machine)) return;
  if (isBelow('/var/lib/docker/swarm')) machine.engine.membership = undefined;
  if (isBelow('/var/lib/docker/volumes')) machine.engine.volumes = {};
  if (isBelow('/var/lib/docker')) {
    machine.engine.images = [];
    machine.engine.containers = [];
  }
}

function reboot(machine: MachineState, state: WorldState): CommandResult {
  shutDown(machine);
  boot(state, machine);
  return done();
}

function result(code: number, stdout: string): CommandResult {
  return { code, stdout, stderr: '' };
}

function done(stdout = ''): CommandResult {
  return result(0, stdout);
}

function failed(code: number, stderr: string): CommandResult {
  return { code, stdout: '', stderr: `${stderr}\n` };
}
