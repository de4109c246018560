import type { HostFacts } from './facts';

/** What a host takes: .deb packages by apt, or rpms by dnf. */
export type PackageKind = 'deb' | 'rpm';

/** By the host's os-release; undefined: neither. */
export function packageKind({
  os,
  osLike,
}: Pick<HostFacts, 'os' | 'osLike'>): PackageKind | undefined {
  const ids = [os.split(':')[0] ?? '', ...osLike];
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'deb';
  return ['fedora', 'rhel', 'centos'].some((id) => ids.includes(id)) ? 'rpm' : undefined;
}
