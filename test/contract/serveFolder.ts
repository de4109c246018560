import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

export interface ServedFolder {
  readonly url: string;
  /** What is there at a path below `url`, in place of or beside what is served. */
  readonly files: Map<string, string>;
  close(): void;
}

/**
 * Serves files of a folder of this computer by HTTP.
 *
 * @param address - of this computer, as the machines see it.
 * @param prefix - what the paths begin with.
 */
export async function serveFolder(
  folder: string,
  { address, prefix }: { readonly address: string; readonly prefix: string },
  files = new Map<string, string>(),
): Promise<ServedFolder> {
  const server = createServer(({ url = '' }, response) => {
    const path = normalize(decodeURIComponent(url));
    const known = files.get(path);
    if (known !== undefined) {
      response.end(known);
      return;
    }
    const file = join(folder, path.replace(prefix, ''));
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() !== true) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': found.size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${String(port)}`,
    files,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
