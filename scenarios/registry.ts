import { SwarmError } from '../core/errors';
import { allOffOfFive, allOffOfThree } from './faults/allOff';
import { autolock } from './faults/autolock';
import { balance } from './faults/balance';
import { changedByHand } from './faults/changedByHand';
import { chainOfFive } from './faults/chainOfFive';
import { deadManagerRemoved, deadManagerRemovedInRoll } from './faults/deadManagerRemoved';
import { destroyConsent } from './faults/destroyConsent';
import { drainNeverEnds } from './faults/drainNeverEnds';
import { engineByHand } from './faults/engineByHand';
import { engineInPlace } from './faults/engineInPlace';
import { engineInPlaceReverted } from './faults/engineInPlaceReverted';
import { engineInPlaceSources } from './faults/engineInPlaceSources';
import { founderRebuilt } from './faults/founderRebuilt';
import { hooks } from './faults/hooks';
import { hostKeyChanged } from './faults/hostKeyChanged';
import { imagesFromRegistry } from './faults/imagesFromRegistry';
import { diskFull, mirrorFails } from './faults/installFails';
import { cancelledAlive, ctrlC, leaseHeld } from './faults/interrupted';
import { killCliAtEveryStep } from './faults/killCliAtEveryStep';
import { killInBatch } from './faults/killInBatch';
import { killProviderAtEveryStep } from './faults/killProviderAtEveryStep';
import { killThreeTimes } from './faults/killThreeTimes';
import { linkCutInJoin, linkCutInLeave } from './faults/linkCut';
import { lostOnesMeet } from './faults/lostOnesMeet';
import { managerDiesAtGate, managerDiesMajorityLost } from './faults/managerDiesInRoll';
import { managerOffBefore } from './faults/managerOffBefore';
import { mixedVersions } from './faults/mixedVersions';
import { oneManager } from './faults/oneManager';
import { oneManagerOutage } from './faults/oneManagerOutage';
import { quorumLost } from './faults/quorumLost';
import { raftBackup } from './faults/raftBackup';
import { silentHosts } from './faults/silentHosts';
import { stackBalanced } from './faults/stackBalanced';
import { stackOnNodes } from './faults/stackOnNodes';
import { stateImported } from './faults/stateImported';
import { stateLost } from './faults/stateLost';
import { twoManagers } from './faults/twoManagers';
import {
  clientOnOverlay,
  clientOnOverlayBroken,
  clientOnOverlayInPlace,
} from './overlay/clientOnOverlay';
import type { Scenario } from './scenario';
import { rebalance } from './vip/rebalance';
import { servicesRideThrough } from './vip/servicesRideThrough';
import { stackRoll } from './vip/stackRoll';
import { vipChanged } from './vip/vipChanged';
import { vipDrift } from './vip/vipDrift';
import { vipNoPeer } from './vip/vipNoPeer';
import { vipRoll } from './vip/vipRoll';
import { workersInBatches } from './faults/workersInBatches';

/** Every scenario, in the order of their numbers. */
export const scenarios: readonly Scenario[] = [
  managerOffBefore,
  managerDiesAtGate,
  managerDiesMajorityLost,
  killProviderAtEveryStep,
  killCliAtEveryStep,
  killThreeTimes,
  killInBatch,
  ctrlC,
  leaseHeld,
  cancelledAlive,
  linkCutInJoin,
  linkCutInLeave,
  mirrorFails,
  diskFull,
  allOffOfThree,
  allOffOfFive,
  chainOfFive,
  founderRebuilt,
  deadManagerRemoved,
  deadManagerRemovedInRoll,
  quorumLost,
  lostOnesMeet,
  autolock,
  destroyConsent,
  twoManagers,
  oneManager,
  oneManagerOutage,
  changedByHand,
  engineByHand,
  hostKeyChanged,
  raftBackup,
  drainNeverEnds,
  stateLost,
  stateImported,
  silentHosts,
  vipRoll,
  balance,
  vipDrift,
  vipNoPeer,
  vipChanged,
  mixedVersions,
  clientOnOverlay,
  clientOnOverlayInPlace,
  clientOnOverlayBroken,
  engineInPlace,
  engineInPlaceSources,
  engineInPlaceReverted,
  stackOnNodes,
  stackRoll,
  servicesRideThrough,
  rebalance,
  stackBalanced,
  hooks,
  workersInBatches,
  imagesFromRegistry,
];

/** @throws SwarmError `ScenarioUnknown` with every name that there is. */
export function findScenarios(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) {
    throw new SwarmError(
      'ScenarioUnknown',
      `scenario ${unknown.join(', ')}: there is no such one; nothing was run; there is ${scenarios.map(({ name }) => name).join(', ')}`,
      { source: 'user' },
    );
  }
  return scenarios.filter(({ name }) => names.includes(name));
}
