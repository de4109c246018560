import { join } from 'node:path';
import { buildImageArchive } from '../effects/archive/imageArchive';
import { hostProgram } from './hostProgram';
import { repository } from './project';

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
export const webReference = 'swarm-demo-web:2';

/** Of the counter in stacks/visits; to be raised as above. */
const visitsReference = 'swarm-demo-visits:1';

/** Where the counter answers on each node. */
export const visitsPort = 8081;

/** Node's names of architectures that differ from the engine's. */
const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64' };

const perl = '/usr/bin/perl';
const serve = '/serve.pl';

/** Starts the web service. */
export const webCommand: readonly string[] = [perl, serve];

/** Runs the program of the image as an echo service. */
export function echoCommand(port: number): readonly string[] {
  return [perl, serve, 'echo', String(port)];
}

/** A program that never ends by itself; as PID 1 of a container it ignores its stop. */
export const stubbornCommand: readonly string[] = [perl, '-e', 'sleep'];

/**
 * Makes the image of the demo's web service: it answers `/` with the name of its node. Nothing is
 * pulled: the program is this computer's perl, which every Debian has. Repeating it gives the same archive.
 *
 * @param directory - kept between runs; holds the archive.
 * @throws SwarmError `ProgramMissing`.
 */
export function buildWebImage(directory: string): Promise<WebImage> {
  return buildPerlImage(webReference, serve, webCommand, join(directory, 'web.tar'));
}

/** Counter of the application in stacks/visits, in the same way. */
export function buildVisitsImage(directory: string): Promise<WebImage> {
  const program = '/visits.pl';
  const command = [perl, program, 'store'];
  return buildPerlImage(visitsReference, program, command, join(directory, 'visits.tar'));
}

/** A program of this folder beside perl. */
async function buildPerlImage(
  reference: string,
  program: string,
  command: readonly string[],
  archive: string,
): Promise<WebImage> {
  const { path, sha256 } = await buildImageArchive(
    {
      reference,
      architecture: architectures[process.arch] ?? process.arch,
      command,
      files: [
        ...(await hostProgram(perl)),
        { path: program, sourcePath: join(repository, 'demo', program) },
      ],
    },
    archive,
  );
  return { path, sha256, reference };
}
