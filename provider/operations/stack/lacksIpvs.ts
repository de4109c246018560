import type { StackPlan } from '../../../core/stack/stackPlan';
import type { Host } from '../../../effects/effects';

/**
 * What a kernel without IP_VS takes from a stack, as a sentence: the virtual IPs of its services, and the routing mesh.
 * Undefined where it does not tell.
 */
export async function lacksIpvs(
  { network }: Pick<Host, 'network'>,
  node: string,
  { services }: StackPlan,
): Promise<string | undefined> {
  const users = services.filter(({ body }) => body.EndpointSpec.Mode !== 'dnsrr');
  if (users.length === 0 || (await hasIpvs(network)) !== false) return undefined;
  const names = users.map(({ key }) => key).join(', ');
  return `the kernel of ${node} has no IP_VS: services have no virtual IP there, and no routing mesh; ${names} would not answer by name or published port; declare \`endpoint_mode: dnsrr\` for them, and ports with \`mode: host\``;
}

/** A doubt that could not be looked into is none to be told. */
async function hasIpvs(network: Host['network']): Promise<boolean | undefined> {
  try {
    return await network.hasIpvs();
  } catch {
    return undefined;
  }
}
