import { dropInPath } from '../../core/keepalived/keepalivedDropIn';
import { keepalivedPath, keepalivedUnit } from '../../core/keepalived/keepalivedUnit';
import type { Stage } from '../stage';
import { keepalivedByHand } from './keepalivedByHand';

/** What a keepalived.conf is written from. */
export interface VrrpFacts {
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  readonly interface: string;
  readonly routerId: number;
  /** Place among the managers, from 0: the first has the highest priority. */
  readonly index: number;
}

/** A way to set keepalived up, which failovers are measured with. */
export interface Way {
  readonly name: string;
  /** Puts it in place on every manager. */
  readonly prepare: (stage: Stage) => Promise<void>;
  /** The manager that takes the address back whenever it can; undefined: it stays where it is. */
  readonly takesBack: (stage: Stage) => string | undefined;
}

/** As this package writes it; the golden cluster has it already. */
export const ours: Way = {
  name: 'this package',
  prepare: () => Promise.resolve(),
  takesBack: () => undefined,
};

export const byHand: Way = {
  name: 'keepalived’s defaults',
  takesBack: (stage) => stage.cluster.managers[0],
  prepare: async (stage) => {
    const { addresses, routerId } = declaredVip(stage);
    for (const [index, name] of stage.cluster.managers.entries()) {
      const host = await stage.host(name);
      const own = await host.network.addresses();
      const found = own.find(({ address }) => address === stage.cluster.addresses[name]);
      if (found === undefined) throw new Error(`${name} has not its own address`);
      const facts = { addresses, routerId, index, interface: found.interface };
      await host.files.write(keepalivedPath, keepalivedByHand(facts), { mode: 0o600 });
      // What this package gives the unit beyond Debian's own file.
      await host.files.remove(dropInPath);
      await host.systemd.daemonReload();
      // keepalived cannot change its VRRP version while it runs.
      await host.systemd.restart(keepalivedUnit);
    }
    stage.did('wrote keepalived.conf on every manager by hand, and restarted keepalived');
  },
};

/** What is on a manager now. */
export async function configurationOn(stage: Stage, manager: string): Promise<string> {
  const text = await (await stage.host(manager)).files.read(keepalivedPath);
  if (text === undefined) throw new Error(`${manager} has no ${keepalivedPath}`);
  return text;
}

function declaredVip(stage: Stage): Pick<VrrpFacts, 'addresses' | 'routerId'> {
  const vip = stage.declared('vip') as { addresses: readonly string[]; routerId: number };
  return vip;
}
