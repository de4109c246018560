import { errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { withRaised } from '../../../core/keepalived/raiseKeepalived';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { isTimedOut } from '../ask/waitUntil';
import { look } from '../gate/gatherGateFacts';
import { takeOver } from './handOverVip';
import { holdsVip, ownConfiguration, putConfiguration } from './keepalivedHost';
import { handoverSeconds } from './vipSpec';
import type { VipMemberInputs } from './vipSpec';

/**
 * The preferred node takes the address from whoever has it, as a peer does in a handover. Where it
 * cannot, the address stays where it is served, with a warning: this is a wish, and no reason to fail.
 */
export async function takeAsPreferred(
  operation: Operation,
  spec: VipMemberInputs,
  host: Host,
): Promise<void> {
  if (spec.preferred !== spec.name || (await holdsVip(host, spec))) return;
  const holder = await holderBeside(operation, spec);
  const text = await ownConfiguration(host, spec.name);
  if (holder === undefined || text === undefined) return;
  try {
    await takeOver(operation, spec, { name: spec.name, host }, holder, handoverSeconds(spec));
  } catch (error) {
    if (!isTimedOut(error)) throw error;
    operation.log(
      'warning',
      `${spec.name} is the preferred node and did not take the virtual IP, which stays on ${holder.name}: ${errorMessage(error)}`,
    );
  } finally {
    await operation.step(steps.settleVip(spec.name), () =>
      putConfiguration(host, spec.name, withRaised(text, undefined)),
    );
  }
}

async function holderBeside(
  operation: Operation,
  spec: VipMemberInputs,
): Promise<{ readonly name: string; readonly host: Host } | undefined> {
  for (const { name, connection } of spec.managers) {
    if (name === spec.name) continue;
    const host = await look(() => operation.effects.hosts.connect(connection));
    if (!isSeen(host)) continue;
    const holds = await look(() => holdsVip(host.seen, spec));
    if (isSeen(holds) && holds.seen) return { name, host: host.seen };
  }
  return undefined;
}
