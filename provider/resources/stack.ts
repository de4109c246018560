import type { InputFailure } from '../../core/errors';
import { errorMessage, SwarmError } from '../../core/errors';
import type { ServiceFacts } from '../../core/facts';
import { updateHalt } from '../../core/services';
import { stackChanges, describeChange, unchangeable } from '../../core/stack/stackChanges';
import { namespaceLabel } from '../../core/stack/stackNames';
import { textFault } from '../../core/textFault';
import { isTransient } from '../../core/transient';
import { placementFaults } from '../../core/stack/placementFaults';
import type { StackPlan } from '../../core/stack/stackPlan';
import { stackSummary } from '../../core/stack/stackSummary';
import { askManager, NoManagerError } from '../operations/ask/managers';
import { registryLogins } from '../operations/service/registryLogins';
import { applyStack, gone, lookAtStack } from '../operations/stack/applyStack';
import { foresee } from '../operations/stack/foresee';
import { awaitStack } from '../operations/stack/awaitStack';
import { inwardDigests } from '../operations/stack/digests';
import { hiding, hidingErrors } from '../operations/stack/hidingOperation';
import { noteStack, refuseNeighbours } from '../operations/stack/neighbours';
import { pruneStack } from '../operations/stack/pruneStack';
import { isOurs, stackOwner, type StackOwner } from '../operations/stack/stackObjects';
import { seenServices } from '../operations/stack/seenServices';
import {
  hidden,
  hiddenInSentences,
  planOf,
  readPlan,
  stackAccess,
} from '../operations/stack/stackSpec';
import type { StackInputs } from '../operations/stack/stackSpec';
import { deletePurpose } from '../operations/swarm/consent';
import { diffInputs } from '../server/diffInputs';
import { hasUnknown } from '../server/propertyValues';
import {
  unknown,
  type CreateResult,
  type DiffResult,
  type Impact,
  type Operation,
  type PropertyMap,
  type ReadResult,
  type Resource,
  type UpdateResult,
} from '../server/resource';
import { newId } from './identities';
import { contactFaults } from './nameFaults';
import {
  any,
  checkProperties,
  flag,
  list,
  managersProperty,
  record,
  registriesProperty,
  seconds,
  secretText,
  shown,
  text,
  textMap,
} from './properties';

const secretMap = (description: string) => ({
  type: 'object' as const,
  description,
  additionalProperties: secretText('value', false),
});

const inputs = {
  name: text('Name of the stack: its services are `NAME_service`. A change replaces it.'),
  clusterId: text('ID of the swarm.'),
  managers: managersProperty,
  compose: list(
    record(
      { name: text('What messages call the file.'), text: text('The file’s content.') },
      'A compose file.',
    ),
    'Compose files in order; a later one adds to and overrides those before. Changed in place.',
    true,
  ),
  variables: textMap('Variables of the compose files. Changed in place.'),
  secretVariables: secretMap('Variables whose values are secret. Changed in place.'),
  envFiles: secretMap('Contents of each `env_file`, by its path. Changed in place.'),
  configs: textMap('Contents of configs, by their names in the compose files. Changed in place.'),
  secrets: secretMap('Contents of secrets, by their names in the compose files. Changed in place.'),
  nodes: list(
    record(
      {
        name: text('Name of the node.'),
        role: text('`manager` or `worker`.'),
        labels: textMap('Its labels. Default: none.'),
        availability: text('`active`, `pause` or `drain`. Default: active.', false),
      },
      'A declared node.',
    ),
    'Every declared node: what placement is checked by. Default: it is not checked. A change of it is no change of the resource.',
  ),
  registries: registriesProperty(
    'Logins of registries: nodes pull the services’ images by them. Default: none. Changed in place, and replaces no task.',
  ),
  images: list(
    text('A reference.'),
    'References of images whose archives are declared for the engines: they are not looked for. A change of it is no change of the resource.',
  ),
  onFailure: text(
    'After an update that failed: `keep` what there is, or `rollback` to the compose of the state. Default: keep.',
    false,
  ),
  adopt: flag(
    'Takes over a stack of this name that `docker stack deploy` made; services that are not declared are removed. Default: false.',
  ),
  timeouts: record(
    {
      converge: seconds('Seconds until every task runs. Default: 600.'),
      blocked: seconds(
        'Seconds that a service may stand still while its tasks find no node or no image. Default: 30.',
      ),
    },
    'How long steps may take.',
    false,
  ),
  services: any('Worked out of the compose files, for the plan: what each service is.'),
};

