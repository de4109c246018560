import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Apt } from '../../effects/apt';
import { systemClock } from '../../effects/clock';
import { Dnf } from '../../effects/dnf';
import { HostFiles } from '../../effects/hostFiles';
import { Systemctl } from '../../effects/systemctl';
import { founded } from '../support/clusterState';
import { changed, cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { ProviderProcess } from '../support/providerHarness';
import { notingEffects, notingExec, type RootCommands } from '../support/rootCommands';
import { documentedSudoers, sudoRules } from '../support/sudoRules';
import { webService } from '../support/webService';

const balance = { ports: [{ listen: 80, target: 8080 }] };
const isAllowed = sudoRules(documentedSudoers());

/** Every command must be in docs/security.md: what a user was told to allow is what there is. */
function assertAllowed(commands: RootCommands): void {
  const missing = [...new Set(commands.filter((argv) => !isAllowed(argv)).map((a) => a.join(' ')))];
  assert.deepEqual(
    missing,
    [],
    'run as root, and in no rule of docs/security.md: add a rule, or give the command `rights: "login"`',
  );
}

/** A world whose hosts note what root would run on them. */
class NotingWorld extends FakeWorld {
  readonly noted: RootCommands = [];

  override effects(): ReturnType<FakeWorld['effects']> {
    return notingEffects(super.effects(), this.noted);
  }
}

describe('the sudoers rules of docs/security.md', () => {
  test('are enough for the whole life of a cluster', async () => {
    const world = new NotingWorld();
    const stack = await founded(world, cluster(3, 1, { ...(await webService()), balance }));
    const directory = mkdtempSync(join(tmpdir(), 'swarm-backup-'));
    stack.declared = { ...stack.declared, swarm: { roll: { backup: { directory } } } };
    await stack.up(new ProviderProcess(world));
    stack.declared = changed(stack.declared, { os: 'debian:13' });
    for (const name of ['m2', 'm3', 'm1', 'w1']) {
      await stack.applyNode(new ProviderProcess(world), name);
    }
    // Every source of an engine that is no package of the distribution, by this computer's files.
    const files = mkdtempSync(join(tmpdir(), 'swarm-engine-'));
    for (const name of ['docker-ce', 'docker-ce-cli', 'containerd.io']) {
      writeFileSync(join(files, `${name}_28.5.2-1_amd64.deb`), '');
    }
    const path = join(files, 'docker-28.5.2.tgz');
    writeFileSync(path, 'dockerd 28.5.2');
    const sha256 = createHash('sha256').update('dockerd 28.5.2').digest('hex');
    for (const source of [
      { kind: 'packages', directory: files },
      { kind: 'static', path, sha256 },
      { kind: 'preinstalled' },
      { kind: 'static', path, sha256 },
    ]) {
      stack.declared = changed(stack.declared, { engine: { source } }, 'w1');
      await stack.applyNode(new ProviderProcess(world), 'w1');
    }
    for (const daemon of [{ mtu: 1400 }, { mtu: 1400, debug: true }]) {
      stack.declared = changed(stack.declared, { engine: { daemon } }, 'w1');
      await stack.applyNode(new ProviderProcess(world), 'w1');
    }
    stack.declared = changed(stack.declared, { engine: {} }, 'w1');
    await stack.applyNode(new ProviderProcess(world), 'w1');
    // In place, and put back.
    world.editMachine('test/w1', ({ engine, offered }) => {
      engine.brokenVersions.push('28.5.2');
      offered['docker.io'] = offered['docker-cli'] = ['28.5.2-1', '26.1.5+dfsg1-9+b9'];
    });
    const inPlace = { version: '28.5', upgrade: 'inPlace' };
    stack.declared = changed(stack.declared, { engine: inPlace }, 'w1');
    await assert.rejects(stack.applyNode(new ProviderProcess(world), 'w1'), {
      code: 'EngineUpgradeFailed',
    });
    stack.declared = changed(stack.declared, { engine: {} }, 'w1');
    await stack.applyNode(new ProviderProcess(world), 'w1');
    rmSync(files, { recursive: true });
    stack.declared = { ...stack.declared, swarm: { allowDestroy: true } };
    await stack.up(new ProviderProcess(world));
    for (const kind of ['LabMachine', 'Engine', 'Node', 'Balancer', 'VipMember']) {
      await stack.refresh(new ProviderProcess(world), kind, 'm1');
    }
    await stack.destroy(new ProviderProcess(world));
    rmSync(directory, { recursive: true });
    for (const program of [
      'cat',
      'dd',
      'tar',
      'apt-get',
      'apt-mark',
      'systemctl',
      'keepalived',
      'haproxy',
      'perl',
      'docker',
      'nsenter',
    ]) {
      assert.ok(
        world.noted.some(([name]) => name === program),
        `${program} was not used`,
      );
    }
    assertAllowed(world.noted);
  });

  const absent = ([program]: readonly string[]): { code: number; stderr: string } | undefined =>
    program === 'dpkg-query' ? { code: 1, stderr: 'no packages found matching' } : undefined;

  test('are enough for what only a fault brings', async () => {
    const noted: RootCommands = [];
    const broken = notingExec(noted, ([program, ...args]) => {
      if (program === 'dpkg' && args[0] === '--audit') return { stdout: 'half installed' };
      if (program === 'dpkg-query') return { stdout: 'installed 26.1.5+dfsg1-9+b11' };
      if (args.includes('install')) return { code: 100, stderr: 'Unable to locate package' };
      return program === 'systemctl' && args[0] === 'start' ? { code: 1 } : undefined;
    });
    const files = new HostFiles('h', broken);
    const apt = new Apt('h', broken, files, systemClock, () => Promise.resolve(1));
    await assert.rejects(apt.install({ 'docker.io': '26.1.5+dfsg1-9+b11', apparmor: undefined }));
    await assert.rejects(
      apt.installFiles([{ name: 'docker-ce', version: '28.5.2-1', path: __filename }]),
    );
    const fine = new Apt(
      ...(['h', notingExec(noted, absent), new HostFiles('h', notingExec(noted, absent))] as const),
      ...([systemClock, () => Promise.resolve(1)] as const),
    );
    await fine.fetch({ 'docker-ce': '5:28.5.2-1~debian.13~trixie', apparmor: undefined }, [
      ...['docker.io', 'containerd', 'runc'],
    ]);
    await fine.fetch({ iptables: undefined }, []);
    assert.ok(noted.some((argv) => argv.includes('--download-only')));
    await apt.downloadFile('http://m/x.tgz', '/var/cache/pulumi-swarm/engine.tgz', 'a'.repeat(64));
    await apt.addRepository({
      ...{ name: 'pulumi-swarm-docker', url: 'http://m', suite: 's', component: 'stable' },
      ...{ architecture: 'amd64', key: 'k' },
    });
    await apt.removeRepository('pulumi-swarm-docker');
    await apt.remove('docker-cli', 'docker.io', 'runc');
    await apt.hold(['docker.io', 'docker-cli']);
    await apt.unhold(['docker.io', 'docker-cli']);
    await assert.rejects(new Systemctl('h', broken).start('docker.service'));
    const seen = noted.map((argv) => argv.find((word) => /^[a-z]/.test(word) && word !== 'env'));
    for (const program of ['dpkg', 'journalctl']) assert.ok(seen.includes(program), program);
    assert.ok(noted.some((argv) => argv.at(-1) === 'update'));
    assertAllowed(noted);
  });

  test('are enough for a host with dnf', async () => {
    const noted: RootCommands = [];
    const exec = notingExec(noted, ([program, verb, ...args]) => {
      const said = args.at(-1) ?? '';
      if (program === 'cat') return { stdout: '[main]\nexcludepkgs=docker-ce\n' };
      if (program === 'ls') return { stdout: 'docker-ce-28.5.2-1.el9.x86_64.rpm\n' };
      if (program === 'sh' && args.includes('download')) return { stdout: '/tmp/tmp.a1B2c3\n' };
      if (program === 'rpm' && verb === '--query') {
        // One that was not sent, and comes from its repository.
        if (said.endsWith('/containerd.io.rpm')) return { code: 1 };
        if (args.includes('--package')) return { stdout: 'docker-ce 3:28.5.2-1.el9\n' };
        if (args.join().includes('DBINSTANCE')) {
          return { stdout: `1 1 ${said} 27.5.1-1.el9.x86_64\n1 2 ${said} 28.5.2-1.el9.x86_64\n` };
        }
        return { stdout: args.join().includes('SHA256') ? 'docker-ce 3:28.5.2-1.el9' : '3:27-1' };
      }
      const isInstall = program === 'dnf' && args.includes('docker-ce-3:28.5.2-1.el9');
      return isInstall ? { code: 1, stderr: 'Unable to find a match' } : undefined;
    });
    const dnf = new Dnf('h', exec, new HostFiles('h', exec), () => Promise.resolve(1));
    await dnf.available('docker-ce');
    await assert.rejects(dnf.install({ 'docker-ce': '3:28.5.2-1.el9', iptables: undefined }));
    await dnf.install({ 'docker-ce-cli': '1:28.5.2~rc.1-1.fc43', haproxy: undefined });
    await dnf.installFiles([{ name: 'docker-ce', version: '28.5.2-1.el9', path: __filename }]);
    const other = [{ name: 'docker-ce', version: '27.5.1-1.el9', path: __filename }];
    await assert.rejects(dnf.fetchFiles(other, []), { code: 'PackageFileUnfit' });
    const given = [{ name: 'docker-ce', version: '28.5.2-1.el9', path: __filename }];
    await dnf.fetchFiles(given, ['moby-engine']);
    await dnf.fetch({ 'docker-ce': '3:28.5.3-1.el9', 'containerd.io': undefined }, []);
    await dnf.fetch({ 'docker-ce-cli': '1:28.5.2-1.el9' }, ['moby-engine']);
    await dnf.keep(['docker-ce'], '/var/lib/pulumi-swarm/kept');
    await dnf.keep(['containerd.io', 'runc'], '/var/lib/pulumi-swarm/kept');
    await dnf.putBack('/var/lib/pulumi-swarm/kept');
    await dnf.downloadFile('http://m/x.tgz', '/var/cache/pulumi-swarm/engine.tgz', 'a'.repeat(64));
    await dnf.addRepository({
      ...{ name: 'pulumi-swarm-docker', url: 'http://m', suite: '9', component: 'stable' },
      ...{ architecture: 'amd64', key: 'k' },
    });
    await dnf.removeRepository('pulumi-swarm-docker');
    await dnf.remove('docker-ce', 'docker-ce-cli');
    await dnf.hold(['docker-ce', 'containerd.io']);
    for (const [program, word] of [
      ['dnf', 'repoquery'],
      ['dnf', 'makecache'],
      ['dnf', 'install'],
      ['dnf', 'reinstall'],
      ['dnf', '--downloadonly'],
      ['dnf', '--allowerasing'],
      ['mv', '/var/cache/pulumi-swarm/docker-ce.next.rpm'],
      ['rpm', '--allmatches'],
      ['rpm', '--nodeps'],
      ['cp', '-T'],
      ['dd', 'of=/etc/dnf/.dnf.conf.swarm-new'],
    ] as const) {
      assert.ok(
        noted.some((argv) => argv[0] === program && argv.includes(word)),
        `${program} ${word}`,
      );
    }
    assertAllowed([...noted, ['rpm', '--verify', '--', 'haproxy']]);
  });

  test('name the daemon where Docker’s packages have it, and where Debian’s do', () => {
    for (const directory of ['/usr/bin', '/usr/sbin']) {
      for (const option of ['--validate', '--version']) {
        const rule = `swarm ALL=(root) NOPASSWD: ${directory}/dockerd ^${option}`;
        assert.ok(documentedSudoers().includes(`\n${rule}`), rule);
      }
    }
  });

  for (const argv of [
    ['dnf', '-y', '--setopt=install_weak_deps=False', 'install', '--', 'openssh-server'],
    ['dnf', '-y', '--setopt=pluginpath=/tmp', 'install', '--', 'docker-ce'],
    ['rpm', '--erase', '--nodeps', '--', 'openssh-server'],
    ['cat', '--', '/etc/dnf/../shadow'],
    ['sh', '-c', 'id'],
    ['true', 'x'],
    ['cat', '--', '/etc/shadow'],
    ['cat', '--', '/etc/pulumi-swarm/../shadow'],
    ['cat', '--', '/etc/pulumi-swarm/node.json', '/etc/shadow'],
    ['dd', 'of=/etc/passwd', 'bs=1M', 'iflag=fullblock', 'conv=fsync', 'status=none'],
    ['mv', '-fT', '--', '/etc/pulumi-swarm/.node.json.swarm-new', '/etc/sudoers'],
    ['mv', '-fT', '--', '/etc/pulumi-swarm/.node.json.swarm-new', '/usr/sbin/policy-rc.d'],
    ['rm', '-f', '--', '/etc/passwd'],
    ['apt-get', 'install', '-o', 'DPkg::Pre-Invoke::=id', 'docker.io'],
    ['apt-mark', 'hold', 'linux-image-amd64'],
    ['systemctl', 'stop', '--', 'ssh.service'],
    ['systemctl', 'start', '--', 'docker.service', 'ssh.service'],
    ['journalctl', '--unit=ssh.service'],
    ['find', '/', '-exec', 'id', ';'],
    ['find', '/var/x', '-delete', '-mindepth', '1', '-print', '-quit'],
    ['docker', 'run', '-v', '/:/host', 'x'],
    ['perl', '-e', 'system(shift)', 'id'],
    ['haproxy', '-f', '/etc/haproxy/haproxy.cfg.candidate'],
    ['keepalived', '-t', '-f', '/etc/shadow'],
    ['perl', '-e', 'exec "id"'],
    ['perl', '/tmp/x.pl', 'eth0', '3'],
    ['tar', '--create', '--file=-', '--numeric-owner', '--directory=/', '--', 'root'],
    ['tar', '--extract', '--file=-', '--numeric-owner', '--same-permissions', '--directory=/'],
    ['rm', '--recursive', '--force', '--', '/var/lib/docker/swarm'],
    ['mv', '--no-target-directory', '--', '/var/lib/docker/swarm', '/srv'],
    ['nsenter', '--net=/var/run/docker/netns/ingress_sbox', '--', 'bash', '-c', 'id'],
    ['nsenter', '--target=1', '--all', '--setuid=65534', '--setgid=65534', '--', 'id'],
  ]) {
    test(`do not allow \`${argv.join(' ')}\``, () => {
      assert.equal(isAllowed(argv), false);
    });
  }
});
