import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { SwarmError } from '../core/errors';
import type { Files } from './files';
import { localFiles, putPrivateFile } from './localFiles';
import type { Exec } from './ssh/sshExec';

/**
 * Puts standard input in the place of `$path`. The checksum is what keeps a connection that breaks
 * half-way from putting half a file in place: to `dd`, the break looks like the end of the content. The
 * new file has its mode before it has any content.
 */
const place = `
new=$dir/.$(basename -- "$path").swarm-new
trap '"$@" rm -f -- "$new"' EXIT
"$@" install -D -m "$mode" -T -- /dev/null "$new"
"$@" dd "of=$new" bs=1M iflag=fullblock conv=fsync status=none
seen=$("$@" sha256sum -- "$new")
seen=\${seen%% *}
# A backslash stands before the sum of a file whose name had to be quoted.
[ "\${seen#\\\\}" = "$sum" ] || { echo 'the content was cut on its way' >&2; exit 75; }
"$@" mv -fT -- "$new" "$path"
trap - EXIT
`;

/**
 * Constant; arguments: path, mode, sha256 of the content, which comes by standard input, and then what
 * makes a command root's. Each such command is one that a rule of sudoers can name.
 */
const writeScript = `
set -eu
path=$1 mode=$2 sum=$3
shift 3
dir=$(dirname -- "$path")
${place}
"$@" sync -- "$dir"
`;

/**
 * Constant; arguments: path, checksum of what must be there, checksum of what comes by standard input (`-`:
 * no file), and then what makes a command root's. The guard is a lock of the kernel on the folder, which
 * root and other login users can take alike, and which ends with its process.
 */
const exchangeScript = `
set -eu
path=$1 expected=$2 sum=$3 mode=600
shift 3
dir=$(dirname -- "$path")
"$@" mkdir -p -m 755 -- "$dir"
exec 9< "$dir"
flock -w 30 9 || { echo 'another command keeps it locked' >&2; exit 75; }
found=-
[ ! -e "$path" ] || found=$("$@" sha256sum -- "$path")
found=\${found%% *}
[ "\${found#\\\\}" = "$expected" ] || exit 3
[ "$sum" != - ] || { "$@" rm -f -- "$path"; exit 0; }
${place}
`;

/** Exit code of the exchange when something else is there. */
const otherContent = 3;

const maxReadBytes = 16 * 1024 * 1024;

