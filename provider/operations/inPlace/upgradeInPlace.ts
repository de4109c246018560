import { isDeepStrictEqual } from 'node:util';
import {
  engineTarget,
  isOnTarget,
  whyNotInPlace,
  type EngineTarget,
  type EngineWish,
  type KeptEngine,
} from '../../../core/engineChange';
import { versionWithin } from '../../../core/engineVersion';
import { SwarmError } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { isOutHeld } from '../../../core/held';
import { steps } from '../../../core/steps';
import {
  isUnfinished,
  parseUpgradeMark,
  renderUpgradeMark,
  takesBack,
  upgradeMarkPath,
  type UpgradeMark,
} from '../../../core/upgradeMark';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { isLed } from '../ask/managers';
import { timeoutsOf } from '../ask/nodeSpec';
import { look } from '../gate/gatherGateFacts';
import { withHostLock } from '../hold/hostLock';
import { refuseOtherDataRoot } from '../host/dataRoot';
import { bringEngineUp, fetchEngine, prepareEngine } from '../host/engineSetup';
import type { EngineInputs } from '../host/engineSetup';
import type { PreparedEngine } from '../host/sources/engineSource';
import { endCanary } from '../turn/canary';
import { waitSettled } from '../node/standIn';
import { exchange } from './exchange';
import { release } from './hold';
import { presentEngine, putKeptBack, readUpgradeMark, writeUpgradeMark } from './keptEngine';
import { findMember } from './member';
import type { Member } from './member';
import { asLease, guarded, seeOut, takeOutInPlace } from './takeOutInPlace';

/** An upgrade in place of one node. */
export interface Upgrade extends Member {
  readonly operation: Operation;
  readonly host: Host;
  readonly spec: EngineInputs;
  /** Undefined: what was kept takes its place again. */
  readonly prepared: PreparedEngine | undefined;
  /** As it is to be written when the node is out. */
  readonly mark: UpgradeMark;
  /** An interrupted run has begun to exchange the engine: what is there may be anything. */
  readonly isResumed: boolean;
}

/**
 * Another engine, or other options, in the place of the one that runs, whose node stays in its swarm under its
 * ID: gate, virtual IP, drain, the present engine kept, the other one in, started and checked. A manager of a
 * cluster stays drained until an Activation; any other node serves again at the end. An engine that does not
 * come up is put back. Looks at the world before each step, so that it may be repeated after any interruption.
 *
 * @param former what the engine was declared as.
 * @returns the version that runs.
 * @throws SwarmError `EngineUpgradeFailed`: the node is as it was before.
 */
export async function upgradeInPlace(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  former: EngineWish,
  wanted: EngineWish,
): Promise<string> {
  const before = await readUpgradeMark(host);
  if (isUnfinished(before)) await revive(operation, host, spec, before);
  // Before anything of it is drained, with a plan or without.
  else await refuseOtherDataRoot(host, spec.name);
  const member = await findMember(operation, host, spec);
  if (member === undefined) {
    await refuseUnknownMembership(host, spec.name);
    return alone(operation, host, spec);
  }
  const to = engineTarget(wanted);
  if (before?.phase === 'checked') {
    const { build, digest } = before.to;
    const version = await host.docker.version();
    if (isOnTarget({ version, build, digest }, to))
      return end({ ...member, operation, host, spec }, before);
  }
  const { from, isBack, isResumed } = await startOf(host, before, former, {
    ...{ to, isHeld: isOutHeld(member.entry) },
  });
  if (before?.phase === 'begun' && isOnTarget(there(from), to)) {
    // Nothing was exchanged, and nothing is to be any more.
    await release(operation, [{ spec: member.node, nodeId: member.entry.id }]);
    await host.files.remove(upgradeMarkPath);
    return from.version;
  }
  if (!isResumed) refuseOlder(spec.name, from.version, wanted);
  const mark: UpgradeMark = { phase: isResumed ? 'kept' : 'begun', from, to };
  const prepared = isBack ? undefined : await preparedFor(operation, host, spec, mark);
  const upgrade = { ...member, operation, host, spec, prepared, mark, isResumed };
  const { name } = spec;
  const what = `exchange the engine of ${name} in place`;
  if (member.node.role === 'manager') {
    return guarded(upgrade, what, async (lease) => {
      await refuseChanged(upgrade, before);
      await takeOutInPlace(upgrade, lease);
      await seeOut(upgrade, lease);
      const version = await exchange(upgrade, lease);
      return end(upgrade, { ...mark, phase: 'checked' }, version);
    });
  }
  await guarded(upgrade, what, async (lease) => {
    await refuseChanged(upgrade, before);
    await takeOutInPlace(upgrade, lease);
  });
  // Others of its batch go meanwhile: it counts as out by its label.
  const { gate } = timeoutsOf(member.node);
  return withHostLock(operation, host, what, gate, async (lock) => {
    await refuseChanged(upgrade, { ...mark, phase: 'kept' });
    // Without the lease: whoever waits at its gate under it may be waiting for this very node.
    await seeOut(upgrade, asLease(upgrade, lock));
    const version = await exchange(upgrade, lock);
    return end(upgrade, { ...mark, phase: 'checked' }, version);
  });
}

/**
 * While this run waited for the lease or the lock, another one may have done it all, or begun anew: what this one
 * has looked at is not there any more, and must not be kept in the place of what was.
 */
async function refuseChanged(
  { host, spec: { name } }: Upgrade,
  expected: UpgradeMark | undefined,
): Promise<void> {
  const present = await readUpgradeMark(host);
  const wanted = expected === undefined ? undefined : parseUpgradeMark(renderUpgradeMark(expected));
  if (isDeepStrictEqual(present, wanted)) return;
  throw new SwarmError(
    'LeaseLost',
    `${name}: another run has worked on its engine meanwhile; nothing more is done here; run \`pulumi up\` again, which goes on from what is there`,
    { source: 'world' },
  );
}

