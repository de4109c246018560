import { bracketed } from './addresses';

/**
 * How a host is reached by SSH. It has the shape of `@pulumi/command`'s `ConnectionArgs` (the parts
 * that we support), so that a value written for one fits the other.
 */
export interface SshConnection {
  /** IP address or host name that sshd answers on. */
  readonly host: string;
  /** TCP port of sshd. Default: 22. */
  readonly port?: number;
  /** Login user. Default: `root`. Any other user needs `sudo` without a password. */
  readonly user?: string;
  /** Private key in OpenSSH or PEM form. Secret. */
  readonly privateKey?: string;
  /**
   * File with the private key, in place of `privateKey`, on the computer where Pulumi runs. It is read
   * when a connection is opened, so nothing of the key is in Pulumi's state or logs. `~/` is the home
   * directory of whoever runs it; a relative path begins at the project's folder.
   */
  readonly privateKeyFile?: string;
  /** Passphrase of `privateKey`. Secret. */
  readonly privateKeyPassword?: string;
  /** Password of the login user. Secret. */
  readonly password?: string;
  /** Path of the SSH agent's socket. Default: the environment's `SSH_AUTH_SOCK`, when no key and no password is given. */
  readonly agentSocketPath?: string;
  /**
   * The host's public key (`ssh-ed25519 AAAA…`). Default: the entries for `host` in the user's
   * `~/.ssh/known_hosts`. A host whose key is in neither place is refused: there is no "trust on first use".
   */
  readonly hostKey?: string;
}

/** A machine of a lab on this computer: address, keys and host key come from the lab's own records. */
export interface LabConnection {
  /** Name of the lab. */
  readonly lab: string;
  /** Name of the machine in that lab. */
  readonly machine: string;
}

/** The way to a host. */
export type Connection = SshConnection | LabConnection;

export function isLabConnection(connection: Connection): connection is LabConnection {
  return 'lab' in connection;
}

/**
 * A declared manager as every other node's operations reach it: plain data that is known before
 * anything is registered, never an output of a resource.
 */
export interface ManagerContact {
  /** Host name of the node. */
  readonly name: string;
  /** The node's IP address: swarm's advertise address. */
  readonly address: string;
  /** How its host is reached. */
  readonly connection: Connection;
  /** A declared worker that may be a manager while the only one is out: asked last. Default: false. */
  readonly isStandIn?: boolean;
}

/** One notation of a connection for logs and errors; it holds no secret. */
export function describeConnection(connection: Connection): string {
  if (isLabConnection(connection)) return `lab ${connection.lab}/${connection.machine}`;
  const { user, host, port } = connection;
  return `${user ?? 'root'}@${bracketed(host)}:${String(port ?? 22)}`;
}
