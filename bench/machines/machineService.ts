import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorMessage } from '../../core/errors';
import type { Lab, LabMachineSpec } from '../../effects/lab';

/** Rebuilds machines at a request, as the interface of a cloud does. */
export interface MachineService {
  /** `POST <url>/NAME?os=debian:13` answers when the machine is there again, under its old address and host key. */
  readonly url: string;
  /** Ends when no machine is being rebuilt any more. */
  close(): Promise<void>;
}

/**
 * For this computer only, and for who was told its address.
 *
 * @param nodeImage what machines are made from. Default: the OS's own image.
 */
export async function startMachineService(
  lab: Lab,
  labName: string,
  nodeImage?: string,
): Promise<MachineService> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const underWay = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(`${path}/`) ? pathname.slice(path.length + 1) : undefined;
    const os = searchParams.get('os');
    if (request.method !== 'POST' || name === undefined || os === null) {
      response.writeHead(404).end();
      return;
    }
    const machine = { name, os, ...(nodeImage === undefined ? {} : { nodeImage }) };
    const rebuilt = rebuild(lab, labName, machine);
    underWay.add(rebuilt);
    rebuilt.then(
      () => {
        underWay.delete(rebuilt);
        response.writeHead(200, { 'content-type': 'text/plain' }).end('rebuilt\n');
      },
      (error: unknown) => {
        underWay.delete(rebuilt);
        response.writeHead(500).end(`${errorMessage(error)}\n`);
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}${path}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      await closed;
      // Who asked may be gone: the machine comes up all the same.
      await Promise.allSettled(underWay);
    },
  };
}

async function rebuild(
  lab: Lab,
  labName: string,
  machine: Pick<LabMachineSpec, 'name' | 'os' | 'nodeImage'>,
): Promise<void> {
  const { name } = machine;
  const [record, key] = [await lab.record(labName, name), await lab.hostKey(labName, name)];
  if (record === undefined || key === undefined) throw new Error(`there is no machine ${name}`);
  await lab.remove(labName, name, record.id);
  await lab.ensure(
    {
      ...{ id: `bench-${randomBytes(6).toString('hex')}`, lab: labName, ...machine },
      ...{ subnet: record.subnet, address: record.address, labels: record.labels },
      ...{ hostPrivateKey: key.privateKey, hostPublicKey: key.publicKey },
    },
    () => undefined,
  );
}
