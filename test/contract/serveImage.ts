import type { Host } from '../../effects/effects';
import { pushImage, serveRegistry } from '../../scenarios/imageRegistry';

/** A login at the registry of a test. */
export interface TestLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * The distribution's own registry on a machine, with an image that its engine has; the engine then has
 * it no more under the name that it returns. An engine takes its loopback without TLS.
 */
export async function serveImage(host: Host, image: string, login: TestLogin): Promise<string> {
  const served = { server: '127.0.0.1:5000', ...login };
  await serveRegistry(host, served);
  return pushImage(host, image, served);
}
