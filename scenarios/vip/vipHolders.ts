import type { Stage } from '../stage';

/** Managers that have the virtual IP on an interface now. */
export async function vipHolders(stage: Stage): Promise<readonly string[]> {
  const { managers, vip } = stage.cluster;
  const holds = await Promise.all(
    managers.map(async (name) => {
      const addresses = await (await stage.host(name)).network.addresses();
      return addresses.some(({ address }) => address === vip);
    }),
  );
  return managers.filter((_, index) => holds[index] === true);
}

/** Waits until that many managers have the virtual IP. */
export async function untilHolders(stage: Stage, count: number): Promise<readonly string[]> {
  let holders: readonly string[] = [];
  await stage.until(
    `${count === 1 ? 'one manager has' : `${String(count)} managers have`} the virtual IP`,
    async () => {
      holders = await vipHolders(stage);
      return holders.length === count || `${holders.join(' and ')} have it`;
    },
    60,
  );
  return holders;
}

/** The one that has it, and the others. */
export async function holderAndOthers(
  stage: Stage,
): Promise<{ readonly holder: string; readonly others: readonly [string, string] }> {
  const [holder = ''] = await untilHolders(stage, 1);
  const [first = '', second = ''] = stage.cluster.managers.filter((name) => name !== holder);
  return { holder, others: [first, second] };
}
