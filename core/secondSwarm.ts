import type { GateFacts, ManagerSight } from './gate';
import { isSeen } from './facts';

/**
 * Two swarms with one ID: after a recovery, lost managers that are a majority of what they remember come
 * back together and elect a leader among themselves. For one side a manager is no member, and for that
 * manager the other side does not answer; a change of leader never looks like that.
 */
export function secondSwarmReasons(facts: GateFacts | undefined): readonly string[] {
  const seen = (facts?.managers ?? []).filter(leads);
  for (const one of seen) {
    const stranger = seen.find((other) => isStranger(other, one));
    if (stranger === undefined) continue;
    return [
      `${one.name} and ${stranger.name} each see a leader, in two swarms with the same ID: for ${one.name} ${stranger.name} is no manager, and for ${stranger.name} ${one.name} does not answer; ` +
        'lost managers came back after a recovery; let those that do not carry your services leave: `docker swarm leave --force` on each (docs/recovery.md)',
    ];
  }
  return [];
}

function leads({ info, managers }: ManagerSight): boolean {
  return isSeen(managers) && isSeen(info) && info.seen.isControlAvailable && info.seen.error === '';
}

/** `other` is no member for `one`, and does not reach it. */
function isStranger(other: ManagerSight, one: ManagerSight): boolean {
  return membership(one, other) === undefined && membership(other, one) !== 'reachable';
}

/** How `viewer` sees a manager: undefined, it is no member. */
function membership(viewer: ManagerSight, seen: ManagerSight): string | undefined {
  const list = isSeen(viewer.managers) ? viewer.managers.seen : [];
  const id = isSeen(seen.info) ? seen.info.seen.nodeId : '';
  return list.find((node) => node.id === id)?.managerStatus?.reachability;
}
