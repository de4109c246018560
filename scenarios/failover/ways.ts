import { dropInPath } from '../../core/keepalived/keepalivedDropIn';
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

const path = '/etc/keepalived/keepalived.conf';
const unit = 'keepalived.service';

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
      await host.files.write(path, keepalivedByHand(facts), { mode: 0o600 });
      // What this package gives the unit beyond Debian's own file.
      await host.files.remove(dropInPath);
      await host.systemd.daemonReload();
      // keepalived cannot change its VRRP version while it runs.
      await host.systemd.restart(unit);
    }
    stage.did('wrote keepalived.conf on every manager by hand, and restarted keepalived');
  },
};

/** What is on a manager now. */
export async function configurationOn(stage: Stage, manager: string): Promise<string> {
  const text = await (await stage.host(manager)).files.read(path);
  if (text === undefined) throw new Error(`${manager} has no ${path}`);
  return text;
}

/** Managers that have the virtual address on an interface. */
export async function holdersOf(stage: Stage): Promise<readonly string[]> {
  const { managers, vip } = stage.cluster;
  const answers = await Promise.all(
    managers.map(async (name) => (await stage.host(name)).network.addresses()),
  );
  return managers.filter(
    (_, index) => answers[index]?.some(({ address }) => address === vip) === true,
  );
}

function declaredVip(stage: Stage): Pick<VrrpFacts, 'addresses' | 'routerId'> {
  const vip = stage.declared('vip') as { addresses: readonly string[]; routerId: number };
  return vip;
}
