import assert from 'node:assert/strict';
import type { Host } from '../../effects/effects';

/** Constant. The engine of the next release alone, on Debian 13; the lists of a mirror that stands still are past their date. */
const upgradeScript = `
set -eu
list=/etc/apt/sources.list.d/forky.list
sed 's/trixie/forky/g; /security\\|updates/d' /etc/apt/sources.list > "$list"
apt-get --quiet --quiet -o Acquire::Check-Valid-Until=false -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 update
DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet -y --no-install-recommends install docker.io/forky docker-cli/forky
systemctl restart docker
`;

/** As an administrator takes it who wants something newer. */
export async function takeNewerEngine(host: Host): Promise<void> {
  const { code, stdout, stderr } = await host.run(['sh', '-c', upgradeScript], {
    timeoutSeconds: 180,
  });
  assert.equal(code, 0, `${stdout}${stderr}`);
}
