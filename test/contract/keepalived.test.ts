import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { addressOf, isSameAddress } from '../../core/addresses';
import { SwarmError } from '../../core/errors';
import { keepalivedUnit } from '../../core/keepalived/keepalivedUnit';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { vrrpFiles } from '../../core/keepalived/vrrpFiles';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import type { Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { putConfiguration } from '../../provider/operations/vip/keepalivedHost';
import { refuseMissingCommands } from '../../provider/operations/vip/refuseMissingCommands';
import { refuseRouterIdClash } from '../../provider/operations/vip/refuseRouterIdClash';
import { putVrrpFiles, removeVrrpFiles } from '../../provider/operations/vip/vrrpFilesOnHost';
import { sshdSkip } from './localSshd';
import { eventually } from './waiting';

const lab = 'keepalivedtest';

/** In the place of the engine: these tests are of keepalived, and an engine takes longer to install. */
const engine = '[Service]\nExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=1\n';

/** Longer than the check waits, until 6 s after the file was made. */
const slowAtFirst = `#!/bin/sh
age=$(( $(date +%s) - $(stat -c %Y /run/boot) ))
[ $age -lt 6 ] && exec sleep 20
echo active
`;

/** Every form that goes over the network in another way, or runs something else. */
const forms: Readonly<Record<string, Partial<VrrpSpec>>> = {
  'what is left out has its default': {},
  'IPv4 and IPv6 at once, with checks': {
    addresses: ['fd97::100/64', '10.97.0.100/24', '10.97.0.101/24'],
    checks: [{ tcp: 22 }, { command: ['/usr/bin/test', '-e', '/etc/hostname'], fall: 3 }],
  },
  'IPv6 alone': { addresses: ['fd97::100/64'] },
  'version 2 with a password': { version: 2, password: 'a1_.:+=-', advertisementSeconds: 1 },
  'unicast, without the node': { peers: ['10.97.0.19'], trackNode: false },
};

describe('keepalived of Debian 12 and 13', { skip: sshdSkip, timeout: 180_000 }, () => {
  const effects = realEffects();
  const systems = { 'debian:12': 'k12', 'debian:13': 'k13' } as const;
  const addressesOf = { k12: '10.97.0.12', k13: '10.97.0.13' } as const;
  const hosts = new Map<string, Host>();

  const removeMachines = async (): Promise<void> => {
    for (const record of await effects.lab.records(lab)) {
      await effects.lab.remove(lab, record.name, record.id);
    }
  };
  const hostOf = (name: string): Host => {
    const host = hosts.get(name);
    assert.ok(host !== undefined);
    return host;
  };
  const specOf = (name: keyof typeof addressesOf, more: Partial<VrrpSpec>): VrrpSpec => ({
    name: 'vip',
    addresses: ['10.97.0.100/24'],
    interface: 'eth0',
    sourceAddress: addressesOf[name],
    routerId: name === 'k12' ? 12 : 13,
    priority: 200,
    advertisementSeconds: 0.2,
    ...more,
  });
  const put = async (name: string, spec: VrrpSpec): Promise<void> => {
    const host = hostOf(name);
    await putVrrpFiles(host, vrrpFiles(spec));
    await host.systemd.enable(keepalivedUnit);
    await putConfiguration(host, name, renderKeepalived(spec, { id: name, urn: `urn:${name}` }));
    await removeVrrpFiles(host, vrrpFiles(spec));
    await host.systemd.start('keepalived.service');
  };
  const holds = (name: string, spec: VrrpSpec): Promise<void> =>
    eventually(effects.clock, 20, `${name} holds ${spec.addresses.join(', ')}`, async () => {
      const own = await hostOf(name).network.addresses();
      const missing = spec.addresses.filter(
        (vip) => !own.some(({ address }) => isSameAddress(address, addressOf(vip))),
      );
      assert.deepEqual(missing, []);
      return undefined;
    });

  before(async () => {
    assert.deepEqual(await effects.lab.missing(), []);
    await removeMachines();
    await Promise.all(
      Object.entries(systems).map(async ([os, name]) => {
        const key = generateSshKeyPair('test');
        await effects.lab.ensure(
          {
            ...{ id: name, lab, subnet: '10.97.0.0/24', name, os, address: addressesOf[name] },
            ...{ hostPrivateKey: key.privateKey, hostPublicKey: key.publicKey, labels: {} },
          },
          () => undefined,
        );
        const host = await effects.hosts.connect({ lab, machine: name });
        hosts.set(name, host);
        await host.packages.install({ keepalived: undefined });
        await host.files.write('/etc/systemd/system/docker.service', engine);
        await host.systemd.daemonReload();
        await host.systemd.start('docker.service');
        const own = `fd97::${name.slice(1)}/64`;
        await host.run(['ip', 'address', 'add', own, 'dev', 'eth0', 'nodad']);
      }),
    );
  });

  after(async () => {
    await effects.hosts.close();
    await removeMachines();
  });

  /** One network: two machines must not hold the same address. */
  const apart = (name: string, addresses: readonly string[]): readonly string[] =>
    name === 'k12'
      ? addresses
      : addresses.map((one) => one.replace('100/', '110/').replace('101/', '111/'));

  describe('side by side', { concurrency: true }, () => {
    for (const name of ['k12', 'k13'] as const) {
      describe(name, { concurrency: 1 }, () => {
        for (const [what, more] of Object.entries(forms)) {
          it(`${what}: it passes the test, and the addresses come`, async () => {
            const addresses = apart(name, more.addresses ?? ['10.97.0.100/24']);
            const spec = specOf(name, { ...more, addresses });
            await put(name, spec);
            await holds(name, spec);
          });
        }

        it('the addresses leave when engine or keepalived is killed, and come back; the command is told', async () => {
          const host = hostOf(name);
          const spec = specOf(name, {
            addresses: apart(name, ['10.97.0.100/24']),
            notify: ['/usr/bin/touch', '/run/notified'],
          });
          await put(name, spec);
          await holds(name, spec);
          for (const unit of ['docker.service', 'keepalived.service']) {
            await host.run(['systemctl', 'kill', '--signal=KILL', unit]);
            await eventually(effects.clock, 5, `${name} gives it up`, async () => {
              const own = await host.network.addresses();
              const vip = addressOf(spec.addresses[0] ?? '');
              return own.some(({ address }) => isSameAddress(address, vip)) ? 'held' : undefined;
            });
            await holds(name, spec);
          }
          assert.equal((await host.run(['test', '-e', '/run/notified'])).code, 0);
        });

        it('the addresses come when the engine is late and answers slowly at first, as after a boot', async () => {
          const host = hostOf(name);
          const spec = specOf(name, { addresses: apart(name, ['10.97.0.100/24']) });
          await host.systemd.stop('keepalived.service');
          await host.systemd.stop('docker.service');
          await host.files.write('/usr/local/bin/docker', slowAtFirst, { mode: 0o755 });
          await host.files.write('/run/boot', '');
          await put(name, spec);
          await eventually(effects.clock, 10, 'the engine was missed', async () => {
            const log = ['journalctl', '--unit=keepalived', '--since=-10s', '--no-pager'];
            const { stdout } = await host.run(log);
            return /Script\(engine\) failed/.test(stdout) ? undefined : 'not yet';
          });
          await host.systemd.start('docker.service');
          await holds(name, spec);
          // Whoever is slow for longer is noticed all the same.
          await host.files.write('/usr/local/bin/docker', '#!/bin/sh\nexit 1\n', { mode: 0o755 });
          await eventually(effects.clock, 30, `${name} gives it up`, async () => {
            const own = await host.network.addresses();
            const vip = addressOf(spec.addresses[0] ?? '');
            return own.some(({ address }) => isSameAddress(address, vip)) ? 'held' : undefined;
          });
          await host.files.remove('/usr/local/bin/docker');
          await holds(name, spec);
        });

        it('what is refused is not put in place, and the password is not shown', async () => {
          const host = hostOf(name);
          const spec = specOf(name, {
            addresses: apart(name, ['10.97.0.100/24']),
            ...{ version: 2, password: 'Qx7', advertisementSeconds: 1 },
          });
          await put(name, spec);
          const text = renderKeepalived(spec, { id: name, urn: `urn:${name}` });
          const broken = text.replace(/^ {8}auth_pass .*$/m, '$&\n        Qx7 Qx7');
          await assert.rejects(putConfiguration(host, name, broken), (error) => {
            assert.ok(error instanceof SwarmError && error.code === 'KeepalivedRefuses');
            assert.doesNotMatch(error.message, /Qx7/);
            return true;
          });
          assert.equal(await host.files.read('/etc/keepalived/keepalived.conf'), text);
          const check = { ...spec, checks: [{ command: ['/opt/none'] }] };
          await assert.rejects(refuseMissingCommands(host, name, check), {
            code: 'VipCommandMissing',
          });
        });
      });
    }
  });

  for (const addresses of [['10.97.0.99/24'], ['fd97::99/64']]) {
    it(`a router ID in use for ${addresses.join()} is heard`, async () => {
      const theirs = specOf('k12', { addresses });
      await put('k12', theirs);
      await holds('k12', theirs);
      const ours = specOf('k13', {
        addresses: addresses.map((one) => one.replace('99/', '88/')),
        routerId: theirs.routerId,
      });
      await assert.rejects(refuseRouterIdClash(hostOf('k13'), 'k13', ours, ['10.97.0.13']), {
        code: 'RouterIdTaken',
        message: /advertises router ID 12 as well/,
      });
    });
  }
});
