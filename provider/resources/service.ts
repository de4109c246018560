import type { InputFailure } from '../../core/errors';
import { SwarmError, errorMessage } from '../../core/errors';
import type { ServiceFacts } from '../../core/facts';
import { loginFor } from '../../core/images';
import { serviceLabel, serviceOfLabel } from '../../core/labels';
import { whyNotConverged, whyUpdateHalted } from '../../core/services';
import { hasImage } from '../../core/stack/stackProgress';
import { urnIdentity } from '../../core/urn';
import { deletePurpose } from '../operations/swarm/consent';
import { askManager } from '../operations/ask/managers';
import { registryLogins } from '../operations/service/registryLogins';
import { serviceAccess, toServiceSpec } from '../operations/service/serviceSpec';
import type { ServiceInputs } from '../operations/service/serviceSpec';
import { hiding } from '../operations/stack/hidingOperation';
import { hiddenInSentences } from '../operations/stack/stackSpec';
import { isTimedOut, waitUntil } from '../operations/ask/waitUntil';
import { diffInputs } from '../server/diffInputs';
import type { DiffResult, Operation, PropertyMap, ReadResult, Resource } from '../server/resource';
import { newId } from './identities';
import {
  checkProperties,
  count,
  flag,
  list,
  managersProperty,
  record,
  registriesProperty,
  seconds,
  text,
  textMap,
  shown,
} from './properties';

const oneText = { type: 'string', description: 'text' } as const;

const inputs = {
  name: text('Name of the service. A change replaces it.'),
  clusterId: text('ID of the swarm.'),
  managers: managersProperty,
  image: text(
    'Image reference; on the nodes already, or in a registry they reach. Changed in place.',
  ),
  command: list(oneText, 'Command and arguments in place of the image’s own. Changed in place.'),
  environment: textMap('Environment variables. Changed in place.'),
  global: flag('One task on every active node. Default: false. A change replaces the service.'),
  replicas: count('Number of tasks of a service that is not global. Default: 1. Changed in place.'),
  constraints: list(oneText, 'Placement constraints, e.g. `node.role==worker`. Changed in place.'),
  ports: list(
    record(
      {
        target: { ...count('Port inside the container.'), isRequired: true },
        published: { ...count('Port outside.'), isRequired: true },
        protocol: text('`tcp` or `udp`. Default: tcp.', false),
        mode: text(
          '`host`: the node’s own port; `ingress`: the routing mesh. Default: ingress.',
          false,
        ),
      },
      'A published port.',
    ),
    'Published ports. Changed in place.',
  ),
  endpointMode: text('`vip` or `dnsrr`. Default: vip. Changed in place.', false),
  stopGraceSeconds: seconds(
    'Seconds between the stop signal and the kill. Default: 10. Changed in place.',
  ),
  labels: textMap('Labels of the service. Changed in place.'),
  registries: registriesProperty(
    'Logins of registries: nodes pull the image by that of its registry. Default: none. Changed in place, and replaces no task.',
  ),
  timeouts: record(
    { converge: seconds('Seconds until every task runs. Default: 300.') },
    'How long steps may take.',
    false,
  ),
};

const impacts = {
  name: 'replace',
  clusterId: 'ignore',
  managers: 'ignore',
  image: 'update',
  command: 'update',
  environment: 'update',
  global: 'replace',
  replicas: 'update',
  constraints: 'update',
  ports: 'update',
  endpointMode: 'update',
  stopGraceSeconds: 'update',
  labels: 'update',
  // What the service is sent with is compared by its image.
  registries: 'ignore',
  timeouts: 'ignore',
} as const satisfies Record<keyof ServiceInputs, unknown>;

