import { Client } from 'ssh2';
import type { SshConnection } from '../../../core/connection';

/** What a command on a machine answered. */
export interface Answer {
  readonly code: number;
  readonly output: string;
}

/** Runs one fixed command line on a machine of a test, with its host key checked. */
export async function remote(
  connection: SshConnection,
  command: string,
  stdin = '',
): Promise<Answer> {
  const client = new Client();
  const expected = connection.hostKey!.split(' ')[1];
  try {
    return await new Promise((resolve, reject) => {
      client.once('error', reject);
      client.once('ready', () => {
        client.exec(command, (error, stream) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          let output = '';
          const collect = (data: Buffer): void => {
            output += data.toString('utf8');
          };
          stream.on('data', collect);
          stream.stderr.on('data', collect);
          stream.on('close', (code: number | null) => {
            resolve({ code: code ?? -1, output });
          });
          stream.end(stdin);
        });
      });
      client.connect({
        host: connection.host,
        username: connection.user!,
        privateKey: connection.privateKey!,
        hostVerifier: (key: Buffer) => key.toString('base64') === expected,
      });
    });
  } finally {
    client.end();
  }
}
