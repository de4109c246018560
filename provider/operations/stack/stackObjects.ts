import { SwarmError } from '../../../core/errors';
import type { NetworkFacts, SwarmObjectFacts } from '../../../core/facts';
import { stackOfLabel, type Labels } from '../../../core/labels';
import { namespaceLabel } from '../../../core/stack/stackNames';
import type { StackPlan } from '../../../core/stack/stackPlan';
import { urnIdentity } from '../../../core/urn';
import type { Operation, PropertyMap } from '../../server/resource';

/** Whose stack an object in the swarm is. */
export interface StackOwner {
  readonly name: string;
  /** The identity of the resource's URN. */
  readonly identity: string;
  /** Every identity that the resource has had, the present one too: what it was called when its objects were made. */
  readonly identities: readonly string[];
  /** Objects of the stack's name that no other resource has made are taken for ours: `adopt`, until it has converged once. */
  readonly adopts: boolean;
  /** The stack is in the state: what it declares is ours, also when `docker stack deploy` went over it. */
  readonly isInState: boolean;
}

/** `state`: the resource's outputs; undefined before it is in the state. */
export function stackOwner(
  operation: Pick<Operation, 'urn'>,
  { name, adopt }: { readonly name: string; readonly adopt?: boolean },
  state: PropertyMap | undefined,
): StackOwner {
  const identity = urnIdentity(operation.urn);
  const { owners } = state ?? {};
  const known = Array.isArray(owners) ? owners.filter((each) => typeof each === 'string') : [];
  return {
    ...{ name, identity },
    identities: [...new Set([...known, identity])],
    // What somebody adds to the stack by hand later on is not swept away with the next update.
    adopts: adopt === true && state?.['isConverged'] !== true,
    isInState: state !== undefined,
  };
}

/** What may be removed when it is declared no more. */
export function isOurs(owner: StackOwner, labels: Labels): boolean {
  const { name, identities, adopts } = owner;
  const isNamed = labels[namespaceLabel] === name;
  return (
    (isNamed && identities.includes(labels[stackOfLabel] ?? '')) ||
    (adopts && isNobodys(owner, labels))
  );
}

/** What may be changed when it is declared. */
export function mayTake(owner: StackOwner, labels: Labels): boolean {
  return isOurs(owner, labels) || (owner.isInState && isNobodys(owner, labels));
}

function isNobodys({ name }: StackOwner, labels: Labels): boolean {
  return labels[stackOfLabel] === undefined && labels[namespaceLabel] === name;
}

export function ownedLabels({ identity }: StackOwner, labels: Labels): Labels {
  return { ...labels, [stackOfLabel]: identity };
}

/** @throws SwarmError `StackExists` when something of a name that we need is another's. */
export function refuseForeign(
  owner: StackOwner,
  kind: string,
  wanted: readonly string[],
  present: readonly SwarmObjectFacts[],
): void {
  const foreign = present.filter(
    ({ name, labels }) => wanted.includes(name) && !mayTake(owner, labels),
  );
  if (foreign.length === 0) return;
  const names = foreign.map(({ name }) => name).join(', ');
  const other = foreign.map(({ labels }) => labels[stackOfLabel]).find((id) => id !== undefined);
  throw new SwarmError(
    'StackExists',
    `${owner.name}: the swarm has the ${kind} ${names} already, ` +
      (other === undefined
        ? 'which this package did not make; nothing was touched; to take a stack of this name over as it is, declare `adopt: true`; else give this stack another name'
        : `which belongs to another resource, ${other}; nothing was touched; if the resource was renamed, give it an alias of that name, else give one of the two stacks another name`),
    { source: 'user' },
  );
}

const predefined: readonly string[] = ['bridge', 'host', 'none', 'ingress'];

/** @throws SwarmError `StackIncomplete` when what the compose files call external is not in the swarm. */
export function refuseIncomplete(
  { name, externalNetworks, services, configs, secrets }: StackPlan,
  present: Readonly<Record<'networks' | 'configs' | 'secrets', readonly SwarmObjectFacts[]>> & {
    readonly localNetworks: readonly NetworkFacts[];
  },
): void {
  const files = (kind: 'Configs' | 'Secrets', own: readonly { readonly name: string }[]) =>
    services
      .flatMap(({ body }) => body.TaskTemplate.ContainerSpec[kind].map((file) => file.name))
      .filter((each) => !own.some((file) => file.name === each));
  // Every node has those of the Engine's own.
  const wanted = externalNetworks.filter((each) => !predefined.includes(each));
  const lacking = wanted.filter((each) => !present.networks.some((known) => known.name === each));
  refuseLocal(
    name,
    present.localNetworks.filter((network) => lacking.includes(network.name)),
  );
  const missing = [
    ...lacking.map((each) => `network ${each}`),
    ...absent('config', files('Configs', configs), present.configs),
    ...absent('secret', files('Secrets', secrets), present.secrets),
  ];
  if (missing.length === 0) return;
  throw new SwarmError(
    'StackIncomplete',
    `${name}: the swarm has no ${[...new Set(missing)].join(', no ')}, which the compose files call external; nothing was touched; make it first, or take \`external\` away`,
    { source: 'user' },
  );
}

/** As `docker stack deploy` does; a service reaches only networks of the swarm. */
function refuseLocal(name: string, networks: readonly NetworkFacts[]): void {
  if (networks.length === 0) return;
  const words = networks.map((each) => `${each.name} (driver ${each.driver}, scope ${each.scope})`);
  throw new SwarmError(
    'StackIncomplete',
    `${name}: the network ${words.join(', ')}, which the compose files call external, is of one node alone, and no service reaches it; nothing was touched; make it in the swarm (\`docker network create --scope swarm\`, of other drivers than overlay with \`--config-from\`), or name another`,
    { source: 'user' },
  );
}

function absent(
  kind: string,
  wanted: readonly string[],
  present: readonly SwarmObjectFacts[],
): readonly string[] {
  return wanted
    .filter((name) => !present.some((each) => each.name === name))
    .map((name) => `${kind} ${name}`);
}
