import type { ServiceFacts, SwarmNodeFacts, TaskFacts } from './facts';
import type { ServiceBaseline } from './lease';
import { placement } from './placement';
import { runningTasks } from './services';

/** A registry that needs a login. */
export interface RegistryLogin {
  /** Host name with a port where it has one, e.g. `registry.example:5000`; Docker Hub is `docker.io`. */
  readonly server: string;
  readonly username: string;
  /** Secret. */
  readonly password: string;
}

/** An image that a node may be asked for as soon as it is active. */
export interface NeededImage {
  /** As the services have it. */
  readonly reference: string;
  /** Names of the services that have it. */
  readonly services: readonly string[];
  /** One of them runs, or ran before the node went: a task that is rejected for want of it would be missed. */
  readonly isMissed: boolean;
}

/**
 * The images of all services that want tasks and whose constraints allow this node. A constraint that
 * cannot be judged from the list of nodes allows it.
 */
export function neededImages(
  node: SwarmNodeFacts,
  services: readonly ServiceFacts[],
  tasks: readonly TaskFacts[],
  nodes: readonly SwarmNodeFacts[],
  baseline: ServiceBaseline,
): readonly NeededImage[] {
  const now = new Map(Object.entries(runningTasks(services, tasks, nodes)));
  const before = new Map(Object.entries(baseline));
  const wanting = services.filter(
    ({ image, replicas, constraints }) =>
      image !== '' && replicas !== 0 && placement(node, constraints) !== 'no',
  );
  return [...new Set(wanting.map(({ image }) => image))].map((reference) => {
    const names = wanting.filter(({ image }) => image === reference).map(({ name }) => name);
    const isMissed = names.some((name) => (now.get(name) ?? 0) > 0 || (before.get(name) ?? 0) > 0);
    return { reference, services: names, isMissed };
  });
}

export type ImageWay = 'pull' | 'copy';

/**
 * How an image comes to a node that lacks it, best first. One that its holder has from no registry is
 * asked for there last: whatever a registry has under that name is another one.
 */
export function imageWays(
  holder: { readonly isFromRegistry: boolean } | undefined,
): readonly ImageWay[] {
  if (holder === undefined) return ['pull'];
  return holder.isFromRegistry ? ['pull', 'copy'] : ['copy', 'pull'];
}

const dockerHub = 'docker.io';

/** Names of Docker Hub, as logins have them. */
const dockerHubNames: readonly string[] = [dockerHub, 'index.docker.io', 'registry-1.docker.io'];

/**
 * The registry of an image reference. Its first part is one exactly when it has a dot or a port, or is
 * `localhost` (distribution `reference.ParseNormalizedNamed`).
 */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isServer = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isServer ? sameServer(first) : dockerHub;
}

function sameServer(server: string): string {
  return dockerHubNames.includes(server.toLowerCase()) ? dockerHub : server.toLowerCase();
}

/** The login for an image's registry; undefined: none is declared, and it is asked without one. */
export function loginFor(
  reference: string,
  logins: readonly RegistryLogin[],
): RegistryLogin | undefined {
  const server = registryOf(reference);
  return logins.find((login) => sameServer(login.server) === server);
}

/** Server as the Engine's API wants it in a login: Docker Hub has an address of its own there. */
export function loginAddress({ server }: RegistryLogin): string {
  return sameServer(server) === dockerHub ? 'https://index.docker.io/v1/' : server;
}

/** A reference in its two parts, as `POST /images/create` takes them; a digest goes before a tag. */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const [tagged = '', digest = ''] = reference.split('@', 2);
  const [, name = tagged, tag] = /^(.+):([^:/]+)$/.exec(tagged) ?? [];
  return { name, tag: digest === '' ? (tag ?? 'latest') : digest };
}

/** Whether a text is a registry as `RegistryLogin.server` has it. */
export function isRegistryServer(text: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(text);
}
