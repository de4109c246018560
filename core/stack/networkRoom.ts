import { hostAddresses } from '../addresses';
import { takenOfSubnet } from '../overlayCapacity';
import type { StackPlan, StackNetwork } from './stackPlan';

/**
 * Networks whose declared subnet has no room for what is on them, as sentences: a virtual IP takes an address, so does
 * each task, and so does each node with tasks for its load balancer. `tasksOf`: how many a service has, by its key.
 */
export function networkRoomFaults(
  { networks, services }: StackPlan,
  nodes: number,
  tasksOf: (key: string) => number,
): readonly string[] {
  return networks.flatMap((network) => {
    const usable = usableOf(network);
    if (usable === undefined) return [];
    const attached = services.filter(({ body }) =>
      body.TaskTemplate.Networks.some(({ Target }) => Target === network.name),
    );
    const tasks = attached.reduce((sum, { key }) => sum + tasksOf(key), 0);
    const virtualIps = attached.filter(({ body }) => body.EndpointSpec.Mode !== 'dnsrr').length;
    const loaded = Math.min(nodes, tasks);
    const needed = tasks + virtualIps + loaded;
    return needed > usable
      ? [
          `the network ${network.name} has ${String(usable)} addresses, and ${String(needed)} are needed (virtual IPs ${String(virtualIps)}, tasks ${String(tasks)}, nodes ${String(loaded)}): tasks would get none; give it a larger subnet`,
        ]
      : [];
  });
}

/** Undefined: the swarm chooses its subnet, or it is none that could be counted. */
function usableOf({ body }: StackNetwork): number | undefined {
  const { Config } = (body['IPAM'] ?? {}) as {
    readonly Config?: readonly { readonly Subnet: string }[];
  };
  const sizes = (Config ?? []).map(({ Subnet }) => hostAddresses(Subnet));
  if (sizes.length === 0) return undefined;
  let usable = 0;
  for (const size of sizes) {
    if (typeof size !== 'number') return undefined;
    usable += Math.max(0, size - takenOfSubnet);
  }
  return usable;
}