/** A service of the swarm, watched until its tasks run. */
export const service: Resource = {
  token: 'swarm:index:Service',
  description: 'A service of the swarm. Create and Update end when every task of it runs.',
  inputs,
  outputs: {
    serviceId: text('ID of the service in the swarm.'),
    isConverged: {
      type: 'boolean',
      description: 'Every task ran when it was last created or updated.',
    },
  },
  importing: {
    instead:
      'declare it: `pulumi up` takes a service over that this package made for the same resource, and refuses any other of its name',
  },
  check: (wanted) => ({
    inputs: wanted,
    failures: [...checkProperties(inputs, wanted), ...checkService(wanted)],
  }),
  diff: (old, wanted) => diff(old.inputs, wanted),
  previewCreate: (wanted) => [
    `create service ${shown(wanted['name'])} and wait until its tasks run`,
  ],
  previewUpdate: (wanted) => [
    `update service ${shown(wanted['name'])} and wait until its tasks run`,
  ],
  create: (wanted, operation) =>
    hiding(operation, hiddenInSentences(wanted), (quiet) =>
      create(wanted as unknown as ServiceInputs, quiet),
    ),
  read: (id, old, operation) => read(id, old, operation),
  update: (id, { state }, wanted, operation) =>
    hiding(operation, hiddenInSentences(wanted), (quiet) =>
      update(id, state, wanted as unknown as ServiceInputs, quiet),
    ),
  delete: async (_id, { inputs: known, state }, operation) => {
    const spec = known as unknown as ServiceInputs;
    // A program that leaves a service out means it; a destroy needs the swarm's consent.
    const isRemoval = operation.isProgramRun;
    if (!isRemoval && (await deletePurpose(operation, serviceAccess(spec))) === 'gone') return;
    const serviceId = shown(state['serviceId']);
    await operation.step(`remove service ${spec.name}`, () =>
      askManager(operation, serviceAccess(spec), async ({ docker }) => {
        const services = await docker.services();
        if (services.some(({ id }) => id === serviceId)) await docker.removeService(serviceId);
      }),
    );
  },
};

function diff(old: PropertyMap, wanted: PropertyMap): DiffResult {
  const shownChanges = diffInputs(impacts, old, wanted);
  const { image } = wanted;
  return typeof image === 'string' && registryLogins(wanted, old).isNew(image)
    ? { ...shownChanges, changes: { ...shownChanges.changes, registries: 'update' } }
    : shownChanges;
}

async function create(
  spec: ServiceInputs,
  operation: Operation,
): Promise<{ id: string; outputs: PropertyMap; initErrors?: readonly string[] }> {
  const id = newId('service', spec.name);
  const access = serviceAccess(spec);
  const serviceId = await operation.step(`create service ${spec.name}`, () =>
    askManager(operation, access, async ({ docker }) => {
      const wanted = toServiceSpec(spec, id, operation.urn);
      const present = (await docker.services()).find(({ name }) => name === spec.name);
      const login = loginFor(spec.image, spec.registries ?? []);
      if (present === undefined) return docker.createService(wanted, login);
      // An interrupted Create's service names this very resource; another stack's is as foreign as a stranger's.
      if (present.labels[serviceOfLabel] !== urnIdentity(operation.urn)) {
        throw foreignService(present);
      }
      await docker.updateService(present.id, wanted, login);
      return present.id;
    }),
  );
  return { id, ...(await converge(operation, spec, serviceId)) };
}

async function update(
  id: string,
  state: PropertyMap,
  spec: ServiceInputs,
  operation: Operation,
): Promise<{ outputs: PropertyMap; initErrors?: readonly string[] }> {
  const serviceId = shown(state['serviceId']);
  await operation.step(`update service ${spec.name}`, () =>
    askManager(operation, serviceAccess(spec), ({ docker }) =>
      docker.updateService(
        serviceId,
        toServiceSpec(spec, id, operation.urn),
        loginFor(spec.image, spec.registries ?? []),
      ),
    ),
  );
  return converge(operation, spec, serviceId);
}

