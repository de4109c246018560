import { addressOf } from '../../../core/addresses';
import { isSeen } from '../../../core/facts';
import { parseFileMarker } from '../../../core/fileMarker';
import { renderKeepalived } from '../../../core/keepalived/renderKeepalived';
import { parseKeepalived } from '../../../core/keepalived/parseKeepalived';
import { vrrpFiles } from '../../../core/keepalived/vrrpFiles';
import { steps } from '../../../core/steps';
import { keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { refuseMarkerOfAnother } from '../ask/markers';
import { look } from '../gate/gatherGateFacts';
import { changeConfiguration } from './changeConfiguration';
import { ownConfiguration, vipInterface } from './keepalivedHost';
import { isHeldByPeer, lookAtHolders } from './lookAtHolders';
import { takeAsPreferred } from './takeAsPreferred';
import { refuseMissingCommands } from './refuseMissingCommands';
import { refuseRouterIdClash } from './refuseRouterIdClash';
import { putVrrpFiles, removeVrrpFiles } from './vrrpFilesOnHost';
import { vrrpSpecOf } from './vipSpec';
import type { VipMemberInputs } from './vipSpec';
import { waitUntil } from '../ask/waitUntil';

/** keepalived on a host of ours, with this configuration, and the address on somebody. Safe to repeat. */
export async function bringVipUp(
  operation: Operation,
  host: Host,
  spec: VipMemberInputs,
  id: string,
): Promise<void> {
  const present = await ownConfiguration(host, spec.name);
  refuseMarkerOfAnother(
    operation,
    present === undefined ? undefined : parseFileMarker(present),
    `${spec.name}: keepalived there`,
    'remove it there first',
  );
  const name = await vipInterface(host, spec);
  if ((await host.packages.installed('keepalived')) === undefined) {
    await operation.step(steps.installVip(spec.name), () =>
      host.packages.install({ keepalived: undefined }),
    );
  }
  await operation.step(steps.startVip(spec.name), async () => {
    const vrrp = vrrpSpecOf(spec, name);
    const isNew = present === undefined || parseKeepalived(present)?.routerId !== spec.routerId;
    if (isNew && !(await isHeldByPeer(operation, spec))) {
      await refuseRouterIdClash(host, spec.name, vrrp, [
        spec.address,
        ...spec.managers.map(({ address }) => address),
      ]);
    }
    await refuseMissingCommands(host, spec.name, vrrp);
    // Before the configuration: keepalived refuses one whose scripts are not there.
    await putVrrpFiles(host, vrrpFiles(vrrp));
    // Also for systemd to read its part anew (systemctl(1)); an earlier run may have died before it did.
    await host.systemd.enable(keepalivedUnit);
    const configuration = renderKeepalived(vrrp, { id, urn: operation.urn });
    await changeConfiguration(operation, host, spec, configuration);
    await removeVrrpFiles(host, vrrpFiles(vrrp));
    await host.systemd.start(keepalivedUnit);
    await waitUntil(
      operation,
      'one holder of the virtual IP',
      spec.timeouts?.start ?? 60,
      async (heed) => {
        const { holders, finding } = await lookAtHolders(operation, spec, heed);
        if (finding === undefined && holders.length === 1) return true;
        if (holders.length === 0 && (await answersAtVip(host, spec))) return true;
        return finding ?? 'nobody is seen to hold it yet';
      },
    );
  });
  await takeAsPreferred(operation, spec, host);
}

/**
 * A manager that is no longer declared as one holds the address until the end of the run, and is not
 * among the contacts any more: then the address itself tells. sshd's port, since an engine may be down.
 */
async function answersAtVip(host: Host, spec: VipMemberInputs): Promise<boolean> {
  const answers = await Promise.all(
    spec.addresses.map((vip) => look(() => host.network.probe(addressOf(vip), 22, 2))),
  );
  return answers.every((answer) => isSeen(answer) && answer.seen !== 'silent');
}
