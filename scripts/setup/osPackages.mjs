import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { root, isRoot, run, runInOurPlace, which } from './command.mjs';
import { say, SetupError, step } from './progress.mjs';

const sbin = ['/usr/sbin', '/sbin'];

/** What a lab needs of the host: package, and what shows that it is there. */
const packages = [
  { name: 'mmdebstrap', isThere: () => which('mmdebstrap') !== undefined },
  { name: 'systemd-container', isThere: () => which('systemd-nspawn') !== undefined },
  { name: 'iproute2', isThere: () => which('ip', sbin) !== undefined },
  { name: 'iptables', isThere: () => which('iptables', sbin) !== undefined },
];
/** What tests of logins need: an sshd of their own, and users with and without sudo. */
const loginPackages = [
  { name: 'openssh-server', isThere: () => which('sshd', sbin) !== undefined },
  { name: 'sudo', isThere: () => which('sudo') !== undefined },
];
/** Ubuntu does not know Debian's signing keys by itself. */
const debianKeys = {
  name: 'debian-archive-keyring',
  isThere: () => existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'),
};

/** `debian`, `ubuntu`, … of /etc/os-release. */
function distribution() {
  try {
    return /^ID="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Installs the lab's OS packages, or says which are missing where it may not. */
export async function ensureLabPackages() {
  const id = distribution();
  const missing = missingOf([...packages, ...(id === 'ubuntu' ? [debianKeys] : [])]);
  await ensurePackages('lab', missing, () => installPackages(missing));
}

/** The same for tests of logins. Nobody who runs tests asked for a server that others can log in to: it stays off. */
export async function ensureLoginPackages() {
  const missing = missingOf(loginPackages);
  await ensurePackages('test', missing, async () => {
    const policy = '/usr/sbin/policy-rc.d';
    const isOurs = !existsSync(policy);
    if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    try {
      await installPackages(missing);
    } finally {
      if (isOurs) rmSync(policy, { force: true });
    }
    if (missing.includes('openssh-server') && which('systemctl') !== undefined) {
      await run(['systemctl', 'disable', 'ssh.service']);
    }
  });
}

function missingOf(wanted) {
  return wanted.filter((each) => !each.isThere()).map((each) => each.name);
}

async function ensurePackages(what, missing, install) {
  const id = distribution();
  if (missing.length === 0) {
    return;
  }
  if (!isRoot()) {
    throw new SetupError(
      `${what}: not installed on this computer: ${missing.join(', ')}; we are not root and cannot install them; run the command as root, or install them by hand`,
    );
  }
  if (id !== 'debian' && id !== 'ubuntu') {
    throw new SetupError(
      `${what}: not installed on this computer (${id}): the equivalents of Debian's ${missing.join(', ')}; only Debian and Ubuntu are set up by themselves; install them by hand`,
    );
  }
  await step(`OS packages ${missing.join(', ')}`, install);
}

export async function installPackages(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '--quiet'], { env });
  await run(['apt-get', 'install', '--yes', '--no-install-recommends', ...names], { env });
}

/** Builds the lab's OS images where they are missing; they are cached outside the checkout. */
export async function ensureLabImages() {
  const code = await runInOurPlace([process.execPath, 'dist/lab/cli.js', 'images'], process.env);
  if (code !== 0) {
    throw new SetupError(`lab: the OS images could not be built in ${root} (exit code ${code})`);
  }
  say('set-up: OS images are there');
}