function foreignService({ name, labels }: ServiceFacts): SwarmError {
  const owner = labels[serviceOfLabel];
  const [fact, remedy] =
    owner !== undefined
      ? [
          `belongs to another resource, ${owner}`,
          'rename one of them, or remove the other from its program',
        ]
      : labels[serviceLabel] !== undefined
        ? [
            'was made by an older version of this package, which did not write down for which resource',
            `if another program declares it, rename one of them; if an interrupted run left it, \`docker service rm ${name}\`, then \`pulumi up\``,
          ]
        : ['is not managed here', 'rename one of them, or remove the other'];
  return new SwarmError(
    'ServiceExists',
    `${name}: the swarm has a service of this name that ${fact}; nothing was touched; ${remedy}`,
    { source: 'user' },
  );
}

/** Ends the step as failed, and becomes the init error: it never leaves this file, so it has no code. */
class UpdateHalted extends Error {}

async function converge(
  operation: Operation,
  spec: ServiceInputs,
  serviceId: string,
): Promise<{ outputs: PropertyMap; initErrors?: readonly string[] }> {
  try {
    await operation.step(`wait until service ${spec.name} runs`, async () => {
      let halted: string | undefined;
      await waitUntil(operation, spec.name, spec.timeouts?.converge ?? 300, async (heed) => {
        const [services, nodes, tasks] = await askManager(
          operation,
          serviceAccess(spec),
          ({ docker }) => {
            heed(docker);
            return Promise.all([docker.services(), docker.nodes(), docker.tasks({ serviceId })]);
          },
        );
        const found = services.find(({ id }) => id === serviceId);
        if (found === undefined) return 'it is not listed yet';
        // The swarm gave up: what is left of the time would change nothing.
        halted = whyUpdateHalted(found, tasks);
        return halted !== undefined || (whyNotConverged(found, nodes, tasks) ?? true);
      });
      // Not thrown while waiting: a task's error may read like a passing fault of the looking.
      if (halted !== undefined) throw new UpdateHalted(halted);
    });
    return { outputs: { serviceId, isConverged: true } };
  } catch (error) {
    if (!isTimedOut(error) && !(error instanceof UpdateHalted)) throw error;
    return { outputs: { serviceId, isConverged: false }, initErrors: [errorMessage(error)] };
  }
}

async function read(
  id: string,
  { inputs: known, state }: { readonly inputs: PropertyMap; readonly state: PropertyMap },
  operation: Operation,
): Promise<ReadResult> {
  const spec = known as unknown as ServiceInputs;
  try {
    const services = await askManager(
      operation,
      serviceAccess(spec),
      ({ docker }) => docker.services(),
      {
        timeoutSeconds: 10,
      },
    );
    const found = services.find((candidate) => candidate.id === state['serviceId']);
    if (found === undefined) return undefined;
    return {
      id,
      inputs: { ...known, ...seenInputs(spec, found) },
      outputs: state,
      ...stillOpen(spec, state),
    };
  } catch (error) {
    operation.log('warning', `${spec.name} was not looked at: ${errorMessage(error)}`);
    return { id, inputs: known, outputs: state, ...stillOpen(spec, state) };
  }
}

/** A refresh must not make a service that never ran look done: only an Update that saw it run does. */
function stillOpen(spec: ServiceInputs, state: PropertyMap): { initErrors?: readonly string[] } {
  return state['isConverged'] === false
    ? { initErrors: [`${spec.name} did not run every task when it was last looked at`] }
    : {};
}

/** What somebody may have changed by hand: scale and image. A digest that the Engine added is no change. */
function seenInputs(spec: ServiceInputs, found: ServiceFacts): PropertyMap {
  const image = hasImage(found, spec.image) ? spec.image : found.image;
  const isScaled = found.replicas !== undefined && found.replicas !== (spec.replicas ?? 1);
  return { image, ...(isScaled ? { replicas: found.replicas } : {}) };
}

function checkService(wanted: PropertyMap): InputFailure[] {
  const { global: isGlobal, replicas } = wanted;
  const failures: InputFailure[] = [];
  if (isGlobal === true && replicas !== undefined) {
    failures.push({ property: 'replicas', reason: 'has no meaning for a global service' });
  }
  if (typeof replicas === 'number' && replicas < 0) {
    failures.push({ property: 'replicas', reason: `${String(replicas)} is below 0` });
  }
  return failures;
}
