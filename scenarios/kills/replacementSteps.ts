import type { StepName } from './stepNames';

/**
 * Which steps the replacement of a manager that holds the virtual IP is made of. A step that is added to
 * `core/steps.ts` does not compile before it is said here.
 */
const parts = {
  // Once for all nodes, before any of them is touched.
  prepareImage: 'never',
  // Only with hooks; test/provider/hooks.test.ts kills at them.
  hookBefore: 'never',
  hookAfter: 'never',
  gate: 'always',
  handOverVip: 'always',
  stopVip: 'always',
  settleVip: 'always',
  alignVip: 'never',
  standIn: 'with a stand-in',
  // Only with `drain: startFirst`; test/provider/startFirst.test.ts kills in it.
  moveTasks: 'never',
  // Only with `rebalance`; test/provider/rebalance.test.ts and the scenario rebalance kill in it.
  moveOne: 'never',
  drain: 'always',
  // Only with a backup; the scenario raft-backup kills in it.
  backUp: 'never',
  endBackup: 'never',
  // Only of an only manager, with an outage; the scenario one-manager-outage kills in them.
  archive: 'never',
  setAside: 'never',
  demote: 'always',
  leave: 'always',
  remove: 'always',
  stopEngine: 'always',
  powerOff: 'always',
  powerOn: 'always',
  changeSource: 'never',
  configureEngine: 'never',
  reloadEngine: 'never',
  // Of a host that stays, while it still serves: test/provider/inPlaceKills.test.ts kills at it.
  fetchEngine: 'never',
  installEngine: 'always',
  startEngine: 'always',
  loadImages: 'always',
  // In place of a replacement: test/provider/inPlaceKills.test.ts kills at them.
  keepEngine: 'never',
  putBackEngine: 'never',
  release: 'never',
  checkEngine: 'always',
  restore: 'never',
  checkPeers: 'always',
  // Only while the leader's engine is older than 23.0 and the node's is not: from debian:12, not back to it.
  snapshots: 'never',
  snapshotsAsBefore: 'never',
  // Only by managers older than 28.0 whose certificate has changed; the scenario mixed-versions looks at them.
  withoutAlpn: 'never',
  withAlpn: 'never',
  join: 'always',
  ready: 'always',
  overlay: 'always',
  // Only where there is no overlay network to try.
  overlayUntried: 'never',
  // Only of images that no archive of `engine.images` has brought.
  provideImages: 'never',
  activate: 'always',
  services: 'always',
  dismiss: 'with a stand-in',
  // It is in the image that the machine is made from.
  installVip: 'never',
  startVip: 'always',
  // Only with `balance`; the scenario balance looks at them.
  drainServer: 'never',
  giveServerBack: 'never',
  installBalancer: 'never',
  startBalancer: 'never',
  stopBalancer: 'never',
  // In place, of a worker that becomes a manager.
  promote: 'never',
  label: 'always',
  // Once, before there is any manager.
  found: 'never',
  // Only with autolock, at the head of a run.
  unlock: 'never',
  autolock: 'never',
  // Of a swarm that lost its quorum for good.
  abandon: 'never',
  restartEngine: 'never',
  recover: 'never',
  // Of nodes that nobody declares.
  forget: 'never',
  evict: 'never',
} as const satisfies Record<StepName, 'always' | 'with a stand-in' | 'never'>;

/** Every step of such a replacement, in the order of `core/steps.ts`. */
export function replacementSteps(isWithStandIn: boolean): readonly StepName[] {
  return (Object.keys(parts) as StepName[]).filter(
    (name) => parts[name] === 'always' || (isWithStandIn && parts[name] === 'with a stand-in'),
  );
}
