import { retryJoins } from './membership';
import { stepSwarm } from './raft';
import type { WorldState } from './state';
import { stepTasks } from './tasks';
import { stepVips } from './vip';

/** Brings the world up to its clock. */
export function settle(state: WorldState): void {
  const distance = state.nowMs - state.settledMs;
  const step = Math.max(1_000, Math.ceil(distance / 180));
  for (let now = state.settledMs; ; now = Math.min(now + step, state.nowMs)) {
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
