import { SwarmError } from '../../../core/errors';
import type { VrrpSpec } from '../../../core/keepalived/vrrpSpec';
import type { Host } from '../../../effects/effects';

/**
 * keepalived runs without a notify command that is not there, and says so in its log only.
 *
 * @throws SwarmError `VipCommandMissing`.
 */
export async function refuseMissingCommands(
  host: Host,
  name: string,
  spec: VrrpSpec,
): Promise<void> {
  const checks = (spec.checks ?? []).flatMap((check) =>
    'command' in check ? [check.command] : [],
  );
  const commands = [...checks, ...(spec.notify === undefined ? [] : [spec.notify])];
  const programs = [...new Set(commands.flatMap(([program]) => program ?? []))];
  const missing: string[] = [];
  for (const program of programs) {
    const { code } = await host.run(['test', '-x', program], { timeoutSeconds: 30 });
    if (code !== 0) missing.push(program);
  }
  if (missing.length === 0) return;
  throw new SwarmError(
    'VipCommandMissing',
    `${name}: ${missing.join(', ')} is no program there, and the virtual IP's checks or its notify command need it; nothing was put in place; install it on every manager first`,
    { source: 'user' },
  );
}
