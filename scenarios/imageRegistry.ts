import type { RegistryLogin } from '../core/images';
import type { Host } from '../effects/effects';

const directory = '/etc/docker/registry';
const unit = 'docker-registry.service';

const configurationOf = (server: string): string => `version: 0.1
log: { level: info }
storage: { filesystem: { rootdirectory: /var/lib/docker-registry } }
http: { addr: "${server}" }
auth: { htpasswd: { realm: swarm, path: ${directory}/htpasswd } }
`;

/** Constant; reads the password: it must be in no list of processes. */
const hashProgram = 'chomp(my $password = <STDIN>); print crypt($password, q($2b$05$) . "a" x 22)';

/**
 * The distribution's own registry on a machine, without TLS, behind a login. Its server is an address of the machine
 * with a port: an engine takes its loopback so, and any other with `insecure-registries` alone.
 */
export async function serveRegistry(host: Host, login: RegistryLogin): Promise<void> {
  const { server, username, password } = login;
  // Where there are no lists yet, they are read by this.
  await host.packages.available('docker-registry');
  await host.packages.install({ 'docker-registry': undefined });
  const hash = await run(host, ['perl', '-e', hashProgram], password);
  await host.files.write(`${directory}/config.yml`, configurationOf(server), { mode: 0o644 });
  await host.files.write(`${directory}/htpasswd`, `${username}:${hash}\n`, { mode: 0o644 });
  await host.systemd.restart(unit);
  const [address = '', port = ''] = server.split(':');
  const answers = `until : < /dev/tcp/${address}/${port}; do sleep 0.2; done`;
  await run(host, ['timeout', '20', 'bash', '-c', answers]);
}

/** An image that the engine has, into the registry; the engine then has it no more under the name that is returned. */
export async function pushImage(host: Host, image: string, login: RegistryLogin): Promise<string> {
  const reference = `${login.server}/${image}`;
  await withLogin(host, login, async () => {
    await run(host, ['docker', 'tag', image, reference]);
    await run(host, ['docker', 'push', '--quiet', reference]);
  });
  await run(host, ['docker', 'rmi', reference]);
  return reference;
}

/** What somebody does on the host who is logged in there, and leaves no login behind. */
export async function withLogin(
  host: Host,
  { server, username, password }: RegistryLogin,
  action: () => Promise<void>,
): Promise<void> {
  await run(
    host,
    ['docker', 'login', '--username', username, '--password-stdin', server],
    password,
  );
  try {
    await action();
  } finally {
    await run(host, ['docker', 'logout', server]);
  }
}

/** A request that a registry has granted to its only login, as it has noted it. */
export interface GrantedRequest {
  /** Address that it came from. */
  readonly from: string;
  readonly method: string;
  readonly uri: string;
}

export async function grantedRequests(host: Host): Promise<readonly GrantedRequest[]> {
  const lines = await run(host, ['journalctl', '--unit', unit, '--output', 'cat', '--no-pager']);
  return lines
    .split('\n')
    .filter((line) => line.includes('msg="authorized request"'))
    .map((line) => ({
      from: field(line, 'http.request.remoteaddr').replace(/:\d+$/, ''),
      method: field(line, 'http.request.method'),
      uri: field(line, 'http.request.uri'),
    }));
}

/** Of a line of names and values, which have quotes where they need them. */
function field(line: string, name: string): string {
  const found = new RegExp(`(?:^| )${name.replaceAll('.', '\\.')}=(?:"([^"]*)"|(\\S*))`).exec(line);
  return found?.[1] ?? found?.[2] ?? '';
}

/** @throws Error with what the command has said. */
export async function run(host: Host, argv: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, { stdin, timeoutSeconds: 60 });
  if (code !== 0) throw new Error(`${host.description}: ${argv[1] ?? ''}: ${stderr}${stdout}`);
  return stdout.trim();
}
