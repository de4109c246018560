import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { errorMessage } from '../../core/errors';

/** Begins to open a channel and tells how that ended; may throw where there is no connection. */
export type OpenChannel = (
  done: (error: Error | undefined, channel: ClientChannel) => void,
) => unknown;

/** The host opened no channel although the connection is alive: it cannot have begun the command. */
export class ChannelRefused extends Error {
  readonly isStarted = false;
}

const firstWaitMs = 50;
const longestWaitMs = 1000;
const patienceMs = 10_000;

/** What sshd answers when it has too many sessions, and what others do (RFC 4254, section 5.1). */
const passingReasons: readonly number[] = [2 /* connect failed */, 4 /* resource shortage */];

/** Opens a channel, once. */
export function openChannel(open: OpenChannel): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    open((error, channel) => {
      if (error === undefined) {
        resolve(channel);
      } else {
        reject(error);
      }
    });
  });
}

/**
 * Opens a session. sshd frees the slot of a session a moment after its channel is closed, so a new one
 * may be refused although fewer are open than it allows: that is tried again for 10 s, or for
 * `timeoutMs` if this is less. `onRefusal` is called each time.
 *
 * @throws ChannelRefused; any other error is what `open` gave.
 */
export async function openSession(
  open: OpenChannel,
  timeoutMs = patienceMs,
  onRefusal: () => void = () => undefined,
): Promise<ClientChannel> {
  const deadlineMs = performance.now() + Math.min(timeoutMs, patienceMs);
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await openChannel(open);
    } catch (error) {
      const reason = refusal(error);
      if (reason === undefined) throw error;
      if (!passingReasons.includes(reason) || performance.now() + waitMs >= deadlineMs) {
        throw new ChannelRefused(errorMessage(error), { cause: error });
      }
    }
    onRefusal();
    await sleep(waitMs);
  }
}

/** The reason's number of SSH_MSG_CHANNEL_OPEN_FAILURE; a lost connection has none. */
function refusal(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('reason' in error)) return undefined;
  return typeof error.reason === 'number' ? error.reason : undefined;
}
