import { SwarmError } from '../core/errors';
import type { HostFacts } from '../core/facts';
import { parseHostFacts } from '../core/parse/hostFacts';
import type { Exec } from './ssh/sshExec';

/** Constant: one round trip instead of seven. Format: core/parse/hostFacts.ts. */
const script = `
echo "hostname=$(cat /proc/sys/kernel/hostname)"
echo "bootId=$(cat /proc/sys/kernel/random/boot_id)"
echo "architecture=$(dpkg --print-architecture 2>/dev/null || uname -m)"
echo "clockSeconds=$(date +%s)"
echo "freeBytes=$(df --output=avail -B1 /var/lib | tail -n 1)"
echo
cat /etc/os-release
`;

/** @throws SwarmError `HostFactsUnreadable`. */
export async function gatherHostFacts(subject: string, exec: Exec): Promise<HostFacts> {
  const result = await exec(['sh', '-c', script], { rights: 'login', timeoutSeconds: 30 });
  const isWhole = result.code === 0 && !result.isTruncated;
  const facts = isWhole ? parseHostFacts(result.stdout) : 'it did not tell all about itself';
  if (typeof facts === 'string') {
    throw new SwarmError(
      'HostFactsUnreadable',
      `${subject}: ${facts} (${result.stderr.trim()}); it cannot be judged; only Linux hosts with systemd are supported`,
      { source: 'world' },
    );
  }
  return facts;
}
