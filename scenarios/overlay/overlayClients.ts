import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from '../../demo/project';
import { nodeVariable, webPort, webReference } from '../../demo/webImage';
import type { Host } from '../../effects/effects';
import { until } from '../until';
import { SyslogLines, clientTag, type OverlaySight } from './syslogLines';

const perl = '/usr/bin/perl';
const onNode = `${nodeVariable}={{.Node.Hostname}}`;

/** Whether the server listens: its name leads to a task from its first good check on. */
const isServing = `socket(my $socket, 2, 1, 6) or exit 1; connect($socket, pack('S n C4 x8', 2, ${String(webPort)}, 127, 0, 0, 1)) or exit 1`;

export interface OverlayClientsOptions {
  /** Address of this computer that engines reach. */
  readonly logAddress: string;
  /** Seconds between two requests of one client. */
  readonly intervalSeconds: number;
  /** On how many nodes there is one. */
  readonly nodes: number;
}

export interface OverlayClients {
  sight(): OverlaySight;
  stop(): Promise<OverlaySight>;
}

/**
 * A server and a client on every node, on an overlay network of their own: what the second procedure has, put
 * into the swarm by hand. What a client logs is sent out of its machine at once, since a machine that is
 * rebuilt keeps no logs.
 */
export async function startOverlayClients(
  manager: Host,
  { logAddress, intervalSeconds, nodes }: OverlayClientsOptions,
): Promise<OverlayClients> {
  const lines = await SyslogLines.listen(logAddress);
  try {
    const network = await create(manager, 'networks', {
      Name: 'overlay-clients',
      Driver: 'overlay',
    });
    const common = { Networks: [{ Target: network }] };
    await create(manager, 'services', {
      Name: 'server',
      TaskTemplate: {
        ...common,
        ContainerSpec: {
          Image: webReference,
          Env: [onNode],
          Healthcheck: {
            Test: ['CMD', perl, '-e', isServing],
            ...{ Interval: 1e9, Timeout: 5e9, Retries: 3 },
          },
        },
      },
      ...everywhere,
    });
    await create(manager, 'services', {
      Name: 'client',
      TaskTemplate: {
        ...common,
        ContainerSpec: {
          Image: webReference,
          Command: [
            perl,
            '-e',
            await readFile(join(repository, 'scenarios', 'overlay', 'client.pl'), 'utf8'),
          ],
          Env: [`INTERVAL=${String(intervalSeconds)}`, onNode],
        },
        LogDriver: {
          Name: 'syslog',
          Options: {
            'syslog-address': `tcp://${logAddress}:${String(lines.port)}`,
            tag: `${clientTag}/{{.ID}}`,
          },
        },
      },
      ...everywhere,
    });
    await until(() => {
      const { clients } = lines.sight();
      return Promise.resolve(
        clients >= nodes || `${String(clients)} of ${String(nodes)} clients have an answer`,
      );
    }, 90);
  } catch (error) {
    await lines.close();
    throw error;
  }
  return {
    sight: () => lines.sight(),
    stop: async () => {
      await lines.close();
      return lines.sight();
    },
  };
}

/** Without the kernel's IP_VS there are no virtual IPs of services. */
const everywhere = { Mode: { Global: {} }, EndpointSpec: { Mode: 'dnsrr' } };

/** As somebody does it past this package, which declares no networks; returns the ID. */
async function create(host: Host, kind: 'networks' | 'services', body: unknown): Promise<string> {
  const { code, stdout, stderr } = await host.run(
    [
      ...['curl', '--silent', '--show-error', '--unix-socket', '/var/run/docker.sock'],
      ...['--header', 'Content-Type: application/json', '--data-binary', '@-'],
      `http://docker/${kind}/create`,
    ],
    { stdin: JSON.stringify(body), timeoutSeconds: 60 },
  );
  const { Id, ID = Id } = (code === 0 ? JSON.parse(stdout) : {}) as { Id?: string; ID?: string };
  if (ID === undefined) throw new Error(`${host.description}: ${kind}: ${stdout}${stderr}`);
  return ID;
}
