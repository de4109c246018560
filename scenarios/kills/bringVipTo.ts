import type { Stage } from '../stage';

/**
 * Makes the virtual IP come to the manager of the highest priority, as a short fault of keepalived on its
 * holder does: nobody takes it from a holder that is well.
 */
export async function bringVipTo(stage: Stage, manager: string): Promise<void> {
  await stage.until(
    `${manager} holds the virtual IP`,
    async () => {
      const holder = await holderOf(stage);
      if (holder === manager) return true;
      // Just booted, nobody has it yet; and after a restart another one may be faster once more.
      if (holder === undefined) return 'nobody does';
      await (await stage.host(holder)).systemd.restart('keepalived.service');
      stage.did(`restarted keepalived on ${holder}, which held the virtual IP`);
      await stage.until('somebody else holds it', () => isElsewhere(stage, holder), 20);
      return `${holder} did`;
    },
    90,
  );
}

async function isElsewhere(stage: Stage, before: string): Promise<true | string> {
  const holder = await holderOf(stage);
  return (holder !== undefined && holder !== before) || `${holder ?? 'nobody'} does`;
}

async function holderOf(stage: Stage): Promise<string | undefined> {
  for (const name of stage.cluster.managers) {
    const addresses = await (await stage.host(name)).network.addresses();
    if (addresses.some(({ address }) => address === stage.cluster.vip)) return name;
  }
  return undefined;
}
