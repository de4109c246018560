import type { CommandResult } from '../../../effects/effects';
import { SwarmError } from '../../../core/errors';
import { probe } from './fakeNetwork';
import type { MachineState, WorldState } from './state';

export const balancerPath = '/etc/haproxy/haproxy.cfg';

interface Server {
  readonly key: string;
  readonly proxy: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly isDisabled: boolean;
}

/** A start, restart or reload: what the runtime API had changed is forgotten. */
export function readBalancerConfiguration(machine: MachineState): void {
  const text = machine.files[balancerPath]?.content;
  if (text === undefined) {
    throw new SwarmError(
      'UnitFailed',
      `${machine.key}: haproxy.service failed; journal: Could not open configuration file`,
    );
  }
  machine.balancer = { text, states: {} };
}

/** `haproxy -c`: of its grammar no more than that each section has a known name. */
export function checkBalancer(text: string | undefined, path: string): CommandResult {
  const fault =
    text === undefined
      ? `Cannot open configuration file/directory ${path}`
      : text
          .split('\n')
          .find(
            (line) =>
              /^[^\s#]/.test(line) && !/^(global|defaults|listen|frontend|backend)\b/.test(line),
          );
  return fault === undefined
    ? { code: 0, stdout: '', stderr: '' }
    : { code: 1, stdout: '', stderr: `[ALERT] config : ${fault}\n` };
}

/** The runtime API: `show info`, `show stat` and `set server … state …`; undefined: nobody listens. */
export function answerRuntime(
  state: WorldState,
  machine: MachineState,
  line: string,
): string | undefined {
  const { balancer } = machine;
  if (balancer?.text.includes('/run/haproxy/admin.sock') !== true) return undefined;
  const answers = line
    .split(';')
    .map((command) => answer(state, machine, balancer, command.trim()));
  return answers.join('');
}

function answer(
  state: WorldState,
  machine: MachineState,
  balancer: NonNullable<MachineState['balancer']>,
  command: string,
): string {
  const servers = serversOf(balancer.text);
  if (command === 'show info') {
    const description = /^\s+description (\S+)$/m.exec(balancer.text)?.[1] ?? '';
    return `Name: HAProxy\ndescription: ${description}\n\n`;
  }
  if (command === 'show stat') {
    const rows = servers.map((server) => {
      const sessions = String(machine.balancerSessions[server.key] ?? 0);
      const how = status(state, machine, balancer, server);
      return [server.proxy, server.name, sessions, '0', how, lastCheck(state, machine, server)];
    });
    return `${['# pxname,svname,scur,stot,status,check_status', ...rows.map((row) => row.join(','))].join('\n')}\n\n`;
  }
  const [, key = '', wanted = ''] =
    /^set server (\S+) state (ready|drain|maint)$/.exec(command) ?? [];
  if (wanted === '') return `Unknown command: '${command}'\n\n`;
  if (!servers.some((server) => server.key === key)) return 'No such server.\n\n';
  balancer.states[key] = wanted as 'ready' | 'drain' | 'maint';
  return '\n';
}

function status(
  state: WorldState,
  machine: MachineState,
  { states }: NonNullable<MachineState['balancer']>,
  server: Server,
): string {
  const wanted = states[server.key] ?? (server.isDisabled ? 'maint' : 'ready');
  if (wanted === 'maint') return 'MAINT';
  const isHealthy = probe(state, machine, server.address, server.port) === 'open';
  if (!isHealthy) return 'DOWN';
  return wanted === 'drain' ? 'DRAIN' : 'UP';
}

/** In HAProxy's words: answered, refused, or nothing in time. */
function lastCheck(state: WorldState, machine: MachineState, server: Server): string {
  const met = probe(state, machine, server.address, server.port);
  return { open: 'L4OK', refused: 'L4CON', silent: 'L4TOUT' }[met];
}

function serversOf(text: string): readonly Server[] {
  let proxy = '';
  return text.split('\n').flatMap((line) => {
    proxy = /^listen (\S+)$/.exec(line)?.[1] ?? proxy;
    const match = /^ +server (\S+) (\S+):(\d+) (.*)$/.exec(line);
    if (match === null) return [];
    const [, name = '', address = '', port = '', options = ''] = match;
    const isDisabled = options.split(' ').includes('disabled');
    return [{ key: `${proxy}/${name}`, proxy, name, address, port: Number(port), isDisabled }];
  });
}
