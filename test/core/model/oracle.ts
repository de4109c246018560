import { declaredManagers, declaredWorkers } from './sight';
import { isAlive, membersOf, votersOf } from './world';
import type { World } from './world';

/**
 * Why it would be wrong, in truth, to begin with a node now; undefined: nothing. This is not the gate:
 * it reads no answers and no reasons, but the machines themselves.
 */
export function whatIsUnsafe(world: World, target: string): string | undefined {
  const isTargetManager = membersOf(world).some(({ name }) => name === target);
  const members = membersOf(world);
  const voters = votersOf(world);
  const others = members.filter((entry) => entry.name !== target);
  const voices = voters.filter((entry) => entry.name !== target);
  // One earlier life of the target would stay behind as a member.
  const remaining = Math.max(others.length, isTargetManager ? members.length - 1 : 0);
  if (2 * voices.length <= remaining) {
    return `${String(voices.length)} of ${String(remaining)} members vote without it: no majority`;
  }
  if (remaining > voices.length) {
    return `${String(remaining - voices.length)} of the other members do not vote: two would be out at once`;
  }
  const missing = declaredManagers(world).filter(
    (name) => name !== target && !voices.some((entry) => entry.name === name),
  );
  if (missing.length > 0) return `${missing.join(', ')} is out already: two would be out at once`;
  if (world.isRotating) return 'the root CA rotates: it could not join again';
  if (world.poorSince !== '' && world.poorSince !== target) {
    return `services have not recovered since ${world.poorSince} went`;
  }
  const unregistered = world.entries.filter(
    (entry) => entry.state === 'unknown' && entry.name !== target,
  );
  if (unregistered.length > 0) {
    return `nobody knows yet whether ${unregistered.map(({ name }) => name).join(', ')} is alive`;
  }
  return isTargetManager || !declaredWorkers(world).includes(target)
    ? undefined
    : whichWorkersAreOut(world, target);
}

function whichWorkersAreOut(world: World, target: string): string | undefined {
  const isOut = (name: string): boolean =>
    !world.entries.some((entry) => entry.name === name && isAlive(world, entry));
  const out = declaredWorkers(world).filter((name) => name !== target && isOut(name));
  return out.length === 0 || isOut(target)
    ? undefined
    : `${out.join(', ')} is out, and one worker may be out at once`;
}
