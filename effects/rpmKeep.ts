import type { ExecResult } from './ssh/channelExec';
import type { Exec } from './ssh/sshExec';

/** What a package is, bit by bit: the checksum of its header, which has those of its files. */
const identity = '%{NAME} %{SHA256HEADER}\\n';
const query = ['rpm', '--query', '--queryformat', identity];
const login = { rights: 'login', timeoutSeconds: 120 } as const;

/**
 * Puts the rpms of what is installed into a directory, whole or not at all. They cannot be made again from what is
 * there; they are those that were sent to the host, or come from its repositories once more. Returns what failed.
 */
export async function keepRpms(
  exec: Exec,
  names: readonly string[],
  directory: string,
  options: readonly string[],
): Promise<ExecResult | undefined> {
  const installed = await exec([...query, '--', ...names], login);
  if (installed.code !== 0) return installed;
  const wanted = installed.stdout.trim().split('\n');
  const fresh = `${directory}.swarm-new`;
  const sent: string[] = [];
  for (const name of names) {
    const path = `/var/cache/pulumi-swarm/${name}.rpm`;
    const [found] = await identities(exec, [path]);
    if (found !== undefined && wanted.includes(found)) sent.push(name);
  }
  const missing = names.filter((name) => !sent.includes(name));
  for (const argv of [
    ['rm', '-rf', '--', fresh],
    ['mkdir', '-p', '-m', '755', '--', fresh],
    ...sent.map((name) => [
      ...['cp', '-T', '--no-preserve=all', '--'],
      ...[`/var/cache/pulumi-swarm/${name}.rpm`, `${fresh}/${name}.rpm`],
    ]),
    ...(missing.length === 0
      ? []
      : [
          [
            ...['dnf', '-y', ...options, '--downloadonly', `--destdir=${fresh}`],
            ...['reinstall', '--', ...missing],
          ],
        ]),
  ]) {
    const result = await exec(argv, { timeoutSeconds: 1200 });
    if (result.code !== 0) return result;
  }
  const list = await exec(['ls', '-A', '--', fresh], login);
  const files = list.stdout.split('\n').filter((name) => name.endsWith('.rpm'));
  const kept = await identities(
    exec,
    files.map((file) => `${fresh}/${file}`),
  );
  const other = wanted.filter((each) => !kept.includes(each));
  if (other.length > 0) {
    const stderr = `what was found is not what is installed: ${other.join(', ')}`;
    return { ...list, code: 1, stdout: '', stderr };
  }
  for (const argv of [
    ['sync', '-f', fresh],
    ['rm', '-rf', '--', directory],
    ['mv', '-T', '--', fresh, directory],
  ]) {
    const result = await exec(argv, { timeoutSeconds: 300 });
    if (result.code !== 0) return result;
  }
  return undefined;
}

async function identities(exec: Exec, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const { stdout } = await exec([...query, '--package', '--nosignature', '--', ...paths], login);
  return stdout.trim().split('\n');
}