const impacts = {
  name: 'replace',
  clusterId: 'ignore',
  managers: 'ignore',
  // What comes of these is compared, service by service.
  compose: 'ignore',
  variables: 'ignore',
  secretVariables: 'ignore',
  envFiles: 'ignore',
  configs: 'ignore',
  secrets: 'ignore',
  nodes: 'ignore',
  // What a service is sent with is compared by its image.
  registries: 'ignore',
  images: 'ignore',
  onFailure: 'ignore',
  adopt: 'ignore',
  timeouts: 'ignore',
  services: 'update',
} as const satisfies Record<keyof StackInputs, unknown>;

/** A stack of compose files, watched until its services have converged. */
export const stack: Resource = {
  token: 'swarm:index:Stack',
  description:
    'A stack of compose files, as `docker stack deploy` makes it, and watched: Create and Update end when every service has converged, and fail with the tasks’ own errors.',
  inputs,
  outputs: {
    isConverged: {
      type: 'boolean',
      description: 'Every task ran when it was last created or updated.',
    },
    owners: list(
      text('An identity.'),
      'Identities of URNs that its objects in the swarm may bear as a label: its own, and those of names that it had before.',
      false,
    ),
  },
  refreshBeforeUpdate: true,
  importing: {
    instead:
      'declare it with `adopt: true`: `pulumi up` takes over what `docker stack deploy` made under its name',
  },
  check,
  diff: (old, wanted) => diff(old.inputs, wanted),
  previewCreate: async (wanted, operation) => {
    const read = readPlan(wanted, inwardDigests);
    if (read === undefined || 'faults' in read) return [`create stack ${shown(wanted['name'])}`];
    const changes = stackChanges(undefined, read.plan);
    const hide = hiddenInSentences(wanted);
    const owner = stackOwner(operation, wanted as unknown as StackInputs, undefined);
    const foreseen = await hidingErrors(
      () => foresee(operation, wanted, owner, beside(wanted, read.plan, operation)),
      hide,
    );
    return [
      ...read.warnings,
      ...changes.map((change) => describeChange(read.plan.name, change)),
      ...foreseen,
    ].map(hide);
  },
  previewUpdate: async (wanted, state, operation) => {
    const [before, after] = [readPlan(state, inwardDigests), readPlan(wanted, inwardDigests)];
    if (after === undefined || 'faults' in after) return [`update stack ${shown(wanted['name'])}`];
    const old = before !== undefined && 'plan' in before ? before.plan : undefined;
    const hide = hiddenInSentences(state, wanted);
    const changes = stackChanges(old, after.plan).map((change) =>
      describeChange(after.plan.name, change),
    );
    // What was changed by hand is in the diff alone.
    const sentences =
      changes.length > 0 ? changes : [`bring stack ${after.plan.name} to what is declared`];
    const owner = stackOwner(operation, wanted as unknown as StackInputs, state);
    const foreseen = await hidingErrors(
      () => foresee(operation, wanted, owner, beside(wanted, after.plan, operation)),
      hide,
    );
    return [...after.warnings, ...sentences, ...foreseen].map(hide);
  },
  create: (wanted, operation) =>
    hiding(operation, hiddenInSentences(wanted), (quiet) =>
      create(wanted as unknown as StackInputs, quiet),
    ),
  read: (id, old, operation) =>
    hiding(operation, hiddenInSentences(old.inputs), (quiet) =>
      read(id, old.inputs, old.state, quiet),
    ),
  update: (id, old, wanted, operation) =>
    hiding(operation, hiddenInSentences(old.inputs, wanted), (quiet) =>
      update(
        { inputs: old.inputs as unknown as StackInputs, state: old.state },
        wanted as unknown as StackInputs,
        quiet,
      ),
    ),
  delete: async (_id, { inputs: known, state }, operation) => {
    await hiding(operation, hiddenInSentences(known), async (quiet) => {
      await remove(known as unknown as StackInputs, state, quiet);
      return undefined;
    });
  },
};

