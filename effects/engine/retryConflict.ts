import { DockerApiError } from '../docker';

/**
 * Runs a read-change-write against the swarm again when somebody else's write came between. Each
 * attempt reads afresh, so nothing of the other's change is lost.
 */
export async function retryConflict<T>(attempt: () => Promise<T>, attempts = 8): Promise<T> {
  for (let left = attempts; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      // The daemon answers a stale version with status 500; only its sentence tells it apart.
      const isConflict =
        error instanceof DockerApiError && error.message.includes('update out of sequence');
      if (!isConflict || left <= 1) {
        throw error;
      }
    }
  }
}
