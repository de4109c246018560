import type { Host } from '../effects/effects';

/** Releases of Debian whose engines run on Debian 13, of which one is its own. */
export type EngineRelease = 'trixie' | 'forky';

/** The engine and client of a release, and what else an engine is made of of Debian 13's own. */
const packagesOf = {
  trixie: ['docker.io', 'docker-cli', 'containerd', 'runc', 'tini'],
  forky: [
    'docker.io/forky',
    'docker-cli/forky',
    'tini/forky',
    'tini-static/forky',
    'containerd',
    'runc',
  ],
} as const satisfies Record<EngineRelease, readonly string[]>;

/** Constant; arguments: a folder, a release, packages, of Debian 13 where they name no release. */
const downloadScript = `
set -eu
mkdir -p "$1" && cd "$1"
list=/etc/apt/sources.list.d/engine-files.list
trap 'rm -f "$list"' EXIT
sed "s/trixie/$2/g; /security\\|updates/d" /etc/apt/sources.list > "$list"
shift 2
apt-get --quiet --quiet -o Acquire::Check-Valid-Until=false update
for package; do
  case $package in */*) ;; *) package=$package/trixie ;; esac
  apt-get --quiet --quiet download "$package"
done
`;

/** Brings the packages of an engine into a folder of the host, beside what is there. */
export async function downloadEngine(
  host: Host,
  folder: string,
  release: EngineRelease,
): Promise<void> {
  await script(host, [downloadScript, 'download', folder, release, ...packagesOf[release]]);
}

/** Constant; arguments: a folder, a version. */
const unfitScript = `
set -eu
tree=$(mktemp -d)
mkdir "$tree/DEBIAN"
printf '%s\n' 'Package: docker.io' "Version: $2" 'Architecture: amd64' 'Maintainer: nobody' 'Description: none' \
  'Depends: package-of-nobody' > "$tree/DEBIAN/control"
dpkg-deb --build "$tree" "$1/docker.io_$2_amd64.deb" >&2
rm -rf "$tree"
`;

/** An engine that needs what nobody has, as a package in a folder of the host. */
export async function makeUnfitEngine(host: Host, folder: string, version: string): Promise<void> {
  await script(host, [unfitScript, 'unfit', folder, version]);
}

/** Constant; arguments: a folder, the archive's name. */
const archiveScript = `
set -eu
cd "$1"
mkdir unpacked docker
for deb in *.deb; do dpkg-deb --extract "$deb" unpacked; done
for program in sbin/dockerd bin/docker sbin/docker-proxy bin/docker-proxy bin/containerd bin/containerd-shim-runc-v2 bin/runc sbin/runc; do
  [ ! -e unpacked/usr/$program ] || mv unpacked/usr/$program docker/
done
mv unpacked/usr/bin/tini-static docker/docker-init
find unpacked -name docker-proxy -exec mv {} docker/ ';'
rm -rf unpacked ./*.deb
tar --create docker | gzip -1 > "$2"
rm -rf docker
sha256sum "$2" | cut -d' ' -f1
`;

/**
 * Makes the like of Docker's archive of static programs in a folder of the host, from the distribution's packages,
 * and returns its SHA-256.
 */
export async function makeStaticArchive(
  host: Host,
  folder: string,
  { file, release }: { readonly file: string; readonly release: EngineRelease },
): Promise<string> {
  await downloadEngine(host, folder, release);
  return (await script(host, [archiveScript, 'pack', folder, file])).trim();
}

async function script(host: Host, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.run(['sh', '-c', ...args], { timeoutSeconds: 300 });
  if (code !== 0) throw new Error(`${host.description}: ${stderr}${stdout}`);
  return stdout;
}
