import { isInputOnly, type PropertySchema, type ProviderFunction, type Resource } from './resource';

export interface ProviderPackage {
  readonly name: string;
  readonly version: string;
  readonly resources: readonly Resource[];
  readonly functions: readonly ProviderFunction[];
}

/** JSON of Pulumi's package schema: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export type SchemaJson = Readonly<Record<string, unknown>>;

type Properties = Readonly<Record<string, PropertySchema>>;

/** The package's schema, as `GetSchema` answers it. */
export function renderPackageSchema(provider: ProviderPackage): SchemaJson {
  return {
    name: provider.name,
    version: provider.version,
    resources: Object.fromEntries(
      provider.resources.map((resource) => [resource.token, renderResource(resource)]),
    ),
    functions: Object.fromEntries(
      provider.functions.map((fn) => [
        fn.token,
        {
          description: fn.description,
          inputs: renderObject(fn.inputs, requiredKeys(fn.inputs)),
          outputs: renderObject(fn.outputs, Object.keys(fn.outputs)),
        },
      ]),
    ),
  };
}

function renderResource(resource: Resource): SchemaJson {
  const state = Object.entries({ ...resource.inputs, ...resource.outputs }).filter(
    ([key]) => !isInputOnly(resource, key),
  );
  return {
    description: resource.description,
    inputProperties: renderProperties(resource.inputs),
    requiredInputs: requiredKeys(resource.inputs),
    // The state holds inputs beside the outputs: see CreateResult.
    properties: renderProperties(Object.fromEntries(state)),
    required: state.flatMap(([key, { isRequired }]) =>
      isRequired === true || key in resource.outputs ? [key] : [],
    ),
  };
}

function renderObject(properties: Properties, required: readonly string[]): SchemaJson {
  return { type: 'object', properties: renderProperties(properties), required };
}

function renderProperties(properties: Properties): SchemaJson {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      {
        description: schema.description,
        ...renderType(schema),
        ...(schema.isSecret === true ? { secret: true } : {}),
      },
    ]),
  );
}

const anyType = { $ref: 'pulumi.json#/Any' };

function renderType(schema: PropertySchema): SchemaJson {
  switch (schema.type) {
    case 'any':
      return anyType;
    case 'array':
      return {
        type: 'array',
        items: schema.items === undefined ? anyType : renderType(schema.items),
      };
    case 'object':
      // An object of known keys would need a named type; our components give those to the user.
      return {
        type: 'object',
        additionalProperties:
          schema.additionalProperties === undefined
            ? anyType
            : renderType(schema.additionalProperties),
      };
    case 'string':
    case 'number':
    case 'integer':
    case 'boolean':
      return { type: schema.type };
  }
}

function requiredKeys(properties: Properties): readonly string[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.isRequired === true ? [name] : [],
  );
}