/** Files of a host by its coreutils, with root's rights. */
export class HostFiles implements Files {
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
  ) {}

  /** @throws SwarmError `FileReadFailed`, also for a file of more than 16 MiB. */
  async read(path: string): Promise<string | undefined> {
    const result = await this.exec(['cat', '--', path], {
      timeoutSeconds: 60,
      maxOutputBytes: maxReadBytes,
    });
    if (result.code === 0 && !result.isTruncated) {
      return result.stdout;
    }
    if (result.code !== 0 && result.stderr.includes('No such file or directory')) {
      return undefined;
    }
    throw this.failed('Read', path, result.isTruncated ? 'it is too large' : result.stderr);
  }

  /** @throws SwarmError `FileWriteFailed`. */
  async write(
    path: string,
    content: string,
    options: { readonly mode?: number } = {},
  ): Promise<void> {
    await this.put(path, checksum(content), options.mode ?? 0o644, content, 60);
  }

  /** @throws SwarmError `FileWriteFailed`. */
  async exchange(
    path: string,
    expected: string | undefined,
    content: string | undefined,
  ): Promise<boolean> {
    const sums = [expected, content].map((text) => (text === undefined ? '-' : checksum(text)));
    const result = await this.exec(['sh', '-c', exchangeScript, 'exchange', path, ...sums], {
      rights: 'inner',
      stdin: content ?? '',
      timeoutSeconds: 60,
    });
    if (result.code !== 0 && result.code !== otherContent) {
      throw this.failed('Write', path, result.stderr);
    }
    return result.code === 0;
  }

  /** @throws SwarmError `FileWriteFailed`. */
  async upload(
    localPath: string,
    path: string,
    options: { readonly mode?: number } = {},
  ): Promise<void> {
    await this.put(
      path,
      await localFiles.sha256(localPath),
      options.mode ?? 0o644,
      () => createReadStream(localPath),
      1800,
    );
  }

  /** @throws SwarmError `FileReadFailed`; `LocalWriteFailed` when this computer cannot take it. */
  async archive(directory: string, localPath: string): Promise<void> {
    await putPrivateFile(localPath, async (partial) => {
      const { dir, base } = posix.parse(directory);
      const argv = ['tar', '--create', '--file=-', '--numeric-owner', `--directory=${dir}`];
      const result = await this.exec([...argv, '--', base], {
        sink: () => createWriteStream(partial, { mode: 0o600, flush: true }),
        timeoutSeconds: 1800,
      });
      // Also 1, "file changed as we read it": half of one state and half of another is no copy.
      if (result.code !== 0) throw this.failed('Read', directory, result.stderr);
    });
  }

  /**
   * The last command puts it in its place: it runs only when each before it has told that it came to its end.
   *
   * @throws SwarmError `FileWriteFailed`; `FileMissing` for the archive.
   */
  async restore(localPath: string, directory: string): Promise<void> {
    const { dir, base } = posix.parse(directory);
    const fresh = `${dir}/.${base}.swarm-new`;
    await localFiles.size(localPath);
    await this.change(directory, ['rm', '--recursive', '--force', '--', fresh]);
    await this.change(directory, ['mkdir', '--mode=700', '--', fresh]);
    const unpack = ['tar', '--extract', '--file=-', '--numeric-owner', '--same-permissions'];
    await this.change(directory, [...unpack, `--directory=${fresh}`], () =>
      createReadStream(localPath),
    );
    await this.change(directory, ['sync', '--file-system', '--', fresh]);
    // Takes the place of an empty directory, and of no other.
    await this.change(directory, [
      ...['mv', '--no-target-directory', '--'],
      ...[`${fresh}/${base}`, directory],
    ]);
    await this.change(directory, ['rm', '--recursive', '--force', '--', fresh]);
    await this.change(directory, ['sync', '--', dir]);
  }

  /** @throws SwarmError `FileWriteFailed`. */
  async setAside(directory: string): Promise<void> {
    const found = await this.exec(['test', '-d', directory], { timeoutSeconds: 60 });
    if (found.code === 1) return;
    if (found.code !== 0) throw this.failed('Write', directory, found.stderr);
    await this.removeAside(directory);
    const argv = ['mv', '--no-target-directory', '--', directory, asideOf(directory)];
    await this.change(directory, argv);
    await this.change(directory, ['sync', '--', posix.dirname(directory)]);
  }

  /** @throws SwarmError `FileWriteFailed`. */
  async removeAside(directory: string): Promise<void> {
    await this.change(directory, ['rm', '--recursive', '--force', '--', asideOf(directory)]);
  }

  /** @throws SwarmError `FileRemoveFailed`. */
  async remove(path: string): Promise<void> {
    const result = await this.exec(['rm', '-f', '--', path], { timeoutSeconds: 60 });
    if (result.code !== 0) {
      throw this.failed('Remove', path, result.stderr);
    }
  }

  /** One command of a change of a directory. */
  private async change(
    directory: string,
    argv: readonly string[],
    stdin?: () => ReturnType<typeof createReadStream>,
  ): Promise<void> {
    const result = await this.exec(argv, {
      ...(stdin === undefined ? {} : { stdin }),
      timeoutSeconds: 1800,
    });
    if (result.code !== 0) throw this.failed('Write', directory, result.stderr);
  }

  private async put(
    path: string,
    sum: string,
    mode: number,
    stdin: string | (() => ReturnType<typeof createReadStream>),
    timeoutSeconds: number,
  ): Promise<void> {
    const result = await this.exec(
      ['sh', '-c', writeScript, 'write', path, mode.toString(8), sum],
      { rights: 'inner', stdin, timeoutSeconds },
    );
    if (result.code !== 0) {
      throw this.failed('Write', path, result.stderr);
    }
  }

  private failed(action: 'Read' | 'Write' | 'Remove', path: string, reason: string): SwarmError {
    return new SwarmError(
      `File${action}Failed`,
      `${this.subject}: cannot ${action.toLowerCase()} ${path} (${reason.trim()}); the file is as it was; look at the path on the host`,
      { source: 'world' },
    );
  }
}

/** Where a directory is that was moved out of its place. */
function asideOf(directory: string): string {
  return `${directory}.set-aside`;
}

function checksum(content: string): string {
  return createHash('sha256').update(content, 'utf8').digest('hex');
}
