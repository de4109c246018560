import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeleteRequest, ReadRequest } from '@pulumi/pulumi/proto/provider_pb';
import { fromStruct, toStruct } from '../../provider/server/propertyValues';
import { ResourceHandlers } from '../../provider/server/resourceHandlers';
import { founded } from '../support/clusterState';
import { cluster } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { resourceOf } from '../support/providerHarness';
import type { Saved } from '../support/savedResource';

const node = resourceOf('swarm:index:Node');

function handlersOn(world: FakeWorld, isProgramRun: boolean): ResourceHandlers {
  return new ResourceHandlers(
    [node],
    {
      effects: world.effects(),
      log: { write: () => undefined, flush: () => Promise.resolve() },
      journal: () => undefined,
      signal: new AbortController().signal,
      isProgramRun: () => isProgramRun,
      isRegistered: () => isProgramRun,
      isCancelled: () => false,
      onChange: () => undefined,
    },
    () => undefined,
  );
}

/** A Read of a node whose state holds all inputs, as one did that an earlier version has made. */
function readOf(saved: Saved): ReadRequest {
  const request = new ReadRequest();
  request.setUrn(saved.urn);
  request.setId(saved.id);
  request.setInputs(toStruct(saved.inputs, node.inputs));
  request.setProperties(toStruct({ ...saved.inputs, ...saved.outputs }, node.inputs));
  return request;
}

test('the state after a Read holds what was seen, not the inputs of the run before', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(1, 1));
  world.edit(({ swarms }) => {
    for (const entry of Object.values(swarms).flatMap(({ nodes }) => nodes)) {
      entry.availability = 'drain';
    }
  });
  const saved = stack.get('Node', 'w1');
  const response = await handlersOn(world, false).read(readOf(saved));
  assert.equal(fromStruct(response.getInputs())['availability'], 'drain');
  const state = fromStruct(response.getProperties());
  assert.equal(state['availability'], 'drain');
  assert.equal(state['nodeId'], saved.outputs['nodeId']);
});

test('how a node is reached is kept with its inputs alone, and its delete finds it there', async () => {
  const world = new FakeWorld();
  const stack = await founded(world, cluster(3, 1));
  const handlers = handlersOn(world, true);
  const saved = stack.get('Node', 'w1');
  const read = await handlers.read(readOf(saved));
  assert.equal(read.getInputs(), undefined, 'inputs that are as they were stay with the engine');
  const state = fromStruct(read.getProperties());
  assert.deepEqual(
    Object.keys(saved.inputs).filter((key) => !(key in state)),
    ['connection', 'managers'],
  );
  const request = new DeleteRequest();
  request.setUrn(saved.urn);
  request.setId(saved.id);
  request.setOldInputs(toStruct(saved.inputs, node.inputs));
  request.setProperties(read.getProperties());
  await handlers.delete(request);
  assert.ok(!world.swarm().nodes.some(({ hostname }) => hostname === 'w1'));
});
