import { renderBalancer } from '../../../core/balancer/renderBalancer';
import type { BalancedServer } from '../../../core/balancer/balancerSpec';
import { nodeOfServer, parseDrained } from '../../../core/balancer/drainedServers';
import { parseDescription } from '../../../core/balancer/parseBalancer';
import type { Operation } from '../../server/resource';
import { ownBalancer } from './balancerHost';
import { balancerPath, balancerUnit, specOf } from './balancerSpec';
import type { BalancerInputs } from './balancerSpec';
import { drainedKeys } from './giveNodeBack';
import { namesInService } from './namesInService';
import { runningDescription } from './runtimeSocket';

/** What a balancer really does: the servers that it uses as declared, and why it is not all of them. */
export interface BalancerSight {
  readonly servers: readonly BalancedServer[];
  readonly why: string | undefined;
}

/** Throws when it cannot be looked at: that is no difference. */
export async function lookAtBalancer(
  operation: Operation,
  id: string,
  spec: BalancerInputs,
): Promise<BalancerSight> {
  const nobody = (why: string): BalancerSight => ({ servers: [], why });
  const host = await operation.effects.hosts.connect(spec.connection);
  const own = await ownBalancer(host);
  if (own?.marker.id !== id) return nobody(`${balancerPath} is not ours any more`);
  const { text, marker } = own;
  if (text !== renderBalancer(specOf(spec), marker, parseDrained(text))) {
    return nobody(`${balancerPath} is not as declared`);
  }
  const unit = await host.systemd.state(balancerUnit);
  if (unit !== 'active') return nobody(`HAProxy is ${unit}`);
  if ((await runningDescription(host, spec.name)) !== parseDescription(text)) {
    return nobody('HAProxy does not run with its configuration');
  }
  const keys = await drainedKeys(
    { name: spec.name, host, text },
    await namesInService(operation, spec),
  );
  const stale = new Set(keys.map(nodeOfServer));
  return {
    servers: spec.servers.filter(({ name }) => !stale.has(name)),
    why:
      stale.size === 0
        ? undefined
        : `${[...stale].join(', ')} ${stale.size === 1 ? 'is' : 'are'} drained in HAProxy, and in service in the swarm`,
  };
}