/** Other stacks of this run. @throws SwarmError `StackImpossible` for what cannot run beside them. */
function beside(wanted: PropertyMap, plan: StackPlan, operation: Operation): readonly StackPlan[] {
  const spec = wanted as unknown as StackInputs;
  const neighbours = noteStack(operation, spec, plan);
  const { nodes, ...rest } = spec;
  refuseNeighbours(
    nodes === undefined || hasUnknown(wanted['nodes']) ? rest : spec,
    plan,
    neighbours,
  );
  return neighbours;
}

async function remove(spec: StackInputs, state: PropertyMap, operation: Operation): Promise<void> {
  const access = stackAccess(spec);
  // A program that leaves a stack out means it; a destroy needs the swarm's consent.
  if (!operation.isProgramRun && (await deletePurpose(operation, access)) === 'gone') return;
  const owner = stackOwner(operation, spec, state);
  for (const service of await ownServices(operation, spec, owner)) {
    await operation.step(`remove service ${service.name}`, () =>
      askManager(operation, access, ({ docker }) => gone(docker.removeService(service.id))),
    );
  }
  await pruneStack(operation, access, owner, undefined);
  const left = leftServices(
    spec,
    await askManager(operation, access, ({ docker }) => docker.services()),
  );
  if (left.length > 0) {
    operation.log(
      'warning',
      `stack ${spec.name}: ${left.join(', ')} were left in the swarm: they do not belong to this resource by their label; \`docker service rm\` removes them`,
    );
  }
}

/** Services that are in this stack by their names' label. */
function leftServices({ name }: StackInputs, services: readonly ServiceFacts[]): readonly string[] {
  return services.flatMap((service) =>
    service.labels[namespaceLabel] === name ? [service.name] : [],
  );
}

function check(
  given: PropertyMap,
  old: PropertyMap | undefined,
): { readonly inputs: PropertyMap; readonly failures: readonly InputFailure[] } {
  const { services: _, ...wanted } = given;
  const own = [
    ...checkProperties(inputs, wanted),
    ...contactFaults(wanted['managers']),
    ...textFault(
      'name',
      wanted['name'],
      (name) => /^[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9])*$/.test(name) && name.length < 62,
      'is no name of a stack: letters, digits, `-` and `_`, less than 62 of them',
    ),
    ...textFault(
      'onFailure',
      wanted['onFailure'],
      (word) => word === 'keep' || word === 'rollback',
      'is none of keep, rollback',
    ),
  ];
  if (own.length > 0) return { inputs: wanted, failures: own };
  const read = readPlan(wanted, inwardDigests);
  if (read === undefined) return { inputs: { ...wanted, services: unknown }, failures: [] };
  const failed = (reasons: readonly string[]): InputFailure[] =>
    reasons.map((reason) => ({ property: 'compose', reason }));
  if ('faults' in read) return { inputs: wanted, failures: failed(read.faults) };
  const before = old === undefined ? undefined : readPlan(old, inwardDigests);
  const isSameStack = before !== undefined && 'plan' in before && old?.['name'] === wanted['name'];
  return {
    inputs: {
      ...wanted,
      services: stackSummary(read.plan, hidden(wanted)) as unknown as PropertyMap,
    },
    failures: failed(
      [
        ...(isSameStack ? unchangeable(before.plan, read.plan) : []),
        ...placementFaultsOf(wanted, read.plan),
      ].map(hiddenInSentences(wanted)),
    ),
  };
}

/** Where the declared nodes are known. */
function placementFaultsOf(wanted: PropertyMap, plan: StackPlan): readonly string[] {
  if (wanted['nodes'] === undefined || hasUnknown(wanted['nodes'])) return [];
  const { nodes = [] } = wanted as unknown as StackInputs;
  return placementFaults(plan, nodes);
}

