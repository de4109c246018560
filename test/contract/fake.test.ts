import assert from 'node:assert/strict';
import { DockerApiError } from '../../effects/docker';
import { loginDigest } from '../support/fakeWorld/fakeImages';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import type { ContractHost, ContractHosts } from './contractHosts';
import { dockerApiContract } from './dockerApi.contract';
import type { TestLogin } from './serveImage';

dockerApiContract('Docker API of the fake world', setUp, () => Promise.resolve());

async function setUp(): Promise<ContractHosts> {
  const world = new FakeWorld();
  const effects = world.effects();
  const prepare = async (name: string, address: string, os: string): Promise<ContractHost> => {
    world.addHost({ name, address, os });
    const host = await effects.hosts.connect({ host: address });
    await host.packages.install({ 'docker.io': undefined });
    await host.systemd.start('docker.service');
    const setDataPath = (isOpen: boolean): Promise<void> => {
      world.editMachine(name, (machine) => (machine.blockedPorts = isOpen ? [] : [4789]));
      return Promise.resolve();
    };
    const setLargestPacket = (bytes: number): Promise<void> => {
      world.editMachine(name, (machine) => (machine.largestPacket = bytes));
      return Promise.resolve();
    };
    const compactLog = (): Promise<void> => {
      world.edit(({ swarms, machines }) => {
        const clusterId = machines[name]?.engine.membership?.clusterId;
        const swarm = swarms[clusterId ?? ''];
        assert.ok(swarm !== undefined);
        swarm.isLogCompacted = true;
      });
      return Promise.resolve();
    };
    const serveImage = (image: string, login: TestLogin): Promise<string> => {
      const server = '127.0.0.1:5000';
      const reference = `${server}/${image}`;
      const digest = loginDigest(login.username, login.password);
      world.edit(({ registries }) => (registries[server] = { images: [reference], login: digest }));
      return Promise.resolve(reference);
    };
    const takeNewerEngine = async (): Promise<void> => {
      world.editMachine(name, ({ installed }) => {
        installed['docker.io'] = '28.5.2+dfsg4-2';
      });
      await host.systemd.restart('docker.service');
    };
    /** What Docker's command makes of the engine's answer; there is none here. */
    const joinByHand: ContractHost['joinByHand'] = async (token, manager) => {
      const remoteAddress = `${manager}:2377`;
      try {
        await host.docker.swarmJoin({
          ...{ advertiseAddress: address, remoteAddress, token, availability: 'active' },
        });
        return { code: 0, stderr: '' };
      } catch (error) {
        assert.ok(error instanceof DockerApiError, String(error));
        return { code: 1, stderr: `Error response from daemon: ${error.message}\n` };
      }
    };
    const connection = { host: address };
    return {
      ...{ name, address, connection, host, docker: host.docker },
      ...{ setDataPath, setLargestPacket, compactLog, serveImage, takeNewerEngine, joinByHand },
    };
  };
  const [a, b, c] = await Promise.all([
    prepare('a', '10.92.0.11', 'debian:12'),
    prepare('b', '10.92.0.12', 'debian:13'),
    prepare('c', '10.92.0.13', 'debian:12'),
  ]);
  return { effects, a, b, c };
}
