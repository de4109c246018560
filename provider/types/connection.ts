import type * as pulumi from '@pulumi/pulumi';

/** How a host is reached by SSH: the shape of `@pulumi/command`'s connection. */
export interface SshConnectionArgs {
  /** IP address or host name that sshd answers on. */
  host: pulumi.Input<string>;
  /** TCP port of sshd. Default: 22. */
  port?: pulumi.Input<number>;
  /** Login user. Default: `root`. Any other user needs `sudo` without a password. */
  user?: pulumi.Input<string>;
  /** Private key in OpenSSH or PEM form; pass it as a secret. */
  privateKey?: pulumi.Input<string>;
  /** File with the private key where Pulumi runs, in place of `privateKey`; nothing of it is in the state. */
  privateKeyFile?: pulumi.Input<string>;
  /** Passphrase of `privateKey`; pass it as a secret. */
  privateKeyPassword?: pulumi.Input<string>;
  /** Password of the login user; pass it as a secret. */
  password?: pulumi.Input<string>;
  /** Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`, when no key and no password is given. */
  agentSocketPath?: pulumi.Input<string>;
  /** The host's public key. Default: `~/.ssh/known_hosts`. An unknown key is refused. */
  hostKey?: pulumi.Input<string>;
}

/** A machine of a lab on this computer: its keys are in the lab's own records. */
export interface LabConnectionArgs {
  lab: pulumi.Input<string>;
  machine: pulumi.Input<string>;
}

export type ConnectionArgs = SshConnectionArgs | LabConnectionArgs;

/** A declared manager, as plain data: known before anything is registered, never an output of a resource. */
export interface ManagerContactArgs {
  name: string;
  address: string;
  connection: ConnectionArgs;
  /** A worker that may be a manager while the only one is out. Default: false. */
  isStandIn?: boolean;
}