function diff(old: PropertyMap, wanted: PropertyMap): DiffResult {
  const shownChanges = diffInputs(impacts, old, wanted);
  const [before, after] = [readPlan(old, inwardDigests), readPlan(wanted, inwardDigests)];
  const isReadable = before !== undefined && after !== undefined;
  if (!isReadable || 'faults' in before || 'faults' in after) {
    return { ...shownChanges, changes: { ...shownChanges.changes, compose: 'update' } };
  }
  const changes: Record<string, Impact> = { ...shownChanges.changes };
  // What the summary of a service does not show: values of the environment, and the rest of its settings.
  for (const { key, parts } of stackChanges(before.plan, after.plan)) {
    for (const { part } of parts) {
      const path = `services.${key}.${part}`;
      if (!Object.keys(changes).some((known) => known.startsWith(path))) changes[path] = 'update';
    }
  }
  const logins = registryLogins(wanted, old);
  if (after.plan.services.some(({ body }) => logins.isNew(body.TaskTemplate.ContainerSpec.Image))) {
    changes['registries'] = 'update';
  }
  for (const kind of ['configs', 'secrets', 'networks'] as const) {
    const names = (plan: typeof after.plan): string =>
      plan[kind]
        .map(({ name }) => name)
        .sort()
        .join();
    if (names(before.plan) !== names(after.plan)) changes[kind] = 'update';
  }
  return { ...shownChanges, changes };
}

const defaults = { converge: 600, blocked: 30 } as const;

/** Why the swarm is not what the inputs say. */
interface Shortfall {
  readonly why: string;
  /** The swarm has said no. Else it could not be asked, or all services run: neither is a reason to go back. */
  readonly isRefusal: boolean;
}

/**
 * Brings the swarm to what the inputs say; why that did not come true. From the first change on every
 * failure is an answer, not an exception: what was made by then has to get into the state.
 */
async function bring(
  operation: Operation,
  spec: StackInputs,
  owner: StackOwner,
  before: StackInputs | undefined,
  neighbours: readonly StackPlan[] = [],
): Promise<Shortfall | undefined> {
  const access = stackAccess(spec);
  const { plan, warnings } = planOf(spec);
  for (const warning of warnings) operation.log('warning', warning);
  const present = await lookAtStack(operation, access, owner, plan, { ...spec, neighbours });
  const { converge = defaults.converge, blocked = defaults.blocked } = spec.timeouts ?? {};
  let doesRun = false;
  try {
    const logins = registryLogins(spec, before);
    const changed = await applyStack(operation, access, owner, plan, present, logins);
    const patience = { convergeSeconds: converge, blockedSeconds: blocked };
    const refused = present.tasks.filter(({ state }) => state === 'rejected');
    const rejected = new Set(refused.map(({ id }) => id));
    const why = await awaitStack(operation, access, plan, patience, { changed, rejected });
    if (why !== undefined) return { why, isRefusal: true };
    doesRun = true;
    await pruneStack(operation, access, owner, plan);
    return undefined;
  } catch (error) {
    if (isLost(operation, error)) throw error;
    const isSilence = error instanceof NoManagerError || isTransient(error);
    // A way back would go over what somebody else has done meanwhile.
    const isAnothers =
      error instanceof SwarmError && ['StackChanged', 'StackExists'].includes(error.code);
    return { why: errorMessage(error), isRefusal: !doesRun && !isSilence && !isAnothers };
  }
}

/** The run is over: nothing may be begun any more. */
function isLost({ signal }: Operation, error: unknown): boolean {
  return signal.aborted || (error instanceof SwarmError && error.code === 'RunLost');
}

async function create(spec: StackInputs, operation: Operation): Promise<CreateResult> {
  const id = newId('stack', spec.name);
  const owner = stackOwner(operation, spec, undefined);
  const neighbours = beside(spec as unknown as PropertyMap, planOf(spec).plan, operation);
  const shortfall = await bring(operation, spec, owner, undefined, neighbours);
  return { id, ...outcome(spec, owner, shortfall?.why) };
}

