import { retryJoins } from './membership';
import { stepSwarm } from './raft';
import type { WorldState } from './state';
import { stepTasks } from './tasks';
import { stepVips } from './vip';

/**
 * Brings the world up to its clock.
 *
 * @param isChanged something was done to it since it was last settled, so that moment is looked at again.
 */
export function settle(state: WorldState, isChanged = true): void {
  const distance = state.nowMs - state.settledMs;
  const step = Math.max(1_000, Math.ceil(distance / 180));
  const first = isChanged ? 0 : Math.min(step, distance);
  for (let now = state.settledMs + first; ; now = Math.min(now + step, state.nowMs)) {
    stepVips(state, now);
    retryJoins(state, now);
    for (const swarm of Object.values(state.swarms)) {
      stepSwarm(state, swarm, now);
      stepTasks(state, swarm, now);
    }
    if (now >= state.nowMs) break;
  }
  state.settledMs = state.nowMs;
}
