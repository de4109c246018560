import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { registryOf, type RegistryLogin } from '../../../core/images';
import { type DockerApi, DockerApiError } from '../../../effects/docker';
import type { EngineCall } from './fakeDocker';
import type { WorldState } from './state';
import { timing } from './timing';
import type { World } from './world';

type ImagesApi = Pick<
  DockerApi,
  'image' | 'pullImage' | 'registryLacks' | 'saveImage' | 'loadArchive'
>;

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** How a registry of the fake world notes the login that it asks for. */
export function loginDigest(username: string, password: string): string {
  return sha256(`${username}:${password}`);
}

/** Images are their references and nothing else; an archive of one is a text that names it. */
export function fakeImages(world: World, call: EngineCall): ImagesApi {
  return {
    image: (reference) =>
      call('image', false, (_, { engine, architecture }) =>
        engine.images.includes(reference)
          ? {
              id: `sha256:${sha256(reference)}`,
              bytes: archiveOf(reference).length,
              architecture,
              isFromRegistry: engine.pulled.includes(reference),
            }
          : undefined,
      ),
    pullImage: (reference, { login }) =>
      call(
        'pullImage',
        true,
        (state, { engine }) => {
          const registry = registryFor(state, reference, login);
          if (!registry.images.includes(reference)) {
            throw new DockerApiError(404, `manifest for ${reference} not found: manifest unknown`);
          }
          engine.images = [...new Set([...engine.images, reference])];
          engine.pulled = [...new Set([...engine.pulled, reference])];
        },
        timing.imageTransfer,
      ),
    registryLacks: (reference, login) =>
      call('registryLacks', false, (state) =>
        registryFor(state, reference, login, true).images.includes(reference)
          ? undefined
          : 'manifest unknown: manifest unknown',
      ),
    saveImage: async (reference, onBytes, use) => {
      const archive = await call('saveImage', false, (_, { engine }) => {
        if (!engine.images.includes(reference)) {
          throw new DockerApiError(404, `No such image: ${reference}`);
        }
        return archiveOf(reference);
      });
      await world.clock.sleep(timing.imageTransfer);
      onBytes(archive.length);
      return use(Readable.from([archive]));
    },
    loadArchive: async (archive) => {
      const reference = referenceOf(await text(archive));
      await call('loadArchive', true, (_, { engine }) => {
        engine.images = [...new Set([...engine.images, ...reference])];
      });
    },
  };
}

/** The registry of an image, which takes this login. */
function registryFor(
  state: WorldState,
  reference: string,
  login: RegistryLogin | undefined,
  tellsWrongLogin = false,
): WorldState['registries'][string] {
  const server = registryOf(reference);
  const registry = state.registries[server];
  if (registry === undefined) {
    throw new DockerApiError(
      500,
      `Get "https://${server}/v2/": dial tcp: lookup ${server}: no such host`,
    );
  }
  const given = login === undefined ? '' : loginDigest(login.username, login.password);
  if (registry.login !== undefined && given !== registry.login) {
    if (tellsWrongLogin && login !== undefined) {
      throw new DockerApiError(401, 'unauthorized: authentication required');
    }
    throw new DockerApiError(500, `Head "https://${server}/v2/": no basic auth credentials`);
  }
  return registry;
}

function archiveOf(reference: string): string {
  return `archive of ${reference}`;
}

/** A digest is lost on the way: a registry has given it, and an archive knows of no registry. */
function referenceOf(archive: string): readonly string[] {
  const reference = /^archive of (.+)$/.exec(archive)?.[1] ?? '';
  return reference === '' || reference.includes('@') ? [] : [reference];
}
