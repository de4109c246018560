import type { Exec } from './ssh/sshExec';
import type { ExecResult } from './ssh/channelExec';

/**
 * Constant; arguments: names of installed packages. Packages as they are on the host, with their scripts and
 * configuration files, since no mirror may have their versions any more (what `dpkg-repack` does, which few hosts
 * have). Prints the folder of the files, which is the caller's to remove.
 */
const repackScript = `
set -eu
umask 022
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
mkdir "$dir/kept"
for package in "$@"; do
  tree=$dir/tree
  info=/var/lib/dpkg/info/$package
  mkdir -p "$tree/DEBIAN"
  dpkg-query --listfiles "$package" | while IFS= read -r path; do
    case $path in
      /bin | /sbin | /lib | /lib32 | /lib64) mkdir -p "$tree$path" ;;
      /?*)
        if [ -d "$path" ] && [ ! -L "$path" ]; then
          mkdir -p "$tree$path"
        elif [ -e "$path" ] || [ -L "$path" ]; then
          mkdir -p "$tree\${path%/*}"
          cp -P --preserve=mode,timestamps -- "$path" "$tree$path"
        fi
        ;;
    esac
  done
  dpkg-query --status "$package" | awk '
    /^[^ ]/ { isOut = /^(Status|Config-Version|Conffiles):/ }
    !isOut { print }
  ' > "$tree/DEBIAN/control"
  dpkg-query --show --showformat='\${Conffiles}\n' "$package" |
    awk 'NF == 2 { print $1 }' | while IFS= read -r path; do
      [ ! -e "$tree$path" ] || printf '%s\n' "$path"
    done > "$tree/DEBIAN/conffiles"
  for script in preinst postinst prerm postrm triggers; do
    [ ! -e "$info.$script" ] || cp --preserve=mode -- "$info.$script" "$tree/DEBIAN/$script"
  done
  dpkg-deb --root-owner-group -Znone --build "$tree" "$dir/kept/$package.deb" >&2
  rm -rf -- "$tree"
done
trap - EXIT
printf '%s\n' "$dir"
`;

/** Puts files of these packages into a directory, whole or not at all. Returns what failed. */
export async function keepPackages(
  exec: Exec,
  names: readonly string[],
  directory: string,
): Promise<ExecResult | undefined> {
  const fresh = `${directory}.swarm-new`;
  const packed = await exec(['sh', '-c', repackScript, 'repack', ...names], {
    rights: 'login',
    timeoutSeconds: 300,
  });
  if (packed.code !== 0) return packed;
  const made = packed.stdout.trim();
  try {
    for (const argv of [
      ['rm', '-rf', '--', fresh],
      ['mkdir', '-p', '-m', '755', '--', fresh],
      ['cp', '-rT', '--no-preserve=all', '--', `${made}/kept`, fresh],
      ['sync', '-f', fresh],
      ['rm', '-rf', '--', directory],
      ['mv', '-T', '--', fresh, directory],
    ]) {
      const result = await exec(argv, { timeoutSeconds: 300 });
      if (result.code !== 0) return result;
    }
    return undefined;
  } finally {
    await exec(['rm', '-rf', '--', made], { rights: 'login', timeoutSeconds: 60 });
  }
}
