import { rpmArchitecture } from '../core/packageFiles';
import type { PackageRepository } from './packages';

/** Where a repository's key and its file of sources are on a host, and what that says. */
export function dnfRepositoryFiles(
  repository: Pick<PackageRepository, 'name'> & Partial<PackageRepository>,
): { readonly key: string; readonly repo: string; readonly text: string } {
  const { name, url = '', suite = '', component = '', architecture = '' } = repository;
  const key = `/etc/pki/rpm-gpg/RPM-GPG-KEY-${name}`;
  return {
    key,
    repo: `/etc/yum.repos.d/${name}.repo`,
    text: [
      `[${name}]`,
      `name=${name}`,
      `baseurl=${url}/${suite}/${rpmArchitecture(architecture)}/${component}`,
      'enabled=1',
      // Each package by its own signature, as in the file that Docker gives for it: its lists need none.
      'gpgcheck=1',
      `gpgkey=file://${key}`,
      'skip_if_unavailable=0',
      '',
    ].join('\n'),
  };
}
