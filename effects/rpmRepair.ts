import { SwarmError } from '../core/errors';
import type { Exec } from './ssh/sshExec';
import { tailOf } from './tailOf';

/**
 * Takes back what a transaction that was cut has left twice: rpm puts the new version beside the old one, and
 * takes the old one out at the end. The one that came last has its files on the disk, and stays.
 *
 * @throws SwarmError `PackageInstallFailed`.
 */
export async function repairRpms(
  subject: string,
  exec: Exec,
  names: readonly string[],
): Promise<void> {
  const format = '%{INSTALLTIME} %{DBINSTANCE} %{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\\n';
  const query = await exec(['rpm', '--query', '--queryformat', format, '--', ...names], {
    rights: 'login',
    timeoutSeconds: 60,
  });
  const there = query.stdout.split('\n').flatMap((line) => {
    const [, time, instance, name, version] = /^(\d+) (\d+) (\S+) (\S+)$/.exec(line) ?? [];
    if (time === undefined || name === undefined || version === undefined) return [];
    return [{ came: [Number(time), Number(instance)] as const, name, version }];
  });
  const stale = there.filter(({ name, came: [time, instance] }) =>
    there.some(
      (other) =>
        other.name === name &&
        (other.came[0] > time || (other.came[0] === time && other.came[1] > instance)),
    ),
  );
  if (stale.length === 0) return;
  const result = await exec(
    ['rpm', '--erase', '--nodeps', '--', ...stale.map(({ name, version }) => `${name}-${version}`)],
    { timeoutSeconds: 300 },
  );
  if (result.code === 0) return;
  throw new SwarmError(
    'PackageInstallFailed',
    `${subject}: completing an earlier installation failed with exit code ${result.code}; ${stale.map(({ name }) => name).join(', ')} is there in two versions; look at \`dnf check\` on the host. Last lines:\n${tailOf(result)}`,
    { source: 'world' },
  );
}
