import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { SwarmError } from '../../core/errors';
import { unknown, type PropertyMap, type PropertySchema, type PropertyValue } from './resource';

/**
 * Property values between the engine's wire form and ours. The signatures and sentinels are the
 * engine's: sdk/go/common/resource/plugin/rpc.go and properties.go of pulumi/pulumi.
 *
 * Secrets come in plain (we do not announce `acceptSecrets`, so the engine keeps them and puts them
 * on outputs of the same name); on the way out everything that its schema calls secret is wrapped.
 */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const outputSignature = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
const resourceSignature = '5cf8f73096256a8f31e491e813e4eb8e';
const assetSignatures: ReadonlySet<string> = new Set([
  'c44067f5952c0a294b673a41bacd8c17',
  '0def7320c3a5731c473e5ecbe6d01bc7',
]);

const unknownString = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
/** The engine has one sentinel per type; all mean the same to us. */
const unknownSentinels: ReadonlySet<string> = new Set([
  unknownString,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // boolean
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);

/** What a Struct holds, as plain JavaScript. */
export type WireValue = null | boolean | number | string | readonly WireValue[] | WireMap;
export interface WireMap {
  readonly [key: string]: WireValue;
}

/**
 * The properties of a message; empty when it carries none.
 *
 * @throws SwarmError `PropertyUnsupported` for an asset, an archive or a resource reference.
 */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : decodeMap(struct.toJavaScript(), '');
}

/** Properties as a message; `schemas` says which of them are secret. `undefined` is left out. */
export function toStruct(
  properties: PropertyMap,
  schemas: Readonly<Record<string, PropertySchema>> = {},
): Struct {
  return Struct.fromJavaScript(encodeMap(properties, { schemas }));
}

export function decodeMap(wire: WireMap, path: string): PropertyMap {
  return Object.fromEntries(
    Object.entries(wire).map(([key, value]) => [
      key,
      decode(value, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

function decode(wire: WireValue, path: string): PropertyValue {
  if (typeof wire === 'string') {
    return unknownSentinels.has(wire) ? unknown : wire;
  }
  if (wire === null || typeof wire !== 'object') {
    return wire;
  }
  if (isWireList(wire)) {
    return wire.map((item, index) => decode(item, `${path}[${index}]`));
  }
  const signature = wire[signatureKey];
  return signature === undefined ? decodeMap(wire, path) : decodeSigned(signature, wire, path);
}

function isWireList(wire: WireValue): wire is readonly WireValue[] {
  return Array.isArray(wire);
}

function decodeSigned(signature: WireValue, wire: WireMap, path: string): PropertyValue {
  if (signature === secretSignature) {
    return decode(wire['value'] ?? null, path);
  }
  if (signature === outputSignature) {
    return wire['value'] === undefined ? unknown : decode(wire['value'], path);
  }
  const kind =
    typeof signature === 'string' && assetSignatures.has(signature)
      ? 'an asset or archive'
      : signature === resourceSignature
        ? 'a resource'
        : 'of a kind that this provider does not know';
  throw new SwarmError(
    'PropertyUnsupported',
    `${path}: the value is ${kind}; only strings, numbers, booleans, lists and maps are supported; pass such a value instead`,
    { source: 'user' },
  );
}

interface ObjectSchema {
  readonly schemas?: Readonly<Record<string, PropertySchema>> | undefined;
  readonly others?: PropertySchema | undefined;
}

export function encodeMap(properties: PropertyMap, schema: ObjectSchema = {}): WireMap {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, encode(value, schema.schemas?.[key] ?? schema.others)]],
    ),
  );
}

function encode(value: PropertyValue, schema: PropertySchema | undefined): WireValue {
  const wire = encodePlain(value, schema);
  return schema?.isSecret === true && value !== null
    ? { [signatureKey]: secretSignature, value: wire }
    : wire;
}

function encodePlain(value: PropertyValue, schema: PropertySchema | undefined): WireValue {
  if (value === unknown) {
    return unknownString;
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  if (isList(value)) {
    return value.map((item) => encode(item, schema?.items));
  }
  return encodeMap(value, { schemas: schema?.properties, others: schema?.additionalProperties });
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** `Array.isArray` for readonly lists, which it does not narrow to. */
export function isList(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

/** Whether a value is, or contains, something that is not known yet. */
export function hasUnknown(value: PropertyValue | undefined): boolean {
  if (value === unknown) {
    return true;
  }
  if (value === undefined || value === null || typeof value !== 'object') {
    return false;
  }
  return (isList(value) ? value : Object.values(value)).some(hasUnknown);
}
