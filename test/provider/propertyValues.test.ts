import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import {
  decodeMap,
  encodeMap,
  fromStruct,
  hasUnknown,
  toStruct,
} from '../../provider/server/propertyValues';
import { unknown, type PropertyMap, type PropertyValue } from '../../provider/server/resource';

const signature = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

// `__proto__` is a key that plain objects, and so google-protobuf's, cannot hold.
const key = fc.string().filter((text) => text !== '__proto__' && text !== signature);

const { value } = fc.letrec<{ value: PropertyValue; map: PropertyMap }>((tie) => ({
  map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Object.is(each, -0)),
    fc.string(),
    fc.constant(unknown),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
}));
const properties = fc.dictionary(key, value, { maxKeys: 5 });

/** fast-check makes objects without a prototype; ours have one. */
function normal(map: PropertyMap): PropertyMap {
  return decodeMap(encodeMap(map), '');
}

test('values survive the way to the engine and back, through the wire format itself', () => {
  fc.assert(
    fc.property(properties, (map) => {
      const bytes = toStruct(map).serializeBinary();
      assert.deepEqual(fromStruct(Struct.deserializeBinary(bytes)), normal(map));
    }),
  );
});

test('a value that its schema calls secret goes out wrapped, wherever it is, and comes in plain', () => {
  fc.assert(
    fc.property(
      value.filter((each) => each !== null),
      (secret) => {
        const text = { type: 'any', description: '' } as const;
        const wire = encodeMap(
          { own: secret, list: [{ inner: secret }], map: { some: secret } },
          {
            schemas: {
              own: { ...text, isSecret: true },
              list: {
                type: 'array',
                description: '',
                items: {
                  type: 'object',
                  description: '',
                  properties: { inner: { ...text, isSecret: true } },
                },
              },
              map: {
                type: 'object',
                description: '',
                additionalProperties: { ...text, isSecret: true },
              },
            },
          },
        ) as { own: unknown; list: [{ inner: unknown }]; map: { some: unknown } };
        for (const wrapped of [wire.own, wire.list[0].inner, wire.map.some]) {
          assert.equal((wrapped as Record<string, unknown>)[signature], secretSignature);
        }
        assert.deepEqual(
          decodeMap(wire as never, ''),
          normal({ own: secret, list: [{ inner: secret }], map: { some: secret } }),
        );
      },
    ),
  );
});

test('every sentinel of the engine is unknown', () => {
  for (const sentinel of [
    '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
    '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
    '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
    '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
    'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
  ]) {
    assert.equal(decodeMap({ a: sentinel }, '')['a'], unknown);
  }
  assert.ok(hasUnknown({ a: [{ b: unknown }] }));
  assert.ok(!hasUnknown({ a: [{ b: 1 }] }));
});

test('assets, archives and resources are refused with the path of the property', () => {
  for (const [kind, words] of [
    ['c44067f5952c0a294b673a41bacd8c17', 'an asset or archive'],
    ['0def7320c3a5731c473e5ecbe6d01bc7', 'an asset or archive'],
    ['5cf8f73096256a8f31e491e813e4eb8e', 'a resource'],
  ] as const) {
    assert.throws(
      () => decodeMap({ files: [{ [signature]: kind, path: '/x' }] }, ''),
      (error: Error) => error.message.startsWith(`files[0]: the value is ${words}`),
    );
  }
});
