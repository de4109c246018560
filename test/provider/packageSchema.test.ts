import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { renderPackageSchema } from '../../provider/server/packageSchema';
import { toStruct } from '../../provider/server/propertyValues';
import { InitFailure, rpcError } from '../../provider/server/rpcErrors';
import { parseEngineAddress } from '../../provider/server/serve';
import { probeResources } from '../preview/probe/resources';
import { resourceOf } from '../support/providerHarness';

test('the schema names inputs, outputs, what is required and what is secret', () => {
  const schema = renderPackageSchema({
    name: 'probe',
    version: '0.1.0',
    resources: probeResources,
    functions: [
      {
        token: 'probe:index:plan',
        description: 'Plans.',
        inputs: { nodes: { type: 'array', description: 'Nodes.', isRequired: true } },
        outputs: { count: { type: 'integer', description: 'How many.' } },
        call: () => Promise.resolve({ result: {} }),
      },
    ],
  });
  const machine = (schema['resources'] as Record<string, Record<string, unknown>>)[
    'probe:index:Machine'
  ];
  assert.deepEqual((machine?.['inputProperties'] as Record<string, unknown>)['labels'], {
    description: 'Labels.',
    type: 'object',
    additionalProperties: { type: 'string' },
  });
  assert.deepEqual((machine?.['properties'] as Record<string, unknown>)['seal'], {
    description: 'A secret that the provider makes.',
    type: 'string',
    secret: true,
  });
  assert.deepEqual(machine?.['required'], ['machineId', 'seal', 'reachable']);
  assert.deepEqual((schema['functions'] as Record<string, unknown>)['probe:index:plan'], {
    description: 'Plans.',
    inputs: {
      type: 'object',
      properties: {
        nodes: {
          description: 'Nodes.',
          type: 'array',
          items: { $ref: 'pulumi.json#/Any' },
        },
      },
      required: ['nodes'],
    },
    outputs: {
      type: 'object',
      properties: { count: { description: 'How many.', type: 'integer' } },
      required: ['count'],
    },
  });
});

test('"built but not ready" travels as a binary status with ID, state and reasons', () => {
  const error = rpcError(
    new InitFailure({
      id: 'e-1',
      properties: toStruct({ version: '26.1' }),
      inputs: toStruct({}),
      reasons: ['engine m1: is not ready'],
      refreshBeforeUpdate: false,
    }),
  );
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  assert.ok(bytes instanceof Buffer);
  const detail = Status.deserializeBinary(bytes)
    .getDetailsList()[0]
    ?.unpack(
      (packed: Uint8Array) => ErrorResourceInitFailed.deserializeBinary(packed),
      'pulumirpc.ErrorResourceInitFailed',
    );
  assert.ok(detail !== undefined && detail !== null);
  assert.equal(detail.getId(), 'e-1');
  assert.deepEqual(detail.getReasonsList(), ['engine m1: is not ready']);
  assert.deepEqual(detail.getProperties()?.toJavaScript(), { version: '26.1' });
});

test("the engine's address is found behind the CLI's logging flags", () => {
  assert.equal(parseEngineAddress(['127.0.0.1:4000']), '127.0.0.1:4000');
  assert.equal(
    parseEngineAddress(['--logtostderr', '-v=9', '--tracing', 'file:x', '127.0.0.1:4000']),
    '127.0.0.1:4000',
  );
  assert.equal(parseEngineAddress([]), undefined);
});

test('how a node is reached is an input and no property of it', () => {
  const { resources } = renderPackageSchema({
    ...{ name: 'swarm', version: '0.1.0', functions: [] },
    resources: [resourceOf('swarm:index:Node')],
  }) as { readonly resources: Record<string, Record<string, unknown>> };
  const node = resources['swarm:index:Node'];
  for (const name of ['connection', 'managers', 'registries']) {
    assert.ok(name in (node?.['inputProperties'] as object));
    assert.ok(!(name in (node?.['properties'] as object)));
    assert.ok(!(node?.['required'] as readonly string[]).includes(name));
  }
  assert.ok('labels' in (node?.['properties'] as object));
});
