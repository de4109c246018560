import { errorMessage } from '../../../core/errors';
import { isSeen } from '../../../core/facts';
import { parseFileMarker } from '../../../core/fileMarker';
import { parseKeepalived } from '../../../core/keepalived/parseKeepalived';
import { renderKeepalived } from '../../../core/keepalived/renderKeepalived';
import { vrrpFiles } from '../../../core/keepalived/vrrpFiles';
import { memberDrift } from '../../../core/vip/vipDrift';
import { keepalivedPath, keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { isHalfDone, vipInterface } from './keepalivedHost';
import { lookAtHoldersOnce } from './lookAtHolders';
import { vrrpSpecOf } from './vipSpec';
import type { VipMemberInputs } from './vipSpec';

/**
 * How a member differs from what the last run left, each told as a warning. True: it does, and Update
 * mends it. Never throws: failing to look is no difference.
 */
export async function readVip(operation: Operation, spec: VipMemberInputs): Promise<boolean> {
  const own = await look(async () => {
    const host = await operation.effects.hosts.connect(spec.connection);
    const text = await host.files.read(keepalivedPath);
    const sight = {
      text,
      unit: await host.systemd.state(keepalivedUnit),
      isHalfDone: await isHalfDone(host),
    };
    const drift = memberDrift(sight, operation.urn, await expectedFile(host, spec, text));
    return [...(drift === undefined ? [] : [drift]), ...(await otherFiles(host, spec))];
  });
  if (!isSeen(own)) {
    operation.log('warning', `${spec.name}: keepalived was not looked at: ${own.unseen}`);
    return false;
  }
  const { holders, finding } = await lookAtHoldersOnce(operation, spec);
  // Of what is wrong with the whole one member speaks: a holder that should not be one, or the first manager.
  const speaker = holders.at(-1) ?? spec.managers[0]?.name;
  const whole = speaker === spec.name ? finding : undefined;
  const wish =
    spec.preferred === spec.name && holders.length === 1 && holders[0] !== spec.name
      ? `it is the preferred node, and ${String(holders[0])} holds the virtual IP`
      : undefined;
  const findings = [...own.seen, whole, wish].filter((one) => one !== undefined);
  for (const one of findings) {
    operation.log('warning', `${spec.name}: ${one}; \`pulumi up\` mends it`);
  }
  return findings.length > 0;
}

/** Files beside keepalived.conf that are not as they were put there. */
async function otherFiles(host: Host, spec: VipMemberInputs): Promise<readonly string[]> {
  const wanted = vrrpFiles(vrrpSpecOf({ ...spec, priority: 1 }, await vipInterface(host, spec)));
  const findings = await Promise.all(
    wanted.map(async ({ path, text }) => {
      const present = await host.files.read(path);
      if (present === text) return [];
      return [`${path} ${present === undefined ? 'is gone' : 'was changed by hand'}`];
    }),
  );
  return findings.flat();
}

/** The file that this member would be given now, as if nobody had raised it; undefined: that cannot be told. */
async function expectedFile(
  host: Host,
  spec: VipMemberInputs,
  text: string | undefined,
): Promise<string | undefined> {
  const marker = text === undefined ? undefined : parseFileMarker(text);
  if (text === undefined || marker === undefined) return undefined;
  const present = parseKeepalived(text);
  try {
    const wanted = vrrpSpecOf(spec, await vipInterface(host, spec));
    // A refresh has noted a difference in the state: which priority was declared is known to the file alone.
    const priority = spec.priority === 0 ? (present?.priority ?? 1) : spec.priority;
    return renderKeepalived({ ...wanted, priority }, marker);
  } catch (error) {
    return `# ${errorMessage(error)}`;
  }
}
