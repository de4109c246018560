import type { Client } from 'ssh2';
import type { Follow } from '../eventFeed';
import { commandLine } from './privilege';
import type { SshSession } from './sshSession';

/** Follows a command that runs on, with the login user's rights: each piece of its standard output is an event. */
export type FollowCommand = (argv: readonly string[]) => Follow;

/**
 * Runs a command that ends with its channel, and ends the channel with the command. Of a command without a terminal sshd
 * only closes the pipes: one that writes nothing would run on, and keep its session of sshd. So the end of the input,
 * which comes with every end of the channel or of the connection, ends all of them: they are one process group,
 * that of the `timeout` before them. The shell gives the command itself no input.
 */
const boundScript = '{ "$@"; kill 0; } & cat > /dev/null; kill 0';

/** A host may not notice that the connection broke. Whoever waits for longer asks again as before. */
const longestSeconds = 600;

/**
 * Follows commands on a session's host. What is told by them must be had without them too: a host that has no session
 * left for such a command is not asked twice, and one for which another command finds none is ended.
 */
export function sshFollow(session: SshSession): FollowCommand {
  return (argv) => async (signal, onEvent) => {
    const { client, isRoot } = await session.acquire();
    const line = commandLine(['sh', '-c', boundScript, 'sh', ...argv], {
      ...{ isRoot, rights: 'login', timeoutSeconds: longestSeconds },
    });
    await session.channels.use(async () => {
      if (signal.aborted) return;
      const room = new AbortController();
      const makeRoom = (): void => {
        room.abort();
      };
      session.dispensable.add(makeRoom);
      try {
        await follow(client, line, AbortSignal.any([signal, room.signal]), onEvent);
      } finally {
        session.dispensable.delete(makeRoom);
      }
    });
  };
}

/** Ends when the host has closed the channel: until then sshd counts its session. */
function follow(
  client: Client,
  line: string,
  signal: AbortSignal,
  onEvent: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error !== undefined) {
        reject(error);
        return;
      }
      const end = (): void => {
        channel.end();
      };
      channel.on('data', onEvent);
      channel.stderr.resume();
      channel.on('error', () => undefined);
      channel.on('close', () => {
        signal.removeEventListener('abort', end);
        resolve();
      });
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  });
}
