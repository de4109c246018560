import { offerNextRelease } from './offerNextRelease';
import type { Stage } from './stage';

/** Engine of Debian 13, and of the release after it. */
export const olderEngine = '26.1.5';
export const newerEngine = '28.5.2';

/** Every node is offered the newer engine beside the older. */
export async function offerNewerEngine(stage: Stage): Promise<void> {
  await Promise.all(stage.nodeNames.map(async (name) => offerNextRelease(await stage.host(name))));
  stage.did('offered the engine of the next release of the OS on every node');
}

/** Declares the newer engine for every node, exchanged in place. */
export function declareInPlace(stage: Stage): void {
  stage.declare(
    'engine',
    { ...(stage.declared('engine') as object), version: newerEngine, upgrade: 'inPlace' },
    `declared engine ${newerEngine}, in place`,
  );
}
