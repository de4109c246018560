import type { MachineState } from './state';

/** An OS of the fake world: what its sources offer, best first. */
interface OsRelease {
  readonly osLike: readonly string[];
  readonly codename: string;
  readonly packages: Readonly<Record<string, readonly string[]>>;
}

const everywhere: Readonly<Record<string, readonly string[]>> = {
  iptables: ['1.8.9-2'],
  apparmor: ['3.0.8-3'],
  'ca-certificates': ['20230311'],
  curl: ['7.88.1-10'],
};

export const osCatalog: Readonly<Record<string, OsRelease>> = {
  'debian:12': {
    osLike: [],
    codename: 'bookworm',
    packages: {
      ...everywhere,
      'docker.io': ['20.10.24+dfsg1-1+deb12u1'],
      keepalived: ['1:2.2.7-1+b2'],
      haproxy: ['2.6.12-1+deb12u4'],
    },
  },
  'debian:13': {
    osLike: [],
    codename: 'trixie',
    packages: {
      ...everywhere,
      'docker.io': ['26.1.5+dfsg1-9+b9'],
      'docker-cli': ['26.1.5+dfsg1-9+b9'],
      keepalived: ['1:2.3.3-1'],
      haproxy: ['3.0.11-1+deb13u2'],
    },
  },
};

/** Units that a package brings, all enabled by its installation. */
export const unitsOfPackage: Readonly<Record<string, readonly string[]>> = {
  'docker.io': ['docker.service', 'docker.socket', 'containerd.service'],
  'docker-ce': ['docker.service', 'docker.socket'],
  'containerd.io': ['containerd.service'],
  keepalived: ['keepalived.service'],
  haproxy: ['haproxy.service'],
};

/** Configuration files that a package brings; one that is there is kept. */
export const filesOfPackage: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  haproxy: {
    '/etc/haproxy/haproxy.cfg': 'global\n\tlog /dev/log\tlocal0\n\ndefaults\n\tmode\thttp\n',
  },
};

/** `26.1.5` of `26.1.5+dfsg1-9+b9` or `1:26.1.5-1`. */
export function upstreamVersion(packageVersion: string): string {
  return packageVersion.replace(/^\d+:/, '').replace(/[+~-].*$/, '');
}

export function offeredVersions(machine: MachineState, name: string): readonly string[] {
  const lists = [machine.offered, ...Object.values(machine.repositories)];
  return lists.flatMap((offered) => offered[name] ?? []);
}
