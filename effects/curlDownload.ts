import { SwarmError } from '../core/errors';
import type { Exec } from './ssh/sshExec';

/**
 * Constant; arguments: the address, and the SHA-256 that is expected, or nothing. Prints the folder that the
 * file is in, which is the caller's to remove. By the proxy of dnf, whose login is given to no command line.
 */
const downloadScript = `
set -eu
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
option() { sed -n "s/^$1[[:space:]]*=[[:space:]]*//p" /etc/dnf/dnf.conf 2>/dev/null | tail -n 1; }
proxy=$(option proxy) user=$(option proxy_username) password=$(option proxy_password)
{
  case $proxy in '' | _none_) ;; *) printf 'proxy = "%s"\\n' "$proxy" ;; esac
  [ -z "$user" ] || printf 'proxy-user = "%s:%s"\\n' "$user" "$password"
} | curl --config - --fail --silent --show-error --location --retry 2 --proto =http,https --output "$dir/file" --url "$1"
if [ -n "$2" ]; then
  sum=$(sha256sum -- "$dir/file")
  [ "\${sum%% *}" = "$2" ] || { echo "its SHA-256 is \${sum%% *}" >&2; exit 65; }
fi
trap - EXIT
printf '%s\\n' "$dir"
`;

/**
 * A file that the host downloads, in a folder of its own for as long as `use` takes.
 *
 * @throws SwarmError `DownloadFailed`.
 */
export async function withDownload<T>(
  { subject, exec }: { readonly subject: string; readonly exec: Exec },
  { url, sha256 = '' }: { readonly url: string; readonly sha256?: string },
  use: (path: string) => Promise<T>,
): Promise<T> {
  const login = { rights: 'login', timeoutSeconds: 1800 } as const;
  const result = await exec(
    ['sh', '-c', downloadScript, 'download', url, sha256.toLowerCase()],
    login,
  );
  if (result.code !== 0) throw downloadFailed(subject, url, result.stderr.trim().slice(-300));
  const folder = result.stdout.trim();
  try {
    return await use(`${folder}/file`);
  } finally {
    await exec(['rm', '-rf', '--', folder], { rights: 'login', timeoutSeconds: 60 });
  }
}

export function downloadFailed(subject: string, url: string, why: string): SwarmError {
  return new SwarmError(
    'DownloadFailed',
    `${subject}: ${url} could not be downloaded there (${why}); nothing was changed; look at the address, and at the host's way to it, or declare another engine.source: a mirror, files, or the distribution`,
    { source: 'world' },
  );
}