/** Failing to find a membership is no proof of none: an engine may keep it elsewhere (another data-root). */
async function refuseUnknownMembership(host: Host, name: string): Promise<void> {
  if ((await host.docker.nodeCertificate()) !== undefined) return;
  const info = await look(() => host.docker.info());
  const state = isSeen(info) ? info.seen.localNodeState : 'inactive';
  if (state === 'inactive') return;
  throw new SwarmError(
    'EngineUnknown',
    `${name}: its engine is in a swarm (${state}), whose membership is not in /var/lib/docker/swarm (another data-root?); nothing was touched; declare \`upgrade: replace\`, or move the data-root back`,
    { source: 'user' },
  );
}

/** What an upgrade begins with, and what it ends with when the new engine does not come up. */
interface Start extends Pick<Upgrade, 'isResumed'> {
  readonly from: UpgradeMark['from'];
  /** What was kept is what is wanted. */
  readonly isBack: boolean;
}

async function startOf(
  host: Host,
  before: UpgradeMark | undefined,
  former: EngineWish,
  { to, isHeld }: { readonly to: EngineTarget; readonly isHeld: boolean },
): Promise<Start> {
  if (before?.phase === 'begun') return { from: before.from, isBack: false, isResumed: false };
  const kept = takesBack(before, isHeld);
  if (before !== undefined && kept !== undefined) {
    const isBack = isOnTarget(kept, to);
    if (isBack || before.phase === 'kept') return { from: before.from, isBack, isResumed: true };
  }
  const from = await presentEngine(host, await presentBuild(host, before, former));
  return { from, isBack: false, isResumed: false };
}

/** What was held when this run was planned may have been let go meanwhile, and has served with its newer engine since. */
function refuseOlder(name: string, runs: string, wanted: EngineWish): void {
  const why = whyNotInPlace(runs, wanted.source.kind, wanted);
  if (why === undefined) return;
  throw new SwarmError(
    'EngineUpgradeRefused',
    `${name}: engine ${runs} is not exchanged for ${wanted.version ?? 'what is declared'} in place: ${why}; nothing was touched; run \`pulumi up\` again, which looks at it anew`,
    { source: 'world' },
  );
}

/** The state may be older than the host, where the mark is written first. */
async function presentBuild(
  host: Host,
  before: UpgradeMark | undefined,
  former: EngineWish,
): Promise<string | undefined> {
  const marked = before?.to.build;
  const isThere =
    marked !== undefined && (await host.programs.version(marked)) === (await host.docker.version());
  return isThere ? marked : engineTarget(former).build;
}

function there({ version, build, digest }: UpgradeMark['from']): KeptEngine {
  return { version, build, digest };
}

/** Where the engine itself stays, nothing is fetched, and nothing needs to be offered any more. */
function preparedFor(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  { phase, from, to }: UpgradeMark,
): Promise<PreparedEngine> {
  const nothing = (): Promise<void> => Promise.resolve();
  const isSame =
    (to.version === undefined || versionWithin(from.version, to.version)) &&
    from.build === to.build;
  if (isSame) {
    return Promise.resolve({
      ...{ version: from.version, packages: [], fetch: nothing, install: nothing },
    });
  }
  // What an interrupted run has left half installed is completed, and not judged.
  return phase === 'begun'
    ? fetchEngine(operation, host, spec)
    : prepareEngine(operation, host, spec);
}

/** An engine in no swarm has nobody to wait for. */
async function alone(operation: Operation, host: Host, spec: EngineInputs): Promise<string> {
  const version = await bringEngineUp(operation, host, spec);
  await operation.step(steps.checkEngine(spec.name), () => host.docker.runContainerCheck());
  await host.files.remove(upgradeMarkPath);
  return version;
}

/** A manager of a cluster is left drained, all others serve again. The mark stays, and tells what is kept. */
async function end(
  {
    operation,
    host,
    spec,
    node,
    entry,
  }: Pick<Upgrade, 'operation' | 'host' | 'spec' | 'node' | 'entry'>,
  mark: UpgradeMark,
  version?: string,
): Promise<string> {
  // Where it led, all nodes register anew with another leader.
  if (node.role === 'manager') await waitSettled(operation, node);
  if (spec.hold !== true || node.role === 'worker') {
    await release(operation, [{ spec: node, nodeId: entry.id }]);
  }
  // One that is held has had its turn as well.
  await endCanary(operation, node, node.name);
  await writeUpgradeMark(host, { ...mark, phase: 'done' });
  return version ?? host.docker.version();
}

/**
 * The engine of an interrupted upgrade whose swarm has nobody left to ask: without it there is no quorum, and so
 * no gate. It is brought up first, the new one or else the one that was kept.
 */
async function revive(
  operation: Operation,
  host: Host,
  spec: EngineInputs,
  mark: UpgradeMark,
): Promise<void> {
  if (isSeen(await look(() => host.docker.version()))) return;
  const certificate = await host.docker.nodeCertificate();
  if (certificate === undefined) return;
  const access = { clusterId: certificate.clusterId, managers: spec.managers };
  if (await isLed(operation, access, [spec.name])) return;
  const { gate } = timeoutsOf({});
  await withHostLock(operation, host, `bring ${spec.name} up again`, gate, async (lock) => {
    const up = await look(() => bringEngineUp(operation, host, spec));
    if (isSeen(up) || mark.phase === 'begun') return;
    await lock.step(steps.putBackEngine(spec.name, mark.from.version), () =>
      putKeptBack(operation, host, spec, mark),
    );
  });
}
