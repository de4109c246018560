import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';
import { buildImageArchive } from '../archive/imageArchive';
import { exitZeroProgram } from '../archive/exitZeroProgram';
import { DockerApiError } from '../docker';
import { containerAnswer, containerExitAnswer, containerIdAnswer, versionAnswer } from './answers';
import type { EngineClient } from './engineClient';

/** On every container of the check, so that nobody takes one for somebody's data. */
export const containerCheckLabel = 'swarm.container-check';

const reference = 'swarm-check:1';

/**
 * Runs one container of an image that needs no registry: proof that the engine starts containers,
 * which its answering API is not (AppArmor, cgroups, a broken runtime).
 *
 * @throws SwarmError `ContainerCheckFailed` with the daemon's sentence.
 */
export async function runContainerCheck(
  subject: string,
  client: EngineClient,
  loadImage: (localPath: string) => Promise<void>,
): Promise<void> {
  await removeChecks(client);
  try {
    await ensureImage(client, loadImage);
    await runOnce(client);
  } catch (error) {
    if (error instanceof DockerApiError || error instanceof ContainerFault) {
      throw new SwarmError(
        'ContainerCheckFailed',
        `${subject}: its Docker Engine answers but runs no container (${errorMessage(error)}); no task would start there; look at \`journalctl -u docker\` on the host`,
        { source: 'world', cause: error },
      );
    }
    throw error;
  } finally {
    // The check's own outcome is the one to tell; what stays is removed by the next check.
    await removeChecks(client).catch(() => undefined);
  }
}

class ContainerFault extends Error {}

async function removeChecks(client: EngineClient): Promise<void> {
  const leftovers = await client.get(z.array(containerAnswer), '/containers/json', {
    query: { all: '1', filters: JSON.stringify({ label: [containerCheckLabel] }) },
  });
  for (const { Id } of leftovers) {
    await client.command('DELETE', `/containers/${Id}`, { query: { force: '1', v: '1' } });
  }
}

async function ensureImage(
  client: EngineClient,
  loadImage: (localPath: string) => Promise<void>,
): Promise<void> {
  try {
    await client.get(z.unknown(), `/images/${reference}/json`);
    return;
  } catch (error) {
    if (!(error instanceof DockerApiError && error.statusCode === 404)) {
      throw error;
    }
  }
  const { Arch } = await client.get(versionAnswer, '/version');
  const folder = await mkdtemp(join(tmpdir(), 'swarm-check-'));
  try {
    const archive = join(folder, 'image.tar');
    await buildImageArchive(
      {
        reference,
        architecture: Arch,
        files: [{ path: '/exit-zero', content: exitZeroProgram(Arch), mode: 0o755 }],
        command: ['/exit-zero'],
      },
      archive,
    );
    await loadImage(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runOnce(client: EngineClient): Promise<void> {
  const { Id } = await client.post(containerIdAnswer, '/containers/create', {
    body: {
      Image: reference,
      Labels: { [containerCheckLabel]: '' },
      HostConfig: { NetworkMode: 'none' },
    },
  });
  await client.command('POST', `/containers/${Id}/start`, { timeoutSeconds: 60 });
  const exit = await client.post(containerExitAnswer, `/containers/${Id}/wait`, {
    timeoutSeconds: 60,
  });
  if (exit.StatusCode !== 0) {
    throw new ContainerFault(
      exit.Error?.Message ?? `the container ended with exit code ${exit.StatusCode}`,
    );
  }
}
