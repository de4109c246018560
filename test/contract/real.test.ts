import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Effects } from '../../effects/effects';
import { realEffects } from '../../effects/realEffects';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { joinByHand } from '../../scenarios/joinByHand';
import { compactLog } from './compactLog';
import type { ContractHost, ContractHosts } from './contractHosts';
import { dockerApiContract } from './dockerApi.contract';
import { serveImage } from './serveImage';
import { takeNewerEngine } from './takeNewerEngine';

const lab = 'contract';
const subnet = '10.92.0.0/24';
/** Two releases of the engine in one swarm, as in the middle of a roll: old leader, new follower and the other way round. */
const machines = [
  { name: 'ca', address: '10.92.0.11', os: 'debian:12' },
  { name: 'cb', address: '10.92.0.12', os: 'debian:13' },
  { name: 'cc', address: '10.92.0.13', os: 'debian:12' },
] as const;

const effects: Effects = realEffects();

/** Why this computer runs no lab; CI must not pass without it. */
async function findObstacle(): Promise<string | undefined> {
  if (process.env['CI'] === 'true') return undefined;
  const missing = await effects.lab.missing();
  return missing.length === 0 ? undefined : missing.join('; ');
}

void findObstacle().then((obstacle) => {
  if (obstacle === undefined) {
    dockerApiContract('Docker API of real engines (20.10.24 and 26.1.5)', setUp, tearDown);
  } else {
    test(`Docker API of real engines: skipped: ${obstacle}`, { skip: obstacle });
  }
});

async function setUp(): Promise<ContractHosts> {
  // A run that was killed leaves its machines behind.
  await removeMachines();
  try {
    const [a, b, c] = await Promise.all([
      prepare(machines[0]),
      prepare(machines[1]),
      prepare(machines[2]),
    ]);
    return { effects, a, b, c };
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function tearDown(): Promise<void> {
  await effects.hosts.close();
  await removeMachines();
}

async function removeMachines(): Promise<void> {
  const records = await effects.lab.records(lab);
  await Promise.all(records.map(({ name, id }) => effects.lab.remove(lab, name, id)));
}

async function prepare(machine: (typeof machines)[number]): Promise<ContractHost> {
  const { name, address, os } = machine;
  const key = generateSshKeyPair('test');
  const spec = {
    id: randomUUID(),
    lab,
    subnet,
    name,
    os,
    address,
    hostPrivateKey: key.privateKey,
    hostPublicKey: key.publicKey,
    labels: {},
  };
  await effects.lab.ensure(spec, () => undefined);
  const host = await effects.hosts.connect({ lab, machine: name });
  await host.packages.install({ 'docker.io': undefined });
  await host.systemd.start('docker.service');
  const setDataPath = async (isOpen: boolean): Promise<void> => {
    const rule = ['INPUT', '-p', 'udp', '--dport', '4789', '-j', 'DROP'];
    const { code, stderr } = await host.run(['iptables', isOpen ? '-D' : '-I', ...rule]);
    if (code !== 0) throw new Error(`${name}: iptables: ${stderr}`);
  };
  const setLargestPacket = async (bytes: number): Promise<void> => {
    const { code, stderr } = await host.run([
      'ip',
      'link',
      'set',
      'dev',
      'eth0',
      'mtu',
      `${bytes}`,
    ]);
    if (code !== 0) throw new Error(`${name}: ip: ${stderr}`);
  };
  return {
    ...{ name, address, connection: { lab, machine: name }, host, docker: host.docker },
    setDataPath,
    setLargestPacket,
    compactLog: () => compactLog(host),
    serveImage: (image, login) => serveImage(host, image, login),
    takeNewerEngine: () => takeNewerEngine(host),
    joinByHand: (token, manager) => joinByHand(host, token, manager),
  };
}
