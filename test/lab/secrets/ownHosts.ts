import { randomBytes } from 'node:crypto';
import { utils } from 'ssh2';
import type { Effects, Host } from '../../../effects/effects';
import { generateSshKeyPair, type SshKeyPair } from '../../../effects/sshKeyPair';
import { documentedSudoers } from '../../support/sudoRules';
import { testLabs } from '../support/testLab';

export const hostsLab = 'secure';

/** What somebody has who has a host: how to log in, and the host's own key. */
export interface OwnHost {
  readonly name: string;
  readonly address: string;
  readonly key: SshKeyPair;
}

/** The login of all hosts: the user `swarm` of docs/security.md. */
export interface Login {
  readonly user: string;
  /** Opens the private key, which is encrypted. */
  readonly passphrase: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly password: string;
}

export function newLogin(): Login {
  const passphrase = randomBytes(15).toString('base64');
  const pair = utils.generateKeyPairSync('ed25519', {
    passphrase,
    cipher: 'aes256-ctr',
    rounds: 16,
    comment: 'test',
  });
  return {
    user: 'swarm',
    passphrase,
    privateKey: pair.private,
    publicKey: pair.public,
    password: `${randomBytes(12).toString('base64')}+/="%`,
  };
}

export function newHost(name: string, address: string): OwnHost {
  return { name, address, key: generateSshKeyPair(name) };
}

/** Builds the machine as its owner does: OS, sudo, and a login user with the rules of docs/security.md. */
export async function buildHost(
  effects: Effects,
  host: OwnHost,
  os: string,
  login: Login,
): Promise<Host> {
  const { name, address, key } = host;
  const old = await effects.lab.record(hostsLab, name);
  if (old !== undefined) await effects.lab.remove(hostsLab, name, old.id);
  await effects.lab.ensure(
    {
      id: `${name}-${os}`,
      lab: hostsLab,
      subnet: testLabs[hostsLab],
      name,
      os,
      address,
      hostPrivateKey: key.privateKey,
      hostPublicKey: key.publicKey,
      labels: {},
    },
    () => undefined,
  );
  const root = await effects.hosts.connect({ lab: hostsLab, machine: name });
  await root.packages.install({ sudo: undefined });
  const home = `/home/${login.user}`;
  await must(root, ['useradd', '--create-home', '--shell', '/bin/sh', login.user]);
  await must(root, ['chpasswd'], `${login.user}:${login.password}\n`);
  await root.files.write(`${home}/.ssh/authorized_keys`, `${login.publicKey}\n`);
  await must(root, ['chown', '--recursive', `${login.user}:`, `${home}/.ssh`]);
  await root.files.write('/etc/sudoers.d/swarm', documentedSudoers(), { mode: 0o440 });
  await must(root, ['visudo', '--check']);
  await root.files.write('/etc/ssh/sshd_config.d/05-test.conf', 'PasswordAuthentication yes\n');
  // Not a reload, which closes the socket for a moment after systemctl has returned.
  await root.systemd.restart('ssh.service');
  return root;
}

async function must(host: Host, argv: readonly string[], stdin = ''): Promise<void> {
  const { code, stderr, stdout } = await host.run(argv, { stdin });
  if (code !== 0) throw new Error(`${host.description}: ${argv[0] ?? ''}: ${stderr}${stdout}`);
}
