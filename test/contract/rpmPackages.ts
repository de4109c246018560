import assert from 'node:assert/strict';
import type { Host } from '../../effects/effects';

/** Versions of the rpms that `makeDockerRpms` makes, in Docker's own form. */
export const rpms = {
  engine: { 'docker-ce': '3:26.1.5-1.el9', 'docker-ce-cli': '1:26.1.5-1.el9' },
  next: { 'docker-ce': '3:28.5.2-1.el9', 'docker-ce-cli': '1:28.5.2-1.el9' },
  runtime: { 'containerd.io': '0:1.7.23-1.el9' },
  /** These are programs that run; the others are mere files. */
  working: {
    ...{ 'docker-ce': '3:26.1.5-2.el9', 'docker-ce-cli': '1:26.1.5-2.el9' },
    'containerd.io': '0:1.7.24-1.el9',
  },
  /** A transaction with it can be caught half-way. */
  slow: { 'docker-ce-cli': '1:29.0.0-1.el9' },
  lasting: { lasting: '0:1-1.el9' },
  unsigned: { unsigned: '0:1-1.el9' },
} as const;

/** What says that a host is one with rpms. */
export const rockyRelease = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n';

/**
 * Constant; argument: a folder. No image of a distribution with rpms is in reach, but dnf and rpm themselves are
 * packages of Debian: with a database of rpms of their own they do there what they do on Rocky. The engine is the
 * distribution's, under Docker's names, versions and dependencies; its next release is a mere file.
 */
const packScript = `
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get --quiet --quiet --yes --no-install-recommends install dnf rpm createrepo-c gnupg >&2
mkdir -p /etc/yum.repos.d "$1/rpms" && cd "$1"
apt-get --quiet --quiet download docker.io docker-cli containerd runc
extract() { for deb in "$2"_*.deb; do dpkg-deb --extract "$deb" "$1"; done; }
extract engine docker.io
extract client docker-cli
extract runtime containerd
extract runtime runc
rm -rf ./*.deb */usr/share runtime/usr/bin/ctr runtime/usr/bin/containerd-stress
for tree in base small client-small runtime-small next client-next slow lasting unsigned; do
  mkdir -p "$tree/usr/share/$tree" && echo "$tree" > "$tree/usr/share/$tree/file"
done
(cd engine && cp --parents usr/lib/systemd/system/docker.service ../small)
cat > spec <<'spec'
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
Name: %{package}
Epoch: %{number}
Version: %{told}
Release: %{build_number}.el9
Summary: test
License: test
AutoReqProv: no
%{?needs:Requires: %{needs}}
%{?gives:Provides: %{gives}}
%description
test
%install
cp -a %{tree}/. %{buildroot}/
%pre
getent group docker >/dev/null || groupadd --system docker
%post
sleep %{seconds}
%files -f %{tree}.files
spec
build() {
  (cd "$1" && find . '(' -type f -o -type l ')' | sed 's/^[.]//') > "$1.files"
  rpmbuild -bb --quiet --define "tree $PWD/$1" --define "package $2" --define "number $3" --define "told \${4%-*}" --define "build_number \${4#*-}" \\
    --define "seconds $5" \${6:+--define "needs $6"} \${7:+--define "gives $7"} --define "_rpmdir $PWD/rpms" --define "_topdir $PWD/top" \\
    --define '_binary_payload w0.gzdio' --define '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' spec >&2
}
build base base 0 1-1 0 '' /bin/sh
rpm --install rpms/base-*.rpm
build engine docker-ce 3 26.1.5-2 0 'docker-ce-cli containerd.io'
build client docker-ce-cli 1 26.1.5-2 0
build runtime containerd.io 0 1.7.24-1 0
build small docker-ce 3 26.1.5-1 0 'docker-ce-cli containerd.io'
build client-small docker-ce-cli 1 26.1.5-1 0
build runtime-small containerd.io 0 1.7.23-1 0
build next docker-ce 3 28.5.2-1 0 'docker-ce-cli containerd.io'
build client-next docker-ce-cli 1 28.5.2-1 0
build slow docker-ce-cli 1 29.0.0-1 20
build lasting lasting 0 1-1 3
build unsigned unsigned 0 1-1 0
export GNUPGHOME="$1/gnupg"
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --import "$1.key"
mv rpms/unsigned-*.rpm .
rpmsign --define '_gpg_name Test repository' --addsign rpms/*.rpm >&2
mv unsigned-*.rpm rpms/
createrepo_c --quiet rpms >&2
`;

/** Makes a repository of Docker's rpms in a folder of the host, signed by a key; and the tools that it needs there. */
export async function makeDockerRpms(host: Host, folder: string, secretKey: string): Promise<void> {
  await host.files.write(`${folder}.key`, secretKey, { mode: 0o600 });
  const { code, stderr } = await host.run(['sh', '-c', packScript, 'pack', folder], {
    timeoutSeconds: 300,
  });
  assert.equal(code, 0, stderr.slice(-2000));
}
