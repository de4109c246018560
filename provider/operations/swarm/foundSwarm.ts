import type { ManagerContact } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import type { Labels } from '../../../core/labels';
import { steps } from '../../../core/steps';
import { urnIdentity } from '../../../core/urn';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { existingSwarm, founderLabel, lookAtAll, nothingToAdopt } from './existingSwarm';
import type { Candidate, Founding } from './existingSwarm';
import { pendingRestoreOf } from '../outage/pendingRestore';
import { withHostLock } from '../hold/hostLock';
import { waitUntil } from '../ask/waitUntil';

/**
 * The cluster ID of the swarm that the declared managers are, or are to be, in. A swarm is founded only
 * when every declared address gave a definite answer and none of them is in any swarm: a silent
 * address could be a member of the swarm that is already there.
 */
export async function foundSwarm(
  operation: Operation,
  founding: Founding,
  labels: Labels,
): Promise<string> {
  const candidates = await definiteCandidates(operation, founding.managers);
  const existing = await existingSwarm(operation, founding, candidates);
  if (existing !== undefined) return existing;
  await refuseArchived(operation, founding);
  if (founding.adopt !== undefined) throw nothingToAdopt(operation, founding, founding.adopt);
  const founder = founderOf(candidates);
  if (founder === undefined) {
    throw new SwarmError(
      'NoEngineToFoundOn',
      `${operation.name}: none of ${founding.managers.map(({ name }) => name).join(', ')} has a running engine yet; ` +
        'nothing was touched; run `pulumi up` again when an engine is there',
      { source: 'world' },
    );
  }
  const sentence = steps.found(founder.contact.name);
  return withHostLock(operation, founder.host, sentence, 300, async (lock) => {
    // Another run, whose stack lock was broken, may have held the lock before us.
    const again = await definiteCandidates(operation, founding.managers);
    const meanwhile = await existingSwarm(operation, founding, again);
    if (meanwhile !== undefined) return meanwhile;
    return lock.step(sentence, () => init(operation, founding, founder, labels));
  });
}

/** The state has lost a swarm that waits in an archive to be restored: another one in its place would be a second. */
async function refuseArchived(operation: Operation, { managers }: Founding): Promise<void> {
  const found = await pendingRestoreOf(operation, managers);
  if (found === undefined) return;
  const { pending, archive, path } = found;
  throw new SwarmError(
    'RestoreRefused',
    `${operation.name}: swarm ${pending.clusterId} of ${pending.node} waits in ${archive} to be restored, and this state does not know it; nothing was founded in its place; ` +
      `restore it by hand (docs/backup.md), remove ${path}, and take the swarm over with \`adopt: ${pending.clusterId}\`; or, if it is of no use any more, only remove that file`,
    { source: 'user' },
  );
}

interface Founder {
  readonly contact: ManagerContact;
  readonly host: Host;
}

/** The first that answers as being in no swarm. */
function founderOf(candidates: readonly Candidate[]): Founder | undefined {
  for (const { contact, standing } of candidates) {
    if (standing.kind === 'none' && standing.info !== undefined) {
      return { contact, host: standing.host };
    }
  }
  return undefined;
}

async function init(
  operation: Operation,
  founding: Founding,
  { contact, host: { docker } }: Founder,
  labels: Labels,
): Promise<string> {
  await docker.swarmInit({
    advertiseAddress: contact.address,
    availability: 'drain',
    addressPools: founding.addressPools ?? [],
    subnetSize: founding.subnetSize,
    labels: { ...labels, [founderLabel]: urnIdentity(operation.urn) },
  });
  let clusterId = '';
  await waitUntil(operation, 'the new swarm has its leader', 60, async () => {
    const info = await docker.info();
    clusterId = info.clusterId ?? '';
    return (clusterId !== '' && info.isControlAvailable && info.error === '') || info.error;
  });
  return clusterId;
}

/** In a founding run the other machines boot at the same time: their answer is waited for. */
async function definiteCandidates(
  operation: Operation,
  managers: readonly ManagerContact[],
): Promise<readonly Candidate[]> {
  let candidates: readonly Candidate[] = [];
  await waitUntil(operation, 'every declared manager answers', 180, async () => {
    candidates = await lookAtAll(operation, managers);
    // A member answers for the swarm: then nobody founds one, whoever else is silent.
    if (candidates.some(({ standing }) => standing.kind === 'member')) return true;
    const silent = candidates.flatMap(({ contact, standing }) =>
      standing.kind === 'unknown' ? [`${contact.name}: ${standing.why}`] : [],
    );
    return silent.length === 0 || `no answer of ${silent.join('; ')}`;
  });
  return candidates;
}
