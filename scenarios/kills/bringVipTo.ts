import type { Stage } from '../stage';

/**
 * Makes the virtual IP come to the manager of the highest priority, as a short fault of keepalived on its
 * holder does: nobody takes it from a holder that is well.
 */
export async function bringVipTo(stage: Stage, manager: string): Promise<void> {
  const holder = await holderOf(stage);
  if (holder === manager) return;
  if (holder !== undefined) {
    await (await stage.host(holder)).systemd.restart('keepalived.service');
    stage.did(`restarted keepalived on ${holder}, which held the virtual IP`);
  }
  await stage.until(
    `${manager} holds the virtual IP`,
    async () => {
      const now = await holderOf(stage);
      return now === manager || `${now ?? 'nobody'} does`;
    },
    30,
  );
}

async function holderOf(stage: Stage): Promise<string | undefined> {
  for (const name of stage.cluster.managers) {
    const addresses = await (await stage.host(name)).network.addresses();
    if (addresses.some(({ address }) => address === stage.cluster.vip)) return name;
  }
  return undefined;
}
