import type { Host } from '../../effects/effects';

/** A login at the registry of a test. */
export interface TestLogin {
  readonly username: string;
  readonly password: string;
}

const server = '127.0.0.1:5000';
const directory = '/etc/docker/registry';

const configuration = `version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /var/lib/docker-registry } }
http: { addr: "${server}" }
auth: { htpasswd: { realm: contract, path: ${directory}/htpasswd } }
`;

/**
 * The distribution's own registry on a machine, with an image that its engine has; the engine then has
 * it no more under the name that it returns. An engine takes its loopback without TLS.
 */
export async function serveImage(host: Host, image: string, login: TestLogin): Promise<string> {
  const { username, password } = login;
  await host.packages.install({ 'docker-registry': undefined });
  const hash = await run(host, [
    'perl',
    '-e',
    'print crypt(shift, q($2b$05$) . "a" x 22)',
    password,
  ]);
  await host.files.write(`${directory}/config.yml`, configuration, { mode: 0o644 });
  await host.files.write(`${directory}/htpasswd`, `${username}:${hash}\n`, { mode: 0o644 });
  await host.systemd.restart('docker-registry.service');
  const reference = `${server}/${image}`;
  const credentials = ['--username', username, '--password-stdin'];
  await run(host, [
    'timeout',
    '20',
    'bash',
    '-c',
    `until : < /dev/tcp/127.0.0.1/5000; do sleep 0.2; done`,
  ]);
  await run(host, ['docker', 'login', ...credentials, server], password);
  await run(host, ['docker', 'tag', image, reference]);
  await run(host, ['docker', 'push', '--quiet', reference]);
  await run(host, ['docker', 'logout', server]);
  await run(host, ['docker', 'rmi', reference]);
  return reference;
}

async function run(host: Host, argv: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, { stdin, timeoutSeconds: 60 });
  if (code !== 0) throw new Error(`${host.description}: ${argv[1] ?? ''}: ${stderr}${stdout}`);
  return stdout.trim();
}
