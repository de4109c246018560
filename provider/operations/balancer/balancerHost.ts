import { parseDescription } from '../../../core/balancer/parseBalancer';
import { withDrained } from '../../../core/balancer/drainedServers';
import type { ServerKey } from '../../../core/balancer/balancerSpec';
import { SwarmError } from '../../../core/errors';
import { parseFileMarker } from '../../../core/fileMarker';
import { packageKind } from '../../../core/packageKind';
import type { Marker } from '../../../core/marker';
import type { Host } from '../../../effects/effects';
import { balancerPath } from './balancerSpec';

/** The package's own file, while ours is in its place. */
const keptPath = `${balancerPath}.kept`;
const candidatePath = `${balancerPath}.candidate`;

/** What is in the place of HAProxy's configuration. */
export type PresentConfiguration =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly text: string }
  /** As the package brought it, with nothing to balance. */
  | { readonly kind: 'package'; readonly text: string };

/** HAProxy's configuration on a host, where it is one of ours, and who wrote it. */
export async function ownBalancer(
  host: Host,
): Promise<{ readonly text: string; readonly marker: Marker } | undefined> {
  const text = await host.files.read(balancerPath);
  const marker = text === undefined ? undefined : parseFileMarker(text);
  return text === undefined || marker === undefined ? undefined : { text, marker };
}

/** @throws SwarmError `BalancerOfAnother` when somebody else wrote it. */
export async function presentConfiguration(
  host: Host,
  name: string,
): Promise<PresentConfiguration> {
  const text = await host.files.read(balancerPath);
  if (text === undefined || text.trim() === '') return { kind: 'none' };
  if (parseFileMarker(text) !== undefined) return { kind: 'ours', text };
  if (await isPackageDefault(host)) return { kind: 'package', text };
  throw new SwarmError(
    'BalancerOfAnother',
    `${name}: ${balancerPath} was not written by this package; nothing was touched; move it away, or balance there without \`balance\``,
    { source: 'user' },
  );
}

/** dpkg and rpm list what is no longer as the package brought it; their silence is the only "yes". */
async function isPackageDefault(host: Host): Promise<boolean> {
  if ((await host.packages.installed('haproxy')) === undefined) return false;
  const tool = packageKind(await host.facts()) === 'rpm' ? 'rpm' : 'dpkg';
  const verified = await host.run([tool, '--verify', '--', 'haproxy'], { timeoutSeconds: 60 });
  return verified.stderr.trim() === '' && !verified.stdout.includes(balancerPath);
}

/**
 * Puts a configuration in place after HAProxy itself has checked it, and exactly in the place of `present`.
 * False: something else is there by now.
 */
export async function putBalancer(
  host: Host,
  name: string,
  present: PresentConfiguration,
  text: string,
): Promise<boolean> {
  const before = present.kind === 'none' ? undefined : present.text;
  if (before === text) return true;
  if (before === undefined || parseDescription(before) !== parseDescription(text)) {
    await check(host, name, text);
  }
  if (present.kind === 'package') await host.files.write(keptPath, present.text);
  // A file of nothing but blanks counts as none, and is one for the exchange.
  if (before === undefined) await host.files.remove(balancerPath);
  return host.files.exchange(balancerPath, before, text);
}

async function check(host: Host, name: string, text: string): Promise<void> {
  await host.files.write(candidatePath, text, { mode: 0o600 });
  const checked = await host.run(['haproxy', '-c', '-q', '-f', candidatePath], {
    timeoutSeconds: 30,
  });
  await host.files.remove(candidatePath);
  if (checked.code === 0) return;
  throw new SwarmError(
    'BalancerRefuses',
    `${name}: HAProxy refuses its configuration, which was not put in place: ${(checked.stderr + checked.stdout).trim()}`,
    { source: 'bug' },
  );
}

/** Ours goes, and the package's own comes back. */
export async function removeBalancer(host: Host): Promise<void> {
  const kept = await host.files.read(keptPath);
  if (kept === undefined) {
    await host.files.remove(balancerPath);
    return;
  }
  await host.files.write(balancerPath, kept);
  await host.files.remove(keptPath);
}

/** How often a file is changed anew that others change at the same time. */
export const mostAttempts = 10;

/** Marks servers as drained, or not, in a file of ours. Two operations may do so at once: neither undoes the other's. */
export async function markServers(
  host: Host,
  name: string,
  keys: readonly ServerKey[],
  isDrained: boolean,
): Promise<void> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const own = await ownBalancer(host);
    if (own === undefined) return;
    const { text } = own;
    const marked = withDrained(text, keys, isDrained);
    if (marked === text || (await host.files.exchange(balancerPath, text, marked))) return;
  }
  throw balancerBusy(name);
}

export function balancerBusy(name: string): SwarmError {
  return new SwarmError(
    'BalancerBusy',
    `${name}: ${balancerPath} is changed by others all the time; it was left as it is; look at who does`,
    { source: 'world' },
  );
}
