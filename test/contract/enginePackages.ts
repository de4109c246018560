import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../effects/effects';
import { serveFolder, type ServedFolder } from './serveFolder';

/** Version of the packages that `makeDockerPackages` makes, in Docker's own form. */
export const dockerPackageVersion = '5:26.1.5-1~debian.13~trixie';

/**
 * Constant; argument: a folder. Docker's own packages can be had from the network alone, so their like is made
 * from the distribution's: the same programs under Docker's names, versions and conflicts.
 */
const packScript = `
set -eu
mkdir -p "$1" && cd "$1"
apt-get --quiet --quiet download docker.io docker-cli containerd runc
for package in docker.io docker-cli containerd runc; do
  dpkg-deb --raw-extract "$package"_*.deb "$package"
done
cp -a runc/usr/. containerd/usr/
rm -rf containerd/usr/bin/ctr containerd/usr/bin/containerd-stress */usr/share/doc ./*.deb
control() {
  file=$1/DEBIAN/control
  printf 'Package: %s\\nVersion: %s\\nArchitecture: amd64\\nMaintainer: test\\nDescription: test\\n' "$2" "$3" > "$file"
  shift 3
  printf '%s\\n' "$@" >> "$file"
}
control docker.io docker-ce ${dockerPackageVersion} 'Depends: containerd.io, docker-ce-cli, iptables' 'Conflicts: docker.io' 'Replaces: docker.io'
control docker-cli docker-ce-cli ${dockerPackageVersion} 'Conflicts: docker.io, docker-cli'
control containerd containerd.io 1.7.24-1 'Conflicts: containerd, runc' 'Replaces: containerd, runc'
for package in docker.io docker-cli containerd; do
  dpkg-deb --root-owner-group -Znone --build "$package" . >&2
done
rm -rf docker.io docker-cli containerd runc
ls
`;

/** Makes docker-ce, docker-ce-cli and containerd.io in a folder of the host, and returns their file names. */
export async function makeDockerPackages(host: Host, folder: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await host.run(['sh', '-c', packScript, 'pack', folder], {
    timeoutSeconds: 120,
  });
  assert.equal(code, 0, stderr);
  return stdout.trim().split('\n');
}

/** An archive of static programs: of the next release's engine, which runs on this one too. */
export const staticArchive = {
  file: 'docker-28.5.2.tgz',
  version: '28.5.2',
  release: 'forky',
} as const;

/** Constant; argument: the folder of the packages. */
const listScript = `
set -eu
cd "$1"
for deb in *.deb; do
  dpkg-deb --field "$deb"
  echo "Filename: pool/$deb"
  echo "Size: $(stat -c %s "$deb")"
  echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"
  echo
done
`;

/** A key of its own, for as long as a test takes. */
export class SigningKey {
  private readonly folder = mkdtempSync(join(tmpdir(), 'swarm-key-'));
  readonly fingerprint: string;

  constructor() {
    this.gpg('--passphrase', '', '--quick-gen-key', 'Test repository', 'ed25519', 'sign', 'never');
    this.fingerprint = /^fpr:+([0-9A-F]{40}):$/m.exec(
      this.gpg('--with-colons', '--list-keys'),
    )![1]!;
  }

  get armored(): string {
    return this.gpg('--armor', '--export');
  }

  /** For tools that sign on a machine themselves. */
  get secret(): string {
    return this.gpg('--armor', '--export-secret-keys');
  }

  sign(text: string): string {
    writeFileSync(join(this.folder, 'text'), text);
    return this.gpg('--output', '-', '--clearsign', join(this.folder, 'text'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private gpg(...args: readonly string[]): string {
    const argv = ['--homedir', this.folder, '--batch', '--quiet', '--pinentry-mode', 'loopback'];
    return execFileSync('gpg', [...argv, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }
}

/**
 * Serves packages of a host's folder as Docker's site does, for Debian trixie, signed by a key.
 *
 * @param root - the folder of this computer that is the host's `/`.
 */
export async function serveRepository(
  host: Host,
  key: SigningKey,
  place: { readonly root: string; readonly folder: string; readonly address: string },
): Promise<ServedFolder> {
  const { stdout, code } = await host.run(['sh', '-c', listScript, 'list', place.folder]);
  assert.equal(code, 0);
  const sum = execFileSync('sha256sum', { input: stdout, encoding: 'utf8' }).split(' ')[0];
  const release = [
    'Origin: Docker',
    'Suite: trixie',
    'Codename: trixie',
    'Architectures: amd64',
    'Components: stable',
    `Date: ${new Date().toUTCString()}`,
    'SHA256:',
    ` ${String(sum)} ${String(Buffer.byteLength(stdout))} stable/binary-amd64/Packages`,
    '',
  ].join('\n');
  const files = new Map([
    ['/debian/gpg', key.armored],
    ['/debian/dists/trixie/InRelease', key.sign(release)],
    ['/debian/dists/trixie/stable/binary-amd64/Packages', stdout],
  ]);
  const { root, folder, address } = place;
  return serveFolder(join(root, folder), { address, prefix: '/debian/pool/' }, files);
}
