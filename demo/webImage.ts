import { join } from 'node:path';
import { buildImageArchive } from '../effects/archive/imageArchive';
import { staticBusybox } from './staticBusybox';

export interface WebImage {
  /** The archive, as `docker load` takes it. */
  readonly path: string;
  /** Of the archive, in hex; equal contents give an equal one. */
  readonly sha256: string;
  /** What a service names it by. */
  readonly reference: string;
}

/** Where the web service listens inside its container. */
export const webPort = 8080;

/** Environment variable that tells the service its node: give it `{{.Node.Hostname}}`. */
export const nodeVariable = 'NODE';

/** To be raised with every change of the content below: an engine keeps what it has under a reference. */
const reference = 'swarm-demo-web:1';

/** Node's names of architectures that differ from the engine's. */
const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64' };

/**
 * PID 1 of the container. A process with this number ignores signals that it has no handler for: the
 * trap is what lets a drain stop it at once instead of after the stop grace period.
 */
const start = `#!/bin/busybox sh
set -eu
server=
trap 'test -z "$server" || kill "$server"; exit 0' TERM INT
echo "\${${nodeVariable}:?the service must pass the node}" > /www/index.html
/bin/busybox httpd -f -p ${String(webPort)} -h /www &
server=$!
wait "$server"
`;

/**
 * Makes the image of the demo's web service: it answers `/` with the name of its node. Nothing is
 * pulled: the program is this computer's static busybox. Repeating it gives the same archive.
 *
 * @param directory - kept between runs; holds the archive and, where it had to be fetched, busybox.
 * @throws SwarmError `BusyboxMissing`.
 */
export async function buildWebImage(directory: string): Promise<WebImage> {
  const { path, sha256 } = await buildImageArchive(
    {
      reference,
      architecture: architectures[process.arch] ?? process.arch,
      command: ['/bin/busybox', 'sh', '/start'],
      files: [
        { path: '/bin/busybox', sourcePath: await staticBusybox(directory), mode: 0o755 },
        { path: '/start', content: start, mode: 0o755 },
        // httpd needs the folder, and the page is written over this at the start.
        { path: '/www/index.html', content: '' },
      ],
    },
    join(directory, 'web.tar'),
  );
  return { path, sha256, reference };
}
