import type { Lab } from '../../effects/lab';
import { nextOs } from '../../scenarios/clusterShape';

/** To be raised when the packages below change. */
const name = 'bench-floor-1';

const install = `export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o Acquire::Check-Valid-Until=false update >/dev/null &&
apt-get -qq -y --no-install-recommends install docker.io docker-cli keepalived >/dev/null`;

/**
 * The image that the floor makes machines from: with engine and keepalived in it, as this package's own has them, so
 * that both roll onto the same thing. Returns its name.
 */
export async function ensureFloorImage(
  lab: Lab,
  progress: (sentence: string) => void,
): Promise<string> {
  await lab.ensureImage(
    { name, os: nextOs },
    async (host) => {
      const { code, stderr } = await host.run(['sh', '-c', install], { timeoutSeconds: 900 });
      if (code !== 0) throw new Error(`the packages were not installed: ${stderr.trim()}`);
    },
    progress,
  );
  return name;
}
