import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CheckRequest,
  ConfigureRequest,
  CreateRequest,
  DiffRequest,
  ProviderHandshakeRequest,
  type CheckResponse,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Lifecycle } from '../../provider/server/lifecycle';
import { fromStruct, toStruct } from '../../provider/server/propertyValues';
import { createProviderService } from '../../provider/server/providerService';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import { resourceOf } from '../support/providerHarness';

const urn = 'urn:pulumi:test::test::swarm:index:Barrier::all';

/** A provider with one resource, and what it has done so far. */
function provider(): {
  readonly ask: (method: string, request: unknown) => Promise<unknown>;
  readonly done: string[];
} {
  const done: string[] = [];
  const log = { write: () => undefined, flush: () => Promise.resolve() };
  const service = createProviderService({
    ...{ version: '1.2.3', log, lifecycle: new Lifecycle(() => undefined) },
    begin: async () => {
      done.push('loaded');
      return {
        provider: {
          ...{ name: 'swarm', version: '1.2.3', functions: [] },
          resources: [resourceOf('swarm:index:Barrier')],
        },
        host: {
          effects: new FakeWorld().effects(),
          log,
          journal: () => undefined,
          signal: new AbortController().signal,
          isProgramRun: () => true,
          isRegistered: () => true,
          isCancelled: () => false,
          onChange: () => done.push('changes'),
        },
      };
    },
    onCheck: () => undefined,
    onCancel: () => done.push('cancelled'),
    onEngine: () => undefined,
  });
  const ask = (method: string, request: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const handle = service[method] as unknown as (
        call: { readonly request: unknown },
        callback: (error: Error | null, answer?: unknown) => void,
      ) => void;
      handle({ request }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  return { ask, done };
}

test('a process that only introduces itself loads nothing', async () => {
  const { ask, done } = provider();
  await ask('handshake', new ProviderHandshakeRequest());
  await ask('getPluginInfo', new Empty());
  await ask('checkConfig', new CheckRequest());
  await ask('diffConfig', new DiffRequest());
  await ask('configure', new ConfigureRequest());
  await ask('cancel', new Empty());
  assert.deepEqual(done, ['cancelled']);
});

test('requests that come while it loads are all answered, and it loads once', async () => {
  const { ask, done } = provider();
  const names = ['a', 'b', 'c'];
  const answers = await Promise.all(
    names.map((name) => {
      const request = new CheckRequest();
      request.setUrn(urn);
      request.setNews(toStruct({ name }));
      return ask('check', request) as Promise<CheckResponse>;
    }),
  );
  assert.deepEqual(
    answers.map((answer) => fromStruct(answer.getInputs())['name']),
    names,
  );
  assert.deepEqual(done, ['loaded']);
});

test('a preview is no change', async () => {
  const { ask, done } = provider();
  const request = (isPreview: boolean): CreateRequest => {
    const create = new CreateRequest();
    create.setUrn(urn);
    create.setPreview(isPreview);
    create.setProperties(toStruct({ name: 'all', nodes: [] }));
    return create;
  };
  await ask('create', request(true));
  assert.deepEqual(done, ['loaded']);
  await ask('create', request(false));
  assert.deepEqual(done, ['loaded', 'changes']);
});
