import { isTransient } from '../../../core/transient';
import type { Clock } from '../../../effects/clock';
import type { DockerApi } from '../../../effects/docker';
import { DockerApiError } from '../../../effects/docker';

/** For how long a manager that was seen in control is taken to be so. */
const recentMilliseconds = 500;

interface Seen {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly atMs: number;
}

const seenByEngine = new WeakMap<DockerApi, Seen>();

/** To be called when an engine has just said that it is a manager in control of this swarm. */
export function noteLive(
  clock: Clock,
  docker: DockerApi,
  { clusterId, nodeId }: Pick<Seen, 'clusterId' | 'nodeId'>,
): void {
  seenByEngine.set(docker, { clusterId, nodeId, atMs: clock.monotonicMs() });
}

/** Node ID of an engine that was in control of this swarm a moment ago; undefined: it has to be asked. */
export function recentlyLive(
  clock: Clock,
  docker: DockerApi,
  clusterId: string,
): string | undefined {
  const seen = seenByEngine.get(docker);
  const isRecent =
    seen?.clusterId === clusterId && clock.monotonicMs() - seen.atMs < recentMilliseconds;
  return isRecent ? seen.nodeId : undefined;
}

export function forgetLive(docker: DockerApi): void {
  seenByEngine.delete(docker);
}

/** Whether this may be the answer of an engine that is no manager in control any more: it says 503 to all questions for the swarm. */
export function mayBeNoManager(error: unknown): boolean {
  return isTransient(error) || (error instanceof DockerApiError && error.statusCode === 503);
}