function outcome(
  spec: StackInputs,
  { identities: owners }: StackOwner,
  why: string | undefined,
): { outputs: PropertyMap; initErrors?: readonly string[] } {
  return why === undefined
    ? { outputs: { isConverged: true, owners } }
    : {
        outputs: { isConverged: false, owners },
        initErrors: [`stack ${spec.name}: ${why}; mend the cause, and \`pulumi up\` goes on`],
      };
}

/**
 * A failure leaves the state as it was: it always has what last converged, so that the next run shows
 * what is still to be done, and a rollback knows what to go back to.
 */
async function update(
  old: { readonly inputs: StackInputs; readonly state: PropertyMap },
  spec: StackInputs,
  operation: Operation,
): Promise<UpdateResult> {
  const owner = stackOwner(operation, spec, old.state);
  const neighbours = beside(spec as unknown as PropertyMap, planOf(spec).plan, operation);
  const shortfall = await bring(operation, spec, owner, old.inputs, neighbours);
  const hasConverged = old.state['isConverged'] === true;
  if (shortfall === undefined || !hasConverged) {
    return outcome(spec, owner, shortfall?.why);
  }
  const subject = `stack ${spec.name}: the update failed: ${shortfall.why}`;
  if (spec.onFailure !== 'rollback' || !shortfall.isRefusal) {
    throw new SwarmError(
      'StackFailed',
      `${subject}; what has changed by now stays as it is; mend the cause and \`pulumi up\`, or declare what was before${spec.onFailure === 'rollback' ? '' : ', or `onFailure: rollback`'}`,
      { source: 'world' },
    );
  }
  operation.log('warning', `${subject}; it goes back to what it was`);
  const whyNotBack = await goBack(operation, old.inputs, spec, owner);
  throw new SwarmError(
    'StackFailed',
    whyNotBack === undefined
      ? `${subject}; the whole stack runs again as it was before; mend the cause and \`pulumi up\``
      : `${subject}; and so did the way back: ${whyNotBack}; look at \`docker stack ps ${spec.name}\``,
    { source: 'world' },
  );
}

async function goBack(
  operation: Operation,
  before: StackInputs,
  spec: StackInputs,
  owner: StackOwner,
): Promise<string | undefined> {
  const { name, clusterId, managers } = spec;
  try {
    const shortfall = await operation.step(`take stack ${name} back to what it was`, () =>
      bring(operation, { ...before, clusterId, managers }, owner, spec),
    );
    return shortfall?.why;
  } catch (error) {
    if (isLost(operation, error)) throw error;
    return errorMessage(error);
  }
}

const lookPatience = { timeoutSeconds: 10 } as const;

async function ownServices(
  operation: Operation,
  spec: StackInputs,
  owner: StackOwner,
): Promise<readonly ServiceFacts[]> {
  const services = await askManager(
    operation,
    stackAccess(spec),
    ({ docker }) => docker.services(),
    lookPatience,
  );
  return services.filter(({ labels }) => isOurs(owner, labels));
}

async function read(
  id: string,
  known: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<ReadResult> {
  const spec = known as unknown as StackInputs;
  const open =
    state['isConverged'] === false
      ? { initErrors: [`stack ${spec.name} did not run every task when it was last looked at`] }
      : {};
  try {
    const owner = stackOwner(operation, spec, state);
    const { services, networks } = await askManager(
      operation,
      stackAccess(spec),
      async ({ docker }) => {
        const [listed, known] = await Promise.all([docker.services(), docker.networks()]);
        return { services: listed, networks: known };
      },
      lookPatience,
    );
    const seen = seenServices(spec, owner, services, networks);
    if (seen === undefined) {
      const others = leftServices(spec, services);
      if (others.length === 0) return undefined;
      operation.log(
        'warning',
        `stack ${spec.name}: ${others.join(', ')} belong to another resource by their label; the state stays as it is`,
      );
      return { id, inputs: known, outputs: state, ...open };
    }
    for (const service of seen.present) {
      const why = updateHalt(service);
      if (why !== undefined) operation.log('warning', why);
    }
    return { id, inputs: { ...known, services: seen.summary }, outputs: state, ...open };
  } catch (error) {
    operation.log('warning', `stack ${spec.name} was not looked at: ${errorMessage(error)}`);
    return { id, inputs: known, outputs: state, ...open };
  }
}
