import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Effects, Host } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { balancerContract } from './balancer.contract';
import type { BalancerHosts } from './balancer.contract';

const lab = 'balance';
const subnet = '10.100.0.0/24';
let effects: Effects = realEffects();

/** Why this computer runs no lab; CI must not pass without it. */
async function findObstacle(): Promise<string | undefined> {
  if (process.env['CI'] === 'true') return undefined;
  const missing = await effects.lab.missing();
  return missing.length === 0 ? undefined : missing.join('; ');
}

void findObstacle().then((obstacle) => {
  if (obstacle !== undefined) {
    test(`HAProxy on real machines: skipped: ${obstacle}`, { skip: obstacle });
    return;
  }
  const machines = { 'debian:12': '10.100.0.11', 'debian:13': '10.100.0.12' } as const;
  balancerContract('HAProxy of Debian 12 (2.6)', () => setUp(machines, 'debian:12'), tearDown);
  balancerContract('HAProxy of Debian 13 (3.0)', () => setUp(machines, 'debian:13'), tearDown);
});

/** HAProxy runs on the machine of `os`; the other one is its server. */
async function setUp(
  machines: Readonly<Record<string, string>>,
  os: string,
): Promise<BalancerHosts> {
  effects = realEffects();
  // A run that was killed leaves its machines behind.
  await removeMachines();
  try {
    const made = await Promise.all(
      Object.entries(machines).map(async ([each, address]) => ({
        os: each,
        address,
        host: await machine(each, address),
      })),
    );
    const a = made.find((one) => one.os === os);
    const b = made.find((one) => one.os !== os);
    if (a === undefined || b === undefined) throw new Error(`no machine of ${os}`);
    const freeAddress = '10.100.0.99';
    return {
      clock: effects.clock,
      a,
      b,
      freeAddress,
      serve: (port, on) => serve(b.host, port, on),
    };
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function machine(os: string, address: string): Promise<Host> {
  const name = os.replace(':', '');
  const key = generateSshKeyPair('test');
  const spec = {
    ...{ id: randomUUID(), lab, subnet, name, os, address, labels: {} },
    hostPrivateKey: key.privateKey,
    hostPublicKey: key.publicKey,
  };
  await effects.lab.ensure(spec, () => undefined);
  return effects.hosts.connect({ lab, machine: name });
}

const listener = `my $s = IO::Socket::INET->new(LocalPort => shift, Listen => 9, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { close $c }`;

async function serve(host: Host, port: number, isOn: boolean): Promise<void> {
  const unit = 'contract-listener.service';
  if (!isOn) {
    await host.systemd.stop(unit);
    return;
  }
  const perl = ['perl', '-MIO::Socket::INET', '-e', listener, String(port)];
  const { code, stderr } = await host.run(['systemd-run', `--unit=${unit}`, '--', ...perl]);
  if (code !== 0) throw new Error(`systemd-run: ${stderr}`);
}

async function tearDown(): Promise<void> {
  await effects.hosts.close();
  await removeMachines();
}

async function removeMachines(): Promise<void> {
  const records = await effects.lab.records(lab);
  await Promise.all(records.map(({ name, id }) => effects.lab.remove(lab, name, id)));
}
