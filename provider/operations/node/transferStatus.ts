import type { OnProgress } from '../../../effects/docker';
import type { Operation } from '../../server/resource';

const everyMilliseconds = 1000;

/** Tells the progress of a transfer as live status, once a second. */
export function transferStatus(operation: Operation, what: string): OnProgress {
  const { clock } = operation.effects;
  let last = -Infinity;
  return ({ bytes, total }) => {
    const now = clock.monotonicMs();
    if (now - last < everyMilliseconds) return;
    last = now;
    operation.status(
      `${what}: ${megabytes(bytes)}${total === 0 ? '' : ` of ${megabytes(total)}`} MB`,
    );
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
