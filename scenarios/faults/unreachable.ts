import type { Stage } from '../stage';

/** Waits until the swarm has seen a dead manager: unreachable as a member, down as a node. */
export async function untilUnreachable(stage: Stage, manager: string): Promise<void> {
  await stage.until(
    `the other managers see ${manager} as unreachable`,
    async () => {
      const { managerStatus, state } = await stage.node(manager);
      const reachability = managerStatus?.reachability ?? 'no member';
      return (
        (reachability === 'unreachable' && state === 'down') || `it is ${reachability} and ${state}`
      );
    },
    90,
  );
}
