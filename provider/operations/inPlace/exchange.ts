import { keysToTry } from '../../../core/autolock';
import { SwarmError, errorMessage } from '../../../core/errors';
import { versionWithin } from '../../../core/engineVersion';
import { isSeen } from '../../../core/facts';
import { steps } from '../../../core/steps';
import { upgradeMarkPath } from '../../../core/upgradeMark';
import { askManager } from '../ask/managers';
import { accessOf, timeoutsOf } from '../ask/nodeSpec';
import { waitUntil } from '../ask/waitUntil';
import { isNotOurs } from '../hold/held';
import { look } from '../gate/gatherGateFacts';
import { bringEngineUp, stopEngine } from '../host/engineSetup';
import type { Lease } from '../hold/lease';
import { checkOverlay } from '../node/checkOverlay';
import { waitReady } from '../node/putNodeIn';
import { findEntry } from '../node/takeOut';
import { unlockManagers } from '../swarm/unlockManagers';
import { noteOptions, undoHold } from './hold';
import { putKeptBack, writeUpgradeMark } from './keptEngine';
import type { Upgrade } from './upgradeInPlace';

/**
 * Stops the engine of a node that is drained (by a step of the lease or lock that keeps others out), puts the wanted one in its place, and sees that it runs, that it is
 * the same node of the same swarm, and that it works. When it does not, the engine that was kept is put back.
 *
 * @returns the version that runs. @throws SwarmError `EngineUpgradeFailed`.
 */
export async function exchange(begun: Upgrade, held: Pick<Lease, 'step'>): Promise<string> {
  const { node, host } = begun;
  // Held before the engine stops: it may come back locked.
  const key = await unlockKey(begun);
  // A stopped engine is no place to stop at, also when Pulumi's command is gone.
  const upgrade = { ...begun, operation: begun.operation.uninterrupted() };
  const { operation, spec, entry, mark, prepared } = upgrade;
  if (prepared === undefined) {
    await held.step(steps.stopEngine(node.name), () => stopEngine(host));
    await putBack(upgrade, key);
    await noteOptions(operation, node, entry.id, host);
    return mark.from.version;
  }
  const reached = { stop: false };
  try {
    await held.step(steps.stopEngine(node.name), () => {
      reached.stop = true;
      return stopEngine(host);
    });
    const version = await bringEngineUp(operation, host, spec, prepared);
    await seeBack(upgrade, version, key);
    await operation.step(steps.checkEngine(node.name), () => host.docker.runContainerCheck());
    await checkOverlay(operation, node, entry.id, false);
    await noteOptions(operation, node, entry.id, host);
    await writeUpgradeMark(host, { ...mark, phase: 'checked' });
    return version;
  } catch (error) {
    if (!reached.stop || isNotOurs(error)) throw error;
    throw await failed(upgrade, key, error);
  }
}

/** Undefined: autolock is off, or nobody is left to be asked; then the head of the next run unlocks it. */
async function unlockKey({ operation, node }: Upgrade): Promise<string | undefined> {
  const asked = await look(() =>
    askManager(operation, accessOf(node), ({ docker }) => docker.unlockKey(), {
      avoid: [node.name],
      timeoutSeconds: 10,
    }),
  );
  return isSeen(asked) ? asked.seen : undefined;
}

/** The node that it was, by its own word first: the list of nodes tells of the one before for some seconds more. */
async function seeBack(
  { operation, host, node, entry }: Upgrade,
  version: string,
  key: string | undefined,
): Promise<void> {
  const { name } = node;
  const { docker } = host;
  const { ready } = timeoutsOf(node);
  if ((await docker.info()).localNodeState === 'locked') {
    await unlockManagers(operation, [{ name, docker }], keysToTry(key, {}, undefined));
  }
  await waitUntil(operation, `${name} is the node that it was`, ready, async () => {
    const { localNodeState, nodeId, error } = await docker.info();
    if (localNodeState !== 'active') return `it is ${localNodeState}: ${error}`;
    return nodeId === entry.id || `it is node ${nodeId}, and was ${entry.id}`;
  });
  await waitReady(operation, node, entry.id);
  await waitUntil(operation, `the managers see engine ${version} on ${name}`, ready, async () => {
    const seen = await findEntry(operation, accessOf(node), entry.id, [name]);
    const runs = seen?.engineVersion ?? '';
    return versionWithin(runs, version) || `they see ${runs}`;
  });
}

async function putBack(upgrade: Upgrade, key: string | undefined): Promise<void> {
  const { operation, host, spec, node, mark } = upgrade;
  const { version } = mark.from;
  await operation.step(steps.putBackEngine(node.name, version), () =>
    putKeptBack(operation, host, spec, mark),
  );
  await seeBack(upgrade, version, key);
}

/** What the user is told, once the node is as it was before, or could not be made so. */
async function failed(
  upgrade: Upgrade,
  key: string | undefined,
  error: unknown,
): Promise<SwarmError> {
  const { operation, host, node, entry, mark, prepared } = upgrade;
  const { name, availability = 'active' } = node;
  const why = await withJournal(upgrade, error);
  const before = mark.from.version;
  const fact = `${name}: engine ${prepared?.version ?? before} did not take the place of ${before}`;
  try {
    await putBack(upgrade, key);
    await noteOptions(operation, node, entry.id, host);
    await undoHold(operation, node, entry.id);
    await host.files.remove(upgradeMarkPath);
  } catch (second) {
    if (isNotOurs(second)) throw second;
    return new SwarmError(
      'EngineUpgradeFailed',
      `${fact}, and ${before} could not be put back (${errorMessage(second)}); ${name} stays drained, and what was there is kept; mend what is named, and \`pulumi up\` goes on from here. Why it did not: ${why}`,
      { source: 'world', cause: error },
    );
  }
  return new SwarmError(
    'EngineUpgradeFailed',
    `${fact}, which was put back: ${name} is ${availability} again, and as it was; mend what is named, or declare another version, and run \`pulumi up\` again. Why it did not: ${why}`,
    { source: 'world', cause: error },
  );
}

/** A unit that failed has its journal in its error already. */
async function withJournal({ host }: Upgrade, error: unknown): Promise<string> {
  const message = errorMessage(error);
  if (error instanceof SwarmError && error.code === 'UnitFailed') return message;
  const journal = await look(() => host.systemd.journal('docker.service'));
  return isSeen(journal) && journal.seen !== ''
    ? `${message}\nLast lines of the daemon's journal:\n${journal.seen}`
    : message;
}
