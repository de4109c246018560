import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { Client } from 'ssh2';
import type { SshConnection } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import { systemClock } from '../clock';
import { machinePaths, type LabDirectories } from './layout';
import { machineProcesses } from './processes';
import { isMissing } from './records';

/**
 * Waits until the machine lets the lab's key in and shows the host key that it was given.
 *
 * @throws SwarmError `LabBootFailed` with the tail of the console when it ends, shows another key, or
 * is not ready in time.
 */
export async function waitForSsh(
  directories: LabDirectories,
  machine: { readonly lab: string; readonly name: string },
  connection: SshConnection,
  timeoutSeconds: number,
): Promise<void> {
  const deadline = systemClock.monotonicMs() + timeoutSeconds * 1000;
  let reason = 'nothing was tried';
  while (systemClock.monotonicMs() < deadline) {
    try {
      await login(connection, 10_000);
      return;
    } catch (error) {
      reason = errorMessage(error);
    }
    const { runners, supervisors } = machineProcesses(machine.lab, machine.name);
    if (runners.length + supervisors.length === 0) {
      throw await bootFailed(directories, machine, 'its systemd-nspawn ended');
    }
    await systemClock.sleep(50);
  }
  const fact = `sshd on ${connection.host} did not let us in within ${String(timeoutSeconds)} s (last: ${reason})`;
  throw await bootFailed(directories, machine, fact);
}

/** Logs in once and out again. */
async function login(connection: SshConnection, timeoutMs: number): Promise<void> {
  const socket = await openSocket(connection.host, connection.port ?? 22);
  const client = new Client();
  const expected = connection.hostKey?.trim().split(/\s+/)[1] ?? '';
  let isForeign = false;
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.on('error', (error) => {
        reject(isForeign ? new Error('it shows another host key than it was given') : error);
      });
      client.once('close', () => {
        reject(new Error('the connection was closed'));
      });
      client.connect({
        sock: socket,
        username: connection.user ?? 'root',
        ...(connection.privateKey === undefined ? {} : { privateKey: connection.privateKey }),
        readyTimeout: timeoutMs,
        hostVerifier: (key: Buffer) => {
          isForeign = key.toString('base64') !== expected;
          return !isForeign;
        },
      });
    });
  } finally {
    client.end();
    socket.destroy();
  }
}

/**
 * Opens a connection or gives up soon: a packet sent before the machine's link is up is lost, and the
 * kernel would send it again only after a second.
 */
async function openSocket(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 250 });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`no answer on port ${String(port)}`));
    });
    socket.once('error', reject);
  });
}

async function bootFailed(
  directories: LabDirectories,
  machine: { readonly lab: string; readonly name: string },
  fact: string,
): Promise<SwarmError> {
  const file = machinePaths(directories, machine.lab, machine.name).console;
  const tail = await consoleTail(file, 25);
  const message = `lab ${machine.lab}/${machine.name}: ${fact}; the machine is not usable; read its console in ${file}, which ends with:\n${tail}`;
  return new SwarmError('LabBootFailed', message, { source: 'world' });
}

/** Last lines of a console without the terminal's control sequences. */
export async function consoleTail(file: string, lines: number): Promise<string> {
  try {
    return plainText(await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .join('\n');
  } catch (error) {
    if (isMissing(error)) return '(there is no console log)';
    throw error;
  }
}

/** Text without colours, cursor movements and carriage returns. */
export function plainText(text: string): string {
  return text.replace(
    /\u001b(?:\[[0-9;?]*[A-Za-z]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)|\r/g,
    '',
  );
}
