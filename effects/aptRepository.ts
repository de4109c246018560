import type { PackageRepository } from './packages';

/** Where a repository's key and its line of sources are on a host, and that line. */
export function repositoryFiles(
  repository: Pick<PackageRepository, 'name'> & Partial<PackageRepository>,
): { readonly key: string; readonly list: string; readonly line: string } {
  const { name, url = '', suite = '', component = '', architecture = '' } = repository;
  const key = `/etc/apt/keyrings/${name}.asc`;
  return {
    key,
    list: `/etc/apt/sources.list.d/${name}.list`,
    line: `deb [arch=${architecture} signed-by=${key}] ${url} ${suite} ${component}\n`,
  };
}

/** Options by which `apt-get update` reads one file of sources, and keeps the lists of the others. */
export function updateOptions(list: string): readonly string[] {
  return [
    ...['-o', `Dir::Etc::sourcelist=${list}`],
    ...['-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', 'APT::Get::List-Cleanup=0'],
  ];
}
