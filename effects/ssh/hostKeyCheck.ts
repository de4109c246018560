import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import type { SshConnection } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import {
  type HostKey,
  type KnownHostKeys,
  keyType,
  knownHostKeys,
  parseHostKey,
} from './knownHosts';

/** Signature algorithms that each key type can be asked with. SHA-1 signatures are not asked for. */
const algorithmsOf: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/**
 * Decides on the key that a host shows. It never trusts on first use.
 *
 * A server with several keys shows the one that the client's algorithms ask for, so only those of
 * the known types are offered: else a host known by its RSA key would look changed.
 */
export class HostKeyCheck {
  private shown: Buffer | undefined;

  private constructor(
    private readonly subject: string,
    private readonly connection: SshConnection,
    private readonly isOfLab: boolean,
    private readonly known: KnownHostKeys,
  ) {}

  /**
   * Gathers the keys that this connection trusts.
   *
   * @param isOfLab - the key is that of a lab's record, and nothing that somebody can write down elsewhere.
   * @throws SwarmError `HostKeyInvalid` when `hostKey` is not a public key line, `KnownHostsUnreadable`.
   */
  static async prepare(
    subject: string,
    connection: SshConnection,
    isOfLab: boolean,
  ): Promise<HostKeyCheck> {
    if (connection.hostKey !== undefined) {
      const key = parseHostKey(connection.hostKey);
      if (key === undefined) {
        throw new SwarmError(
          'HostKeyInvalid',
          `${subject}: connection.hostKey is not a public key; the host cannot be checked; write it as \`ssh-ed25519 AAAA…\`, as \`ssh-keyscan ${connection.host}\` prints it after the host's name`,
          { source: 'user' },
        );
      }
      return new HostKeyCheck(subject, connection, isOfLab, { trusted: [key], revoked: [] });
    }
    const files = [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts'];
    const found = await Promise.all(files.map((file) => readKnownHosts(subject, file, connection)));
    return new HostKeyCheck(subject, connection, isOfLab, {
      trusted: found.flatMap((keys) => keys.trusted),
      revoked: found.flatMap((keys) => keys.revoked),
    });
  }

  /** Algorithms to offer; undefined (the client's own list) when no key is known. */
  get algorithms(): ServerHostKeyAlgorithm[] | undefined {
    const algorithms = this.known.trusted.flatMap((key) => algorithmsOf[key.type] ?? []);
    return algorithms.length === 0 ? undefined : [...new Set(algorithms)];
  }

  /** Whether the shown key is trusted; it is kept for the error. */
  accept(blob: Buffer): boolean {
    this.shown = blob;
    return includes(this.known.trusted, blob) && !includes(this.known.revoked, blob);
  }

  /** Why the host was refused for its key; undefined when the key was not the reason. */
  refusal(handshakeError: string): SwarmError | undefined {
    const host = `${this.subject}: `;
    const port = this.connection.port ?? 22;
    if (this.shown === undefined) {
      return /no matching host key/i.test(handshakeError)
        ? this.changed(`it has no key of the known type (${this.describeKnown()})`)
        : undefined;
    }
    if (includes(this.known.revoked, this.shown)) {
      return this.changed(`its key ${fingerprint(this.shown)} is marked @revoked in known_hosts`);
    }
    if (this.known.trusted.length === 0) {
      return new SwarmError(
        'HostKeyUnknown',
        `${host}its host key ${fingerprint(this.shown)} is not known; nothing was sent to it; compare it on the host's console with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\`, then set connection.hostKey or add the line of \`ssh-keyscan -p ${port} ${this.connection.host}\` to ~/.ssh/known_hosts`,
        { source: 'user' },
      );
    }
    return includes(this.known.trusted, this.shown)
      ? undefined
      : this.changed(`it shows ${fingerprint(this.shown)}, known is ${this.describeKnown()}`);
  }

  private changed(fact: string): SwarmError {
    return new SwarmError(
      'HostKeyChanged',
      `${this.subject}: ${fact}; this may be another machine, so nothing was sent to it; ${this.howToAccept()}`,
      { source: 'user' },
    );
  }

  private howToAccept(): string {
    if (this.isOfLab) {
      return (
        'a machine of a lab keeps the key that it was made with: put that one back on the machine, or have it built anew ' +
        '(`npm run lab -- off` it, take it out of the declaration, `pulumi up`, put it back, `pulumi up`)'
      );
    }
    const { host, port = 22, hostKey } = this.connection;
    const name = port === 22 ? host : `'[${host}]:${String(port)}'`;
    const where =
      hostKey === undefined
        ? `replace the known one: \`ssh-keygen -R ${name}\`, then the line of \`ssh-keyscan -p ${String(port)} ${host}\` into ~/.ssh/known_hosts`
        : 'write the new one into connection.hostKey of this node in the stack’s configuration';
    return `if the host was rebuilt on purpose, compare its key on its console with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\`, and ${where}`;
  }

  private describeKnown(): string {
    return this.known.trusted.map((key) => fingerprint(key.blob)).join(' or ');
  }
}

function includes(keys: readonly HostKey[], blob: Buffer): boolean {
  return keys.some((key) => key.blob.equals(blob));
}

function fingerprint(blob: Buffer): string {
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return `${keyType(blob)} SHA256:${hash}`;
}

async function readKnownHosts(
  subject: string,
  file: string,
  { host, port = 22 }: SshConnection,
): Promise<KnownHostKeys> {
  try {
    return knownHostKeys(await readFile(file, 'utf8'), host, port);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { trusted: [], revoked: [] };
    }
    throw new SwarmError(
      'KnownHostsUnreadable',
      `${subject}: ${file} cannot be read (${errorMessage(error)}); the host cannot be checked; make it readable, or set connection.hostKey`,
      { source: 'user', cause: error },
    );
  }
}
