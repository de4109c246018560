import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SshConnection } from '../../core/connection';
import { steps } from '../../core/steps';
import { exitZeroProgram } from '../../effects/archive/exitZeroProgram';
import { buildImageArchive } from '../../effects/archive/imageArchive';
import { defaultDirectories, labPaths } from '../../effects/labMachines/layout';
import type { Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { PulumiProject } from '../../scenarios/pulumi/pulumiProject';
import { formsOf } from '../../scenarios/secretForms';
import { buildPauseImage, pauseReference } from '../contract/pauseImage';
import { dumpedByPulumi, plainText } from '../preview/cluster/secrets';
import { LoggedPulumi } from './secrets/loggedPulumi';
import { buildHost, hostsLab, newHost, newLogin, type OwnHost } from './secrets/ownHosts';
import { histories, labPlaces, machinePlaces, openTo, ownPlaces } from './secrets/places';
import { ProcessWatch } from './secrets/processWatch';
import { searchLines, searchText, searchTrees, secretsIn } from './secrets/search';
import { keySecrets, tokenSecrets, type Secret } from './secrets/secret';
import { secondsBetween, stages } from './support/stages';
import { reasonToSkip, takeDown, testLabs } from './support/testLab';

const prefix = 'swarm-secrets-';
const machines = ['m1', 'w1', 'l1'];

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

/**
 * Two clusters through their whole lives: one of somebody's own hosts, reached as a user with the sudoers
 * rules of docs/security.md, and one of a lab machine, whose host key is made by the program.
 */
function suite(): void {
  describe('secrets, on real machines', () => {
    const effects = realEffects();
    let own: string;
    let watch: ProcessWatch;

    const cleanUp = async (): Promise<void> => {
      await takeDown(hostsLab);
      PulumiProject.removeAll(prefix);
    };
    before(async () => {
      await cleanUp();
      own = mkdtempSync(join(tmpdir(), `${prefix}own-`));
      watch = new ProcessWatch();
    });
    after(async () => {
      watch.stop();
      await effects.hosts.close();
      await cleanUp();
    });

    test('a whole life leaves no secret anywhere but in its own place', async (t) => {
      const stage = stages(t);
      const login = newLogin();
      const [m1, w1] = [newHost('m1', '10.99.0.11'), newHost('w1', '10.99.0.21')] as const;
      const keyFile = join(own, 'id_ed25519');
      writeFileSync(keyFile, login.privateKey, { mode: 0o600 });
      const statePassphrase = randomBytes(15).toString('base64');
      const secrets: Secret[] = [
        { name: 'password of the login user', value: login.password },
        { name: 'passphrase of its key', value: login.passphrase },
        { name: 'passphrase of the state', value: statePassphrase },
        ...keySecrets('key of the login user', login.privateKey),
        ...[m1, w1].flatMap(({ name, key }) => keySecrets(`host key of ${name}`, key.privateKey)),
      ];
      const registryPassword = randomBytes(15).toString('base64');
      secrets.push({ name: 'password of a registry', value: registryPassword });
      const pause = join(own, 'pause.tar');
      await buildPauseImage(pause);
      const pauseImage = { reference: pauseReference, path: pause, sha256: sha256Of(pause) };
      const image = await buildImageArchive(
        {
          reference: 'secrets-test:1',
          architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
          files: [{ path: '/x', content: exitZeroProgram('amd64'), mode: 0o755 }],
          command: ['/x'],
        },
        join(own, 'image.tar'),
      );
      const { path, sha256 } = image;
      const secretsImage = { reference: 'secrets-test:1', path, sha256 };
      const project = (
        stack: string,
        configuration: Readonly<Record<string, unknown>>,
      ): LoggedPulumi =>
        new LoggedPulumi(prefix, stack, configuration, statePassphrase, join(own, 'passphrase'));
      const hosts = project('hosts', {
        connection: { user: login.user },
        managers: [
          { ...named(m1), connection: { hostKey: m1.key.publicKey, privateKeyFile: keyFile } },
        ],
        workers: [
          {
            ...named(w1),
            connection: { hostKey: w1.key.publicKey },
            engine: { images: [secretsImage, pauseImage] },
          },
        ],
        vip: { addresses: ['10.99.0.100/24'], routerId: 99 },
        engine: {
          source: { kind: 'distribution' },
          images: [secretsImage, pauseImage],
        },
        registries: [{ server: 'registry.invalid', username: 'robot' }],
        standIn: true,
        services: [{ name: 'pause', image: pauseReference, global: true, endpointMode: 'dnsrr' }],
        allowDestroy: true,
      });
      const machine = project('machine', {
        lab: { name: hostsLab, subnet: testLabs[hostsLab] },
        os: 'debian:12',
        managers: [{ name: 'l1', address: '10.99.0.31' }],
        autolock: true,
        allowDestroy: true,
      });
      const stacks = [hosts, machine];
      const root = (name: string): Promise<Host> =>
        effects.hosts.connect({ lab: hostsLab, machine: name });

      await stage(
        'with the rules of docs/security.md the login user may do what they say, and nothing else',
        async () => {
          await Promise.all([
            buildHost(effects, m1, 'debian:12', login),
            buildHost(effects, w1, 'debian:13', login),
          ]);
          const byKey: Partial<SshConnection> = {
            privateKeyFile: keyFile,
            privateKeyPassword: login.passphrase,
          };
          for (const [host, way] of [
            [m1, byKey],
            [w1, { password: login.password }],
          ] as const) {
            const limited = await effects.hosts.connect({
              host: host.address,
              user: login.user,
              hostKey: host.key.publicKey,
              ...way,
            });
            for (const forbidden of [
              () => limited.run(['id']),
              () => limited.files.read('/etc/shadow'),
              () => limited.files.write('/etc/sudoers.d/swarm', ''),
              () => limited.systemd.stop('ssh.service'),
            ]) {
              await assert.rejects(forbidden(), { code: 'HostNotPrivileged' });
            }
          }
        },
      );

      await stage('they are enough for `pulumi up`, with the log of `-v=9`', async (see) => {
        for (const stack of stacks) await stack.runOrFail(['stack', 'init', stack.stack]);
        for (const [path, input] of [
          ['managers[0].connection.privateKeyPassword', login.passphrase],
          ['workers[0].connection.password', login.password],
          ['registries[0].password', registryPassword],
        ] as const) {
          await hosts.runOrFail(['config', 'set', '--secret', '--path', path], { input });
        }
        await Promise.all(stacks.map((stack) => stack.runOrFail(['up'])));
        for (const name of ['m1', 'l1']) {
          const { docker } = await root(name);
          for (const role of ['manager', 'worker'] as const) {
            const token = await docker.joinToken(role);
            secrets.push(...tokenSecrets(`join token of ${name} for a ${role}`, token));
          }
        }
        const shown = await machine.runOrFail(['stack', 'export', '--show-secrets'], {
          isQuiet: true,
        });
        secrets.push(...keySecrets('host key of l1', hostIdentityOf(shown)));
        const unlockKey = (await (await root('l1')).docker.unlockKey()) ?? '';
        assert.match(unlockKey, /^SWMKEY-1-.{20,}$/);
        secrets.push(
          { name: 'unlock key', value: unlockKey },
          { name: 'unlock key', value: unlockKey.replace('SWMKEY-1-', '') },
        );
        see(`${secrets.length} values to look for`);
      });

      await stage(
        'a kernel without IP_VS is said to this user, of what would need it',
        async () => {
          const compose = `
services:
  meshed: { image: "secrets-test:1", ports: ["8091:80"] }
  named: { image: "secrets-test:1", deploy: { endpoint_mode: dnsrr } }
`;
          const file = hosts.path('compose.yml');
          writeFileSync(file, compose);
          const path = (key: string): readonly string[] => ['config', 'set', '--path', key];
          await hosts.runOrFail([...path('stacks[0].name'), 'app']);
          await hosts.runOrFail([...path('stacks[0].files[0]'), file]);
          const stdout = await hosts.runOrFail(['preview']);
          const hasIpvs = await (await root('m1')).network.hasIpvs();
          const says = /the kernel of m1 has no IP_VS: .*; meshed would not answer/.test(stdout);
          assert.deepEqual([hasIpvs, says], hasIpvs === false ? [false, true] : [true, false]);
          await hosts.runOrFail(['config', 'rm', 'stacks']);
        },
      );

      await stage('a run fails with a node out of the swarm; rebuilt, it comes back', async () => {
        await hosts.runOrFail(['config', 'set', '--path', 'workers[0].os', 'debian:12']);
        await hosts.runOrFail(['config', 'rm', '--path', 'workers[0].engine.images[1]']);
        const { code, stdout } = await hosts.run(['up']);
        assert.notEqual(code, 0);
        assert.match(stdout, /the host runs debian:13, and debian:12 is declared/);
        await buildHost(effects, w1, 'debian:12', login);
        await hosts.runOrFail(['up']);
        const journal = readFileSync(hosts.path('journal.jsonl'), 'utf8');
        assert.ok(journal.includes(steps.provideImages('w1')), 'copied as this user');
        const { docker } = await root('w1');
        assert.equal((await docker.image(pauseReference))?.isFromRegistry, false);
      });

      await stage('the only manager goes and comes back, and the worker stands in', async (see) => {
        const option = ['--path', 'managers[0].engine.daemon.log-driver', 'local'];
        await hosts.runOrFail(['config', 'set', ...option]);
        const began = performance.now();
        await hosts.runOrFail(['up']);
        see(`pulumi up: ${secondsBetween(began, performance.now())} s`);
        const journal = readFileSync(hosts.path('journal.jsonl'), 'utf8');
        for (const step of [steps.standIn('w1', 'm1'), steps.demote('m1'), steps.leave('m1')]) {
          assert.ok(journal.includes(step), step);
        }
        const { docker } = await root('m1');
        const nodes = (await docker.nodes()).map(({ hostname, managerStatus, availability }) => [
          ...[hostname, managerStatus !== undefined, availability],
        ]);
        assert.deepEqual(nodes.sort(), [
          ['m1', true, 'active'],
          ['w1', false, 'active'],
        ]);
      });

      await stage('files on hosts and here are their owner’s alone', async () => {
        for (const name of ['m1', 'w1']) {
          const host = await root(name);
          const found = await host.run(['find', ...ourFiles, '-printf', '%m %u %p\n']);
          const lines = found.stdout.trim().split('\n').sort();
          const options = name === 'm1' ? ['daemon'] : [];
          const expected = [...options, 'engine', 'host', 'images', 'node', 'source'].map(
            (file) => `600 root /etc/pulumi-swarm/${file}.json`,
          );
          const keepalived = [
            '600 root /etc/keepalived/keepalived.conf',
            '700 root /etc/keepalived/swarm-answers.sh',
            '700 root /etc/keepalived/swarm-engine.sh',
            '700 root /etc/keepalived/swarm-node.sh',
          ];
          assert.deepEqual(
            lines.filter(
              (line) => !/ \/(etc|run)\/(pulumi-swarm|keepalived)$|\.sample$/.test(line),
            ),
            [...expected, ...(name === 'm1' ? keepalived : [])].sort(),
          );
          assert.ok(
            lines.every((line) => /^(600|700|755) root |\.sample$/.test(line)),
            lines.join('\n'),
          );
          assert.equal(await host.files.read('/usr/sbin/policy-rc.d'), undefined);
          const open = await host.run([
            ...['find', '/', '-xdev', '-perm', '-0002', '!', '-perm', '-1000'],
            ...['(', '-type', 'f', '-o', '-type', 'd', ')', '-print'],
          ]);
          assert.equal(open.stdout, '', 'writable by everybody');
        }
        const { directory, clientKey } = labPaths(defaultDirectories, hostsLab);
        assert.deepEqual(
          [defaultDirectories.state, directory, '/run/swarm-lab', '/run/lock/swarm-lab'].map(
            (path) => [path, mode(path)],
          ),
          [defaultDirectories.state, directory, '/run/swarm-lab', '/run/lock/swarm-lab'].map(
            (path) => [path, '700'],
          ),
        );
        assert.equal(mode(clientKey), '600');
        for (const stack of stacks) {
          assert.equal(mode(stack.path('journal.jsonl')), '600');
          assert.deepEqual(openTo(stack.path('tmp'), 0o002), []);
        }
      });

      const trees = (): readonly string[] => [
        ...machines.flatMap((name) => machinePlaces(hostsLab, name)),
        ...labPlaces(hostsLab),
        ...histories(),
        ...stacks.flatMap((stack) =>
          ['backend', 'home', 'tmp', 'stacks', 'journal.jsonl'].map((name) => stack.path(name)),
        ),
      ];
      const places = ownPlaces(hostsLab, machines);

      await stage('a planted value is found in every form and in every kind of place', async () => {
        const planted = { name: 'planted', value: `${randomBytes(18).toString('base64')}+"/` };
        for (const form of formsOf(planted.value)) {
          assert.deepEqual(secretsIn(`before ${form} after`, [planted]), ['planted']);
        }
        for (const before of ['', 'a', 'ab', 'abc']) {
          const within = Buffer.from(`${before}${planted.value}and more`).toString('base64');
          assert.deepEqual(secretsIn(within, [planted]), ['planted']);
        }
        const m1Root = await root('m1');
        const hidden = Buffer.from(`x${planted.value}`).toString('base64');
        await m1Root.files.write('/var/tmp/planted', hidden);
        await m1Root.files.write('/run/planted', `${'\0'.repeat(9)}${planted.value}`);
        writeFileSync(hosts.path('tmp/planted'), encodeURIComponent(planted.value));
        const found = searchTrees(trees(), [planted]).map(({ place }) => place.replace(/.*\//, ''));
        assert.deepEqual(found, ['planted', 'planted', 'planted']);
        for (const path of ['/var/tmp/planted', '/run/planted']) await m1Root.files.remove(path);
        rmSync(hosts.path('tmp/planted'));

        const log = hosts.path('logs/planted.log');
        appendFileSync(log, `{"msg":"none"}\n{"msg":${JSON.stringify(planted.value)}}\n`);
        assert.equal((await searchLines(log, [planted])).length, 1);

        const other = {
          name: 'planted in the environment',
          value: randomBytes(12).toString('hex'),
        };
        const child = spawn('sh', ['-c', 'read -r line', planted.value], {
          stdio: ['pipe', 'ignore', 'ignore'],
          env: { PLANTED: other.value },
        });
        await new Promise((resolve) => child.once('spawn', resolve));
        watch.look();
        child.stdin.end();
        const seen = watch.search([planted, other]).map(({ secret }) => secret);
        assert.deepEqual([...new Set(seen)].sort(), ['planted', 'planted in the environment']);
      });

      await stage(
        'nothing is on a disk or in memory of the hosts, or in files here',
        async (see) => {
          for (const name of machines) {
            // The journal compresses long lines: it is written out, and searched with all the rest.
            const host = await root(name);
            const written = await host.run(['sh', '-c', 'journalctl -o export > /var/tmp/journal']);
            assert.equal(written.code, 0, written.stderr);
            const lines = await host.run(['grep', '-c', '^MESSAGE', '/var/tmp/journal']);
            assert.ok(Number(lines.stdout) > 100, `${name}: a journal of ${lines.stdout} lines`);
          }
          const began = performance.now();
          assert.deepEqual(
            searchTrees(trees(), secrets, { unless: (file) => places.has(file) }),
            [],
          );
          const inPlace = searchTrees([...places], secrets);
          assert.ok(inPlace.length >= 2 * machines.length, 'each is in its own place');
          see(`searched in ${Math.round(performance.now() - began)} ms`);
        },
      );

      await stage('`pulumi destroy`, with the log of `-v=9`', async () => {
        await Promise.all(stacks.map((stack) => stack.runOrFail(['destroy'])));
      });

      await stage(
        'no process had one in its command line, or in its environment but Pulumi’s program',
        (see) => {
          watch.stop();
          const found = watch.search(secrets).map(({ secret, place }) => `${secret}: ${place}`);
          // Pulumi gives a program its configuration, secret values too: see docs/security.md.
          assert.deepEqual([...new Set(found.filter((one) => !byPulumi.test(one)))], []);
          assert.equal(new Set(found.map((one) => one.split(':')[0])).size, 3, found.join('\n'));
          const { looks, commandLines } = watch.extent;
          see(`${looks} looks, ${commandLines} command lines`);
          return Promise.resolve();
        },
      );

      await stage(
        'what is printed and logged holds one only where Pulumi dumps properties',
        async (see) => {
          const leaked = new Set<string>();
          const others = new Set<string>();
          for (const log of stacks.flatMap((stack) => stack.logs)) {
            for (const { line, secrets: names } of await searchLines(log, secrets)) {
              names.forEach((name) => leaked.add(name));
              const message = plainText(line);
              // Its beginning is enough to tell whose it is, and holds no value.
              if (!dumpedByPulumi.test(message)) others.add(message.slice(0, 60));
            }
          }
          assert.deepEqual([...others], [], 'lines that are no dump of Pulumi’s');
          // What passes through Pulumi as a property, and nothing else: see docs/security.md.
          assert.deepEqual(
            [...new Set([...leaked].map((name) => name.replace(/, line \d+$/, '')))].sort(),
            [
              ...['host key of l1', 'passphrase of its key', 'password of a registry'],
              ...['password of the login user', 'unlock key'],
            ],
          );
          for (const stack of stacks) {
            const journal = readFileSync(stack.path('journal.jsonl'), 'utf8');
            assert.deepEqual(searchText('journal', journal, secrets), []);
            assert.ok(journal.split('\n').length > 10);
          }
          see(`${stacks.flatMap((stack) => stack.logs).length} logs`);
        },
      );
    });
  });
}

/** How a program is handed its configuration by Pulumi's language host: only values of the configuration. */
const byPulumi =
  /^pass(?:phrase of its key|word of the login user|word of a registry): variable PULUMI_CONFIG of \S*node \S*\/@pulumi\/pulumi\/cmd\/run\//;

/** Where this package writes on a host. */
const ourFiles = ['/etc/pulumi-swarm', '/etc/keepalived', '/run/pulumi-swarm'];

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function named({ name, address }: OwnHost): { readonly name: string; readonly address: string } {
  return { name, address };
}

function mode(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

function hostIdentityOf(exported: string): string {
  const { deployment } = JSON.parse(exported) as {
    deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
  };
  const identity = deployment.resources.find(({ type }) => type === 'swarm:index:HostIdentity');
  const sealed = identity?.outputs?.['privateKey'] as { plaintext?: string } | undefined;
  return JSON.parse(sealed?.plaintext ?? '""') as string;
}
