import { renderComponents } from './componentsPart.mjs';
import { code, table } from './markdown.mjs';
import { renderResources } from './resourcesPart.mjs';

/** The whole of docs/reference.md. */
export function renderReference({ keys, exported, resources, functions }) {
  return [
    '# Reference',
    'Made from the docstrings and schemas of the sources by `npm run docs`; a test fails when it is stale. The [guide](guide.md) tells how to use what is listed here.',
    '## Configuration of a stack',
    'Keys of `stacks/Pulumi.<environment>.yaml`, each with the prefix `swarm-cluster:`. `[]` is an entry of a list. An unknown key is an error. [`stacks/schema.json`](../stacks/schema.json) is the same for editors.',
    table(
      ['key', 'type', 'required', 'what'],
      keys
        // Below a single node these are what they are for all.
        .filter(({ path }) => !/^(managers|workers)\[\]\.(connection|engine)\./.test(path))
        .filter(({ path }) => !path.startsWith('engine.daemon.'))
        .map(({ path, schema, isRequired, doc }) => [
          code(path),
          typeOf(schema),
          isRequired ? 'yes' : '',
          doc,
        ]),
    ),
    '## Components',
    'Exports of `components/index.ts`.',
    ...renderComponents(exported),
    '## Resources of the provider',
    'The components register these. A program may use them by itself; then nothing but the gate keeps the order.',
    ...renderResources(resources, functions),
  ].join('\n\n');
}

function typeOf({ type, enum: values, items, additionalProperties, anyOf, oneOf }) {
  if (oneOf !== undefined) return 'map';
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (Array.isArray(type)) return type.join(' or ');
  if (values !== undefined) return values.map((value) => code(value)).join(', ');
  if (type === 'array') return `list of ${typeOf(items)}`;
  if (type === 'object') {
    return typeof additionalProperties === 'object'
      ? `map of ${typeOf(additionalProperties)}`
      : 'map';
  }
  return type;
}
