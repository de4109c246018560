import { errorMessage } from '../../../core/errors';
import type { ImageFacts, SwarmNodeFacts } from '../../../core/facts';
import { isAt } from '../../../core/gate';
import type { DockerApi } from '../../../effects/docker';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import type { NodeInputs } from '../ask/nodeSpec';
import { plannedNodes } from '../ask/plannedNodes';

/** A node that has an image. */
export interface ImageHolder {
  readonly name: string;
  readonly docker: DockerApi;
  readonly facts: ImageFacts;
}

/** Of a large cluster no more are asked: those that run a task of it come first. */
const mostAsked = 16;

/** Where no more are looked for: one that fails is rare, two are a fault of something else. */
const enoughHolders = 2;

/** Nodes with an image that runs on `host`, in the order of the candidates; and who was asked, as a sentence. */
export async function holdersOf(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  reference: string,
  candidates: readonly SwarmNodeFacts[],
): Promise<{ readonly holders: readonly ImageHolder[]; readonly account: string }> {
  const contacts = plannedNodes(operation, spec.managers);
  const own = await host.facts();
  const holders: ImageHolder[] = [];
  const asked: string[] = [];
  const unasked: string[] = [];
  for (const entry of candidates.slice(0, mostAsked)) {
    if (holders.length === enoughHolders) break;
    const contact = contacts.find(
      ({ name, address }) => name === entry.hostname && isAt(entry, address),
    );
    if (contact === undefined || entry.state !== 'ready') {
      unasked.push(`${entry.hostname} (${contact === undefined ? 'not declared' : entry.state})`);
      continue;
    }
    try {
      const other = await operation.effects.hosts.connect(contact.connection);
      const facts =
        (await other.docker.info()).nodeId === entry.id
          ? await other.docker.image(reference)
          : undefined;
      const { architecture } = await other.facts();
      asked.push(
        architecture === own.architecture ? entry.hostname : `${entry.hostname} (${architecture})`,
      );
      if (facts !== undefined && architecture === own.architecture) {
        holders.push({ name: entry.hostname, docker: other.docker, facts });
      }
    } catch (error) {
      unasked.push(`${entry.hostname} (${errorMessage(error)})`);
    }
  }
  if (candidates.length > mostAsked) {
    unasked.push(`${String(candidates.length - mostAsked)} more`);
  }
  return {
    holders,
    account: `${nobodyHas(asked)}${unasked.length === 0 ? '' : `, not asked: ${unasked.join(', ')}`}`,
  };
}

function nobodyHas(asked: readonly string[]): string {
  return asked.length === 0 ? 'no other node could be asked' : `${asked.join(', ')} have it not`;
}
