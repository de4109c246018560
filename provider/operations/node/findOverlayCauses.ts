import type { ManagerContact } from '../../../core/connection';
import { isSeen } from '../../../core/facts';
import { gossipPort, silenceCauses } from '../../../core/overlayCause';
import type { SilentEnd, ThirdNode } from '../../../core/overlayCause';
import { parseDataPath } from '../../../core/parse/dataPath';
import type { Operation } from '../../server/resource';
import { swarmStateFile } from '../ask/hostStanding';
import type { NodeInputs } from '../ask/nodeSpec';
import { look } from '../gate/gatherGateFacts';
import { lookAt, tryOverlay } from './tryOverlay';

/** Why nothing passes between a node and its peer, by what both have and hear. A look that fails leaves its part open. */
export async function findCauses(
  operation: Operation,
  spec: NodeInputs,
  peer: ManagerContact,
): Promise<string> {
  const [own, other] = await Promise.all([
    lookAtEnd(operation, spec, peer),
    lookAtEnd(operation, peer, spec),
  ]);
  const thirds = spec.managers.filter(
    ({ name, isStandIn }) => name !== spec.name && name !== peer.name && isStandIn !== true,
  );
  const tried = await Promise.all(thirds.map((third) => tryThird(operation, spec, third)));
  return silenceCauses(
    own,
    other,
    tried.flatMap((third) => third ?? []),
  );
}

type End = Pick<ManagerContact, 'name' | 'address' | 'connection'>;

async function lookAtEnd(operation: Operation, end: End, other: End): Promise<SilentEnd> {
  const { name, address } = end;
  const seen = await look(async () => {
    const host = await operation.effects.hosts.connect(end.connection);
    const [file, addresses, gossip, knows] = await Promise.all([
      look(() => host.files.read(swarmStateFile)),
      look(() => host.network.addresses()),
      look(() => host.network.probe(other.address, gossipPort)),
      look(() => knowsOther(operation, end, other)),
    ]);
    return {
      dataPath: isSeen(file) ? parseDataPath(file.seen) : undefined,
      addresses: isSeen(addresses) ? addresses.seen.map((own) => own.address) : [],
      gossip: isSeen(gossip) ? gossip.seen : undefined,
      knowsOther: isSeen(knows) ? knows.seen : undefined,
    };
  });
  const nothing = { dataPath: undefined, addresses: [], gossip: undefined, knowsOther: undefined };
  return { name, address, ...(isSeen(seen) ? seen.seen : nothing) };
}

async function knowsOther(
  operation: Operation,
  end: End,
  other: End,
): Promise<boolean | undefined> {
  const [from, to] = await Promise.all([lookAt(operation, end), lookAt(operation, other)]);
  if ('notYet' in from || 'notYet' in to) return undefined;
  return from.network.knowsFromIngress(to.address);
}

/** Undefined: it could not be tried. */
async function tryThird(
  operation: Operation,
  spec: NodeInputs,
  third: ManagerContact,
): Promise<ThirdNode | undefined> {
  const answer = await look(() => tryOverlay(operation, spec, third));
  if (!isSeen(answer) || 'notYet' in answer.seen) return undefined;
  return { name: third.name, passes: 'passes' in answer.seen };
}
