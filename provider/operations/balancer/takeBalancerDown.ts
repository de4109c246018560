import { isSeen } from '../../../core/facts';
import { steps } from '../../../core/steps';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { ownBalancer, removeBalancer } from './balancerHost';
import { balancerUnit } from './balancerSpec';
import type { BalancerInputs } from './balancerSpec';

/** After the virtual IP has gone elsewhere: HAProxy is stopped, and the package's own configuration put back. */
export async function takeBalancerDown(
  id: string,
  spec: BalancerInputs,
  operation: Operation,
): Promise<void> {
  const host = await look(() => operation.effects.hosts.connect(spec.connection));
  if (!isSeen(host)) {
    operation.log(
      'warning',
      `${spec.name} does not answer (${host.unseen}): HAProxy there was not stopped`,
    );
    return;
  }
  if ((await ownBalancer(host.seen))?.marker.id !== id) return;
  await operation.step(steps.stopBalancer(spec.name), async () => {
    await host.seen.systemd.stop(balancerUnit);
    await host.seen.systemd.disable(balancerUnit);
    await removeBalancer(host.seen);
  });
}
