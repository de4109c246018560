import { code, table } from './markdown.mjs';

/** The part of the reference on the provider's resources and functions, from their own schemas. */
export function renderResources(resources, functions) {
  return [
    ...resources.flatMap(({ token, description, importing, inputs, outputs }) => [
      `### ${token}`,
      description,
      'read' in importing
        ? `Import ID: ${importing.form}`
        : `It is not imported: ${importing.instead}.`,
      ...propertyTables(inputs, outputs),
    ]),
    ...functions.flatMap(({ token, description, inputs, outputs }) => [
      `### ${token} (function)`,
      description,
      ...propertyTables(inputs, outputs),
    ]),
  ];
}

function propertyTables(inputs, outputs) {
  const given = Object.entries(inputs).flatMap(([name, schema]) => rowsOf(name, schema));
  const results = Object.entries(outputs).flatMap(([name, schema]) => rowsOf(name, schema));
  return [
    ...(given.length === 0 ? [] : [table(['input', 'type', 'required', 'what'], given)]),
    ...(results.length === 0
      ? []
      : [
          table(
            ['output', 'type', 'what'],
            results.map(([name, type, , what]) => [name, type, what]),
          ),
        ]),
  ];
}

/** One row, and one for each known key below; connections look the same everywhere and have one row. */
function rowsOf(name, schema) {
  const row = [
    code(name),
    typeOf(schema) + (schema.isSecret === true ? ', secret' : ''),
    schema.isRequired === true ? 'yes' : '',
    schema.description,
  ];
  const below = schema.properties ?? schema.items?.properties;
  const isConnection = ['connection', 'managers'].includes(name.split('.').at(-1));
  if (below === undefined || isConnection) return [row];
  const prefix = schema.items === undefined ? name : `${name}[]`;
  return [row, ...Object.entries(below).flatMap(([key, each]) => rowsOf(`${prefix}.${key}`, each))];
}

function typeOf(schema) {
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  if (schema.type === 'object') {
    return schema.additionalProperties === undefined
      ? 'map'
      : `map of ${typeOf(schema.additionalProperties)}`;
  }
  return schema.type;
}
