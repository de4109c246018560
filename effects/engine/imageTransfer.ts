import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ImageFacts } from '../../core/facts';
import { loginAddress, splitReference } from '../../core/images';
import type { RegistryLogin } from '../../core/images';
import { DockerApiError, type OnProgress } from '../docker';
import { imageDetails } from './answers';
import type { EngineClient } from './engineClient';
import { PullProgress } from './pullProgress';

/** A registry or an engine that sends nothing for this long will send nothing more. */
const idleSeconds = 120;

export async function imageFacts(
  client: EngineClient,
  reference: string,
): Promise<ImageFacts | undefined> {
  try {
    return await client.get(imageDetails, `/images/${inPath(reference)}/json`);
  } catch (error) {
    if (error instanceof DockerApiError && error.statusCode === 404) {
      return undefined;
    }
    throw error;
  }
}

/** The Engine takes a reference with its slashes as one part of the path. */
function inPath(reference: string): string {
  return reference.split('/').map(encodeURIComponent).join('/');
}

/** A registry that is far away may take a while, and a preview waits for it. */
const registrySeconds = 10;

export async function registryLacks(
  client: EngineClient,
  reference: string,
  login: RegistryLogin | undefined,
): Promise<string | undefined> {
  try {
    await client.get(z.unknown(), `/distribution/${inPath(reference)}/json`, {
      timeoutSeconds: registrySeconds,
      ...withLogin(login),
    });
    return undefined;
  } catch (error) {
    // The registry's own words: an engine that knows no such call says `page not found`.
    const isAnswer =
      error instanceof DockerApiError &&
      error.statusCode === 404 &&
      /manifest unknown|name unknown|not known to registry/.test(error.message);
    if (!isAnswer) throw error;
    return error.message;
  }
}

export async function pullImage(
  client: EngineClient,
  reference: string,
  options: { readonly login: RegistryLogin | undefined; readonly onProgress: OnProgress },
): Promise<void> {
  const { name, tag } = splitReference(reference);
  const progress = new PullProgress();
  const call = {
    query: { fromImage: name, tag },
    ...withLogin(options.login),
    idleSeconds,
  };
  await client.stream('POST', '/images/create', call, async (answer) => {
    for await (const piece of answer.setEncoding('utf8')) {
      progress.take(piece as string);
      options.onProgress(progress.sizes());
    }
  });
  const error = progress.error();
  if (error !== undefined) {
    throw new DockerApiError(500, error);
  }
}

/**
 * A header, so that it is in no address, command line or log. With its padding: the Engine takes a text without
 * it for no login at all (seen on 20.10.24).
 */
export function withLogin(login: RegistryLogin | undefined): {
  readonly headers?: Readonly<Record<string, string>>;
} {
  if (login === undefined) return {};
  const { username, password } = login;
  const content = JSON.stringify({ username, password, serveraddress: loginAddress(login) });
  const encoded = Buffer.from(content).toString('base64').replace(/\+/g, '-').replace(/\//g, '_');
  return { headers: { 'X-Registry-Auth': encoded } };
}

export function saveImage<T>(
  client: EngineClient,
  reference: string,
  onBytes: (bytes: number) => void,
  use: (archive: Readable) => Promise<T>,
): Promise<T> {
  const call = { query: { names: reference }, idleSeconds, onBytes };
  return client.stream('GET', '/images/get', call, use);
}
