import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadRequest } from '@pulumi/pulumi/proto/provider_pb';
import { fromStruct, toStruct } from '../../provider/server/propertyValues';
import { Registrations } from '../../provider/server/registrations';
import { ResourceHandlers } from '../../provider/server/resourceHandlers';
import { founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { resourceOf } from '../support/providerHarness';

test('the state after a Read holds what was seen, not the inputs of the run before', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 1));
  world.edit(({ swarms }) => {
    for (const node of Object.values(swarms).flatMap(({ nodes }) => nodes)) {
      node.availability = 'drain';
    }
  });
  const node = resourceOf('swarm:index:Node');
  const handlers = new ResourceHandlers(
    [node],
    {
      effects: world.effects(),
      log: { write: () => undefined, flush: () => Promise.resolve() },
      journal: () => undefined,
      signal: new AbortController().signal,
      isProgramRun: () => false,
      isRegistered: (token, name) => new Registrations().has(token, name),
      isCancelled: () => false,
      onChange: () => undefined,
    },
    () => undefined,
  );
  const saved = stack.get('Node', 'w1');
  const request = new ReadRequest();
  request.setUrn(saved.urn);
  request.setId(saved.id);
  request.setInputs(toStruct(saved.inputs, node.inputs));
  request.setProperties(toStruct({ ...saved.inputs, ...saved.outputs }, node.inputs));
  const response = await handlers.read(request);
  assert.equal(fromStruct(response.getInputs())['availability'], 'drain');
  const state = fromStruct(response.getProperties());
  assert.equal(state['availability'], 'drain');
  assert.equal(state['nodeId'], saved.outputs['nodeId']);
});
