/**
 * JSON schema of a stack's file, made from the zod schema that the program itself checks with, so
 * that editors find what the program would. Descriptions are the docstrings of the same properties
 * in the components.
 */
export function renderStackSchema({ configuration, project, docs }) {
  const { properties, required } = configuration;
  const described = describe(configuration, docs, '').properties;
  const keys = Object.fromEntries(
    Object.keys(properties).map((key) => [
      `${project}:${key}`,
      asConfigurationValue(described[key]),
    ]),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `A stack of ${project}: stacks/Pulumi.<environment>.yaml`,
    description:
      'Made from core/configuration.ts by `npm run docs`; a test fails when it is stale.',
    type: 'object',
    properties: {
      config: {
        type: 'object',
        properties: keys,
        required: required.map((key) => `${project}:${key}`),
        // Keys of other packages and of Pulumi itself.
        patternProperties: { [`^(?!${project}:)[^:]+:.+$`]: {} },
        additionalProperties: false,
      },
      secretsprovider: { type: 'string' },
      encryptionsalt: { type: 'string' },
      encryptedkey: { type: 'string' },
      environment: {},
    },
    additionalProperties: false,
  };
}

/** Every key with its path, its schema and its description, for the reference. */
export function listKeys(schema, docs, path = '') {
  const isList = schema.items?.properties !== undefined;
  const below = oneMap(isList ? schema.items : schema);
  const prefix = path === '' ? '' : `${path}${isList ? '[]' : ''}.`;
  return Object.entries(below.properties ?? {}).flatMap(([key, each]) => [
    {
      path: `${prefix}${key}`,
      schema: each,
      isRequired: below.required?.includes(key) === true,
      doc: docs(`${prefix}${key}`),
    },
    ...listKeys(each, docs, `${prefix}${key}`),
  ]);
}

/** A map of several kinds as one: what any of them has, and what all of them require. */
function oneMap(schema) {
  const kinds = schema.oneOf ?? [schema];
  const keys = [...new Set(kinds.flatMap(({ properties }) => Object.keys(properties ?? {})))];
  return {
    properties: Object.fromEntries(keys.map((key) => [key, oneOfEach(kinds, key)])),
    required: keys.filter((key) => kinds.every(({ required }) => required?.includes(key) === true)),
  };
}

function oneOfEach(kinds, key) {
  const each = kinds.flatMap(({ properties }) => properties?.[key] ?? []);
  const values = each.map((one) => one.const);
  return values.every((value) => value !== undefined) ? { type: 'string', enum: values } : each[0];
}

function describe(schema, docs, path) {
  const doc = path === '' ? '' : docs(path);
  const at = (key) => (path === '' ? key : `${path}.${key}`);
  const rest = { ...schema };
  delete rest.$schema;
  return {
    ...(doc === '' ? {} : { description: doc }),
    ...(isSecret(path) ? { anyOf: [rest, secure] } : rest),
    ...(schema.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([key, each]) => [
              key,
              describe(each, docs, at(key)),
            ]),
          ),
        }),
    ...(schema.oneOf === undefined
      ? {}
      : { oneOf: schema.oneOf.map((each) => describe(each, docs, path)) }),
    ...(schema.items === undefined ? {} : { items: describe(schema.items, docs, `${path}[]`) }),
    ...(/\.(environment|secretVariables|secrets)$/.test(path)
      ? { additionalProperties: { anyOf: [schema.additionalProperties, secure] } }
      : {}),
  };
}

/** What `pulumi config set --secret` writes in place of a value. */
const secure = {
  type: 'object',
  properties: { secure: { type: 'string' } },
  required: ['secure'],
  additionalProperties: false,
};

function isSecret(path) {
  return /(^|\.)connection\.(privateKey|privateKeyPassword|password)$|^registries\[\]\.password$/.test(
    path,
  );
}

/** `pulumi config set` writes plain values as text, and the program reads them back as JSON. */
function asConfigurationValue(schema) {
  const { description, ...value } = schema;
  const asText = { boolean: { enum: ['true', 'false'] }, integer: { pattern: '^\\d+$' } }[
    value.type
  ];
  return asText === undefined
    ? schema
    : {
        ...(description === undefined ? {} : { description }),
        anyOf: [value, { type: 'string', ...asText }],
      };
}
