import { alpnDropIn, alpnDropInPath } from '../../../core/alpnDropIn';
import { parseSourceNote, sourceNotePath } from '../../../core/engineSource';
import { alpnMissing, notOurEngine } from '../../../core/joinWay';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import type { NodeInputs } from '../ask/nodeSpec';

/**
 * Starts the engine of a host that is in no swarm anew, so that it joins by a manager that offers no ALPN.
 * `endAlpnException` ends that, also for a run that was killed in between.
 *
 * @param without the managers that it could join by.
 * @throws SwarmError `AlpnMissing` where that is not ours to do; nothing was touched.
 */
export async function joinWithoutAlpn(
  operation: Operation,
  spec: Pick<NodeInputs, 'name' | 'onLocalData'>,
  host: Host,
  without: readonly string[],
): Promise<void> {
  const { name } = spec;
  const why = await whyNotOurs(host, spec);
  if (why !== undefined) throw alpnMissing(name, without, why);
  await operation.step(steps.withoutAlpn(name), async () => {
    await host.files.write(alpnDropInPath, alpnDropIn);
    await host.systemd.daemonReload();
    // What a run that was killed has left says nothing about the daemon that runs.
    await host.systemd.restart('docker.service');
    await host.docker.version();
  });
}

async function whyNotOurs(
  host: Host,
  { onLocalData }: Pick<NodeInputs, 'onLocalData'>,
): Promise<string | undefined> {
  if (parseSourceNote(await host.files.read(sourceNotePath))?.kind === 'preinstalled') {
    return notOurEngine;
  }
  // They would end with the daemon; with this choice they have ended already when the node went.
  if (onLocalData !== undefined) return undefined;
  const { containers } = await host.docker.localData();
  return containers.length === 0
    ? undefined
    : `a restart of it would end containers from outside the swarm (${containers.join(', ')})`;
}

/**
 * Takes the exception away again. The daemon is not started anew for it: as a member it may be needed for the
 * quorum, and it asks for its first certificate never again.
 */
export async function endAlpnException(
  operation: Operation,
  name: string,
  host: Host,
): Promise<void> {
  if ((await host.files.read(alpnDropInPath)) === undefined) return;
  await operation.step(steps.withAlpn(name), async () => {
    await host.files.remove(alpnDropInPath);
    await host.systemd.daemonReload();
  });
}
