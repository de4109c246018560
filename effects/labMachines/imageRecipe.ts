import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SwarmError } from '../../core/errors';
import { readHostApt, readLocalCertificates } from './hostApt';
import { findTool, runTool } from './tool';

/** Every OS that a machine can have, with its Debian suite. */
const suites = { 'debian:12': 'bookworm', 'debian:13': 'trixie' } as const;

/** `debian:12` and the like. */
export const imageNames: readonly string[] = Object.keys(suites);

/** A file that an image gets beside its packages. */
export interface ImageFile {
  readonly path: string;
  readonly content: string;
}

/** Everything that decides an image's content; its hash is the image's identity. */
export interface ImageRecipe {
  readonly os: string;
  readonly suite: string;
  /** Undefined: the one that mmdebstrap takes by itself. */
  readonly mirror: string | undefined;
  readonly keyring: { readonly path: string; readonly sha256: string } | undefined;
  readonly aptOptions: readonly string[];
  readonly packages: readonly string[];
  readonly files: readonly ImageFile[];
  /** Units that must not start in a machine. */
  readonly masked: readonly string[];
}

const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'iproute2',
  'iptables',
  'procps',
  'curl',
  'ca-certificates',
  'iputils-ping',
  'kmod',
  'python3-minimal',
];

/** They wait for hardware or a terminal, change this computer's kernel, or start work by a timer. */
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty.target',
  'kmod-static-nodes.service',
  'modprobe@.service',
  'systemd-binfmt.service',
  'systemd-firstboot.service',
  'systemd-journal-catalog-update.service',
  'systemd-logind.service',
  'systemd-modules-load.service',
  'systemd-network-generator.service',
  'systemd-networkd.service',
  'systemd-pcrphase.service',
  'systemd-random-seed.service',
  'systemd-remount-fs.service',
  'systemd-timesyncd.service',
  'systemd-udev-trigger.service',
  'systemd-udevd.service',
  'systemd-udevd-control.socket',
  'systemd-udevd-kernel.socket',
  'systemd-update-utmp.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
];

const files: readonly ImageFile[] = [
  {
    path: '/etc/ssh/sshd_config.d/10-lab.conf',
    content: [
      'HostKey /etc/ssh/ssh_host_ed25519_key',
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UseDNS no',
      // Many steps log in at the same time.
      'MaxStartups 100',
      'MaxSessions 100',
      '',
    ].join('\n'),
  },
  {
    // /proc/sys is this computer's: only what belongs to the machine's own network may be set.
    path: '/etc/systemd/system/systemd-sysctl.service.d/10-lab.conf',
    content: [
      '[Service]',
      'ExecStart=',
      'ExecStart=/usr/lib/systemd/systemd-sysctl --prefix=/net',
      '',
    ].join('\n'),
  },
  {
    // The console's log is what there is to see of a machine that does not answer.
    path: '/etc/systemd/journald.conf.d/10-lab.conf',
    content: '[Journal]\nStorage=volatile\nForwardToConsole=yes\nMaxLevelConsole=info\n',
  },
  {
    // The journal's lines say the same, with a time.
    path: '/etc/systemd/system.conf.d/10-lab.conf',
    content: '[Manager]\nShowStatus=auto\n',
  },
  { path: '/etc/default/locale', content: 'LANG=C.UTF-8\n' },
  {
    // A machine is thrown away, not repaired: syncing each unpacked file only costs time.
    path: '/etc/dpkg/dpkg.cfg.d/10-lab',
    content: 'force-unsafe-io\n',
  },
];

/** OpenSSH 9.8 (Debian 13) shuts out for a while whoever breaks off a connection, as a probe for readiness does. */
const filesOfSuite: Readonly<Record<string, readonly ImageFile[]>> = {
  trixie: [{ path: '/etc/ssh/sshd_config.d/20-lab.conf', content: 'PerSourcePenalties no\n' }],
};

/**
 * The recipe of an OS's image on this computer.
 *
 * @throws SwarmError `LabImageUnknown`.
 */
export async function imageRecipe(os: string): Promise<ImageRecipe> {
  if (!isKnown(os)) {
    const message = `os ${os}: there is no such image; no machine can be made with it; choose one of ${imageNames.join(', ')}`;
    throw new SwarmError('LabImageUnknown', message, { source: 'user' });
  }
  const suite = suites[os];
  const dump = findTool('apt-config') === undefined ? '' : await runTool(['apt-config', 'dump']);
  const apt = readHostApt(dump);
  const certificates = readLocalCertificates().map(({ name, pem }) => ({
    path: `/usr/local/share/ca-certificates/${name}`,
    content: pem,
  }));
  return {
    os,
    suite,
    mirror: apt.mirror,
    keyring:
      apt.keyring === undefined
        ? undefined
        : { path: apt.keyring, sha256: sha256(readFileSync(apt.keyring)) },
    aptOptions: apt.options,
    packages,
    files: [...files, ...(filesOfSuite[suite] ?? []), ...certificates],
    masked,
  };
}

/** Identity of the image and name of its directory, e.g. `debian-12-0123456789ab`. */
export function imageIdentity(recipe: ImageRecipe): string {
  return `${recipe.os.replace(':', '-')}-${sha256(JSON.stringify(recipe)).slice(0, 12)}`;
}

function isKnown(os: string): os is keyof typeof suites {
  return Object.hasOwn(suites, os);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
