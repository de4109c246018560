import type { StackPlan } from '../../../core/stack/stackPlan';
import type { Host } from '../../../effects/effects';

/**
 * What a kernel without IP_VS takes from a stack, as a sentence: the virtual IPs of its services, and the routing mesh.
 * It is known by what it has loaded, and by its list of modules; undefined where neither can be read.
 */
export async function lacksIpvs(
  host: Pick<Host, 'files'>,
  node: string,
  { services }: StackPlan,
): Promise<string | undefined> {
  const users = services.filter(({ body }) => body.EndpointSpec.Mode !== 'dnsrr');
  if (users.length === 0 || (await hasIpvs(host)) !== false) return undefined;
  const names = users.map(({ key }) => key).join(', ');
  return `the kernel of ${node} has no IP_VS: services have no virtual IP there, and no routing mesh; ${names} would not answer by name or published port; declare \`endpoint_mode: dnsrr\` for them, and ports with \`mode: host\``;
}

/** Undefined: it cannot be seen, e.g. because the login user may not read these files. */
async function hasIpvs({ files }: Pick<Host, 'files'>): Promise<boolean | undefined> {
  try {
    if ((await files.read('/proc/net/ip_vs')) !== undefined) return true;
    const release = (await files.read('/proc/sys/kernel/osrelease'))?.trim();
    if (release === undefined) return undefined;
    const lists = await Promise.all(
      ['modules.dep', 'modules.builtin'].map((name) =>
        files.read(`/lib/modules/${release}/${name}`),
      ),
    );
    return lists.some((list) => list?.includes('/ip_vs.ko') === true);
  } catch {
    return undefined;
  }
}
