import { readFile } from 'node:fs/promises';
import { type Socket, connect as connectTcp } from 'node:net';
import { homedir } from 'node:os';
import { Client, type ConnectConfig } from 'ssh2';
import type { SshConnection } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import { HostKeyCheck } from './hostKeyCheck';

/** An SSH connection that is logged in, and the TCP socket below it. */
export interface OpenedClient {
  readonly client: Client;
  readonly socket: Socket;
}

/**
 * Keepalives are sent each 5 s; the third that nothing answers ends the connection, so a dead host is
 * noticed within 15 s.
 */
const keepalive = { keepaliveInterval: 5000, keepaliveCountMax: 2 } as const;

/**
 * Connects and logs in, with the host's key checked.
 *
 * @throws SwarmError `HostUnreachable`, `HostKeyUnknown`, `HostKeyChanged`, `HostLoginRefused`,
 * `PrivateKeyUnreadable`.
 */
export async function openClient(
  subject: string,
  connection: SshConnection,
  /** For the TCP handshake, and then for the login. */
  seconds: { readonly reach: number; readonly logIn: number },
  isOfLab: boolean,
): Promise<OpenedClient> {
  const check = await HostKeyCheck.prepare(subject, connection, isOfLab);
  const login = await loginConfig(subject, connection);
  const socket = await openSocket(subject, connection, seconds.reach);
  const client = new Client();
  try {
    await logIn(client, connection, {
      ...login,
      ...keepalive,
      sock: socket,
      username: connection.user ?? 'root',
      readyTimeout: seconds.logIn * 1000,
      hostVerifier: (key: Buffer) => check.accept(key),
      ...(check.algorithms === undefined
        ? {}
        : { algorithms: { serverHostKey: check.algorithms } }),
    });
    return { client, socket };
  } catch (error) {
    client.destroy();
    socket.destroy();
    throw explain(subject, connection, check, error);
  }
}

async function loginConfig(subject: string, connection: SshConnection): Promise<ConnectConfig> {
  const agent = connection.agentSocketPath ?? process.env['SSH_AUTH_SOCK'];
  const privateKey = await readPrivateKey(subject, connection);
  if (privateKey !== undefined || connection.password !== undefined) {
    return {
      ...(privateKey === undefined ? {} : { privateKey }),
      ...(connection.privateKeyPassword === undefined
        ? {}
        : { passphrase: connection.privateKeyPassword }),
      ...(connection.password === undefined
        ? {}
        : { password: connection.password, tryKeyboard: true }),
      ...(connection.agentSocketPath === undefined ? {} : { agent: connection.agentSocketPath }),
    };
  }
  if (agent === undefined || agent === '') {
    throw new SwarmError(
      'HostLoginRefused',
      `${subject}: no private key, no password and no SSH agent (SSH_AUTH_SOCK) is given; nobody can log in; set connection.privateKeyFile, or start an agent that holds the key`,
      { source: 'user' },
    );
  }
  return { agent };
}

async function readPrivateKey(
  subject: string,
  { privateKey, privateKeyFile }: SshConnection,
): Promise<string | undefined> {
  if (privateKey !== undefined || privateKeyFile === undefined) return privateKey;
  const path = privateKeyFile.replace(/^~(?=\/)/, homedir());
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SwarmError(
      'PrivateKeyUnreadable',
      `${subject}: connection.privateKeyFile cannot be read (${errorMessage(error)}); nobody can log in with it; put the key there, name another file, or leave it out and start an SSH agent that holds the key`,
      { source: 'user', cause: error },
    );
  }
}

function openSocket(
  subject: string,
  { host, port = 22 }: SshConnection,
  timeoutSeconds: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port });
    const fail = (reason: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(unreachable(subject, reason));
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${timeoutSeconds} s`);
    }, timeoutSeconds * 1000);
    const onError = (error: Error): void => {
      fail(error.message === '' ? 'connection refused' : error.message);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function logIn(client: Client, connection: SshConnection, config: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('error', (error) => {
      // ssh2 reports an agent's trouble and then tries the next way to log in.
      if (error.level !== 'agent') {
        reject(error);
      }
    });
    client.once('close', () => {
      reject(new Error('the connection was closed'));
    });
    client.once('ready', resolve);
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) => {
      finish(prompts.map(() => connection.password ?? ''));
    });
    client.connect(config);
  });
}

function explain(
  subject: string,
  connection: SshConnection,
  check: HostKeyCheck,
  error: unknown,
): SwarmError {
  const message = errorMessage(error);
  const refusal = check.refusal(message);
  if (refusal !== undefined) {
    return refusal;
  }
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication' || /privateKey/.test(message)) {
    return new SwarmError(
      'HostLoginRefused',
      `${subject}: login as ${connection.user ?? 'root'} was refused (${message}); nothing can be done on this host; check connection.user and its key`,
      { source: 'user', cause: error },
    );
  }
  return unreachable(subject, message, error);
}

/** The error of a host that does not answer. */
export function unreachable(subject: string, reason: string, cause?: unknown): SwarmError {
  return new SwarmError(
    'HostUnreachable',
    `${subject}: SSH does not answer (${reason}); its state is not known; check that the host is on and its address and port are right`,
    { source: 'world', cause },
  );
}
