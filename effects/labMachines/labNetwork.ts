import { z } from 'zod';
import { SwarmError } from '../../core/errors';
import { hostFirewall } from './firewall';
import { acquireSettings, releaseSettings } from './hostSettings';
import { bridgeName, linkPrefix } from './layout';
import { isOverlapping, type Subnet } from './subnet';
import { runTool, tryTool } from './tool';

const addressesSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    addr_info: z
      .array(z.object({ family: z.string(), local: z.string(), prefixlen: z.number() }).partial())
      .optional(),
  }),
);

/** Makes sure that the lab's bridge, firewall rules and forwarding are there. Call under the host lock. */
export async function ensureNetwork(lab: string, subnet: Subnet): Promise<void> {
  const bridge = bridgeName(lab);
  const isThere = (await tryTool(['ip', 'link', 'show', bridge])).code === 0;
  if (!isThere) {
    // Without a querier in the lab, snooping would drop VRRP's multicast.
    await runTool(['ip', 'link', 'add', bridge, 'type', 'bridge', 'mcast_snooping', '0']);
  }
  const address = `${subnet.gateway}/${String(subnet.prefixLength)}`;
  await runTool(['ip', 'address', 'replace', address, 'dev', bridge]);
  await runTool(['ip', 'link', 'set', bridge, 'up']);
  await acquireSettings(lab);
  await requireFirewall().open(lab, subnet.cidr);
}

/** Removes what `ensureNetwork` made and every link of the lab. Call under the host lock. */
export async function removeNetwork(lab: string): Promise<void> {
  await hostFirewall()?.close(lab);
  for (const link of await labLinks(lab)) {
    await tryTool(['ip', 'link', 'delete', link]);
  }
  const left = await labLinks(lab);
  if (left.length > 0) {
    const message = `lab ${lab}: the links ${left.join(', ')} could not be deleted; its network is still there; look at \`ip link\` and repeat`;
    throw new SwarmError('LabNetworkStuck', message, { source: 'world' });
  }
  await releaseSettings(lab);
}

/**
 * Refuses a subnet that this computer already uses for something else.
 *
 * @throws SwarmError `LabAddressTaken`.
 */
export async function requireFreeSubnet(lab: string, subnet: Subnet): Promise<void> {
  const listed = addressesSchema.parse(JSON.parse(await runTool(['ip', '-json', 'address'])));
  for (const { ifname, addr_info: addresses } of listed) {
    if (ifname === undefined || ifname === bridgeName(lab)) continue;
    for (const { family, local, prefixlen } of addresses ?? []) {
      if (family !== 'inet' || local === undefined || prefixlen === undefined) continue;
      const other = `${local}/${String(prefixlen)}`;
      if (isOverlapping(other, subnet.cidr)) {
        const message = `lab ${lab}: its subnet ${subnet.cidr} overlaps ${other} on this computer's ${ifname}; its machines could not be reached; choose another subnet`;
        throw new SwarmError('LabAddressTaken', message, { source: 'user' });
      }
    }
  }
}

/** MTU of the way out of this computer: machines must not send or ask for larger packets beyond the lab. */
export async function outsideMtu(): Promise<number> {
  const routes = z
    .array(z.object({ dev: z.string().optional() }))
    .parse(JSON.parse(await runTool(['ip', '-json', '-4', 'route', 'show', 'default'])));
  const device = routes[0]?.dev;
  if (device === undefined) return 1500;
  const links = z
    .array(z.object({ mtu: z.number() }))
    .parse(JSON.parse(await runTool(['ip', '-json', 'link', 'show', device])));
  return Math.min(1500, links[0]?.mtu ?? 1500);
}

async function labLinks(lab: string): Promise<readonly string[]> {
  const links = z
    .array(z.object({ ifname: z.string().optional() }))
    .parse(JSON.parse(await runTool(['ip', '-json', 'link'])));
  return links.map((link) => link.ifname ?? '').filter((name) => name.startsWith(linkPrefix(lab)));
}

function requireFirewall(): NonNullable<ReturnType<typeof hostFirewall>> {
  const firewall = hostFirewall();
  if (firewall === undefined) {
    const message =
      'lab: neither iptables nor nft is installed; machines could not reach the package mirror; install the package iptables';
    throw new SwarmError('LabMissing', message, { source: 'world' });
  }
  return firewall;
}
