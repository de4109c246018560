import type { EngineSourceSpec } from '../../core/engineSource';
import { isEngineVersion } from '../../core/engineVersion';
import { steps } from '../../core/steps';
import { textFault } from '../../core/textFault';
import type { NodeImageOrder } from '../../effects/lab';
import { prepareEngine } from '../operations/host/engineSetup';
import { diffInputs } from '../server/diffInputs';
import type { Operation, Resource } from '../server/resource';
import { newId } from './identities';
import { checkProperties, engineSourceProperty, list, shown, text } from './properties';

interface NodeImageInputs extends NodeImageOrder {
  readonly version?: string;
  readonly source?: EngineSourceSpec;
  readonly packages: readonly string[];
}

const inputs = {
  name: text('Name of the image, made from its content.'),
  os: text('Operating system that it is made from, e.g. `debian:13`.'),
  version: text(
    'Engine version, e.g. `26.1.5`, or its leading parts. Default: the newest of its source.',
    false,
  ),
  source: engineSourceProperty,
  packages: list(
    { type: 'string', description: 'Name of a package.' },
    'Packages of the OS beside the engine.',
    true,
  ),
};

const impacts = {
  name: 'update',
  os: 'update',
  version: 'update',
  source: 'update',
  packages: 'update',
} as const satisfies Record<keyof NodeImageInputs, unknown>;

/** What the machines of a lab are made from, before any node is touched. */
export const nodeImage: Resource = {
  token: 'swarm:index:NodeImage',
  description:
    'An image of an OS with engine and packages installed, in the cache of this computer: machines of a lab are made from it. It stands beside those before it, since its name is made from its content, and it is made before any node is touched. No machine is replaced for it.',
  inputs,
  outputs: { image: text('Content identity of the image.') },
  importing: {
    instead: 'it is in the cache of this computer: declare it, and `pulumi up` finds or makes it',
  },
  // One that is gone from the cache is made again before a node is touched.
  refreshBeforeUpdate: () => true,
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...textFault(
        'version',
        wanted['version'],
        isEngineVersion,
        'is no engine version; give one such as "26.1.5"',
      ),
    ],
  }),
  diff: (old, wanted) => diffInputs(impacts, old.inputs, wanted),
  previewCreate: (wanted) => [`${steps.prepareImage(shown(wanted['name']))}, unless it is cached`],
  create: async (wanted, operation) => {
    const spec = wanted as unknown as NodeImageInputs;
    const image = await prepare(operation, spec);
    return { id: newId('image', spec.name), outputs: { image } };
  },
  read: async (id, { inputs: known, state }, operation) => {
    const { name, os } = known as unknown as NodeImageInputs;
    const image = await operation.effects.lab.findImage({ name, os });
    return image === undefined ? undefined : { id, inputs: known, outputs: { ...state, image } };
  },
  update: async (_id, _known, wanted, operation) => ({
    outputs: { image: await prepare(operation, wanted as unknown as NodeImageInputs) },
  }),
  // Machines stand on it, of other stacks too. The lab removes it when nobody has used it for two weeks.
  delete: () => Promise.resolve(),
};

function prepare(operation: Operation, spec: NodeImageInputs): Promise<string> {
  const { name, os, version, source, packages } = spec;
  return operation.step(steps.prepareImage(name), () =>
    operation.effects.lab.ensureImage(
      { name, os },
      async (host) => {
        const wish = { name, ...(version === undefined ? {} : { version }), source };
        operation.status(steps.installEngine(name));
        await (await prepareEngine(operation, host, wish)).install();
        if (packages.length === 0) return;
        await host.packages.install(Object.fromEntries(packages.map((each) => [each, undefined])));
      },
      (sentence) => {
        operation.status(sentence);
      },
    ),
  );
}
