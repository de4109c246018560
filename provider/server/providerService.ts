import type { handleUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { IResourceProviderServer } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import {
  CheckResponse,
  ConfigureResponse,
  DiffResponse,
  GetSchemaResponse,
  InvokeResponse,
  ProviderHandshakeResponse,
  type InvokeRequest,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { SwarmError } from '../../core/errors';
import type { EngineLog } from './engineLog';
import type { Lifecycle } from './lifecycle';
import { createOperation, type OperationHost } from './operation';
import { renderPackageSchema, type ProviderPackage } from './packageSchema';
import { fromStruct, toStruct } from './propertyValues';
import { checkFailure, ResourceHandlers } from './resourceHandlers';
import { rpcError } from './rpcErrors';

/** What the provider offers, and what its operations share. */
export interface ProviderWork {
  readonly provider: ProviderPackage;
  readonly host: OperationHost;
}

export interface ServiceOptions {
  readonly version: string;
  /** Called once, when the engine first asks for something that a process which only introduces itself does not need. */
  readonly begin: () => Promise<ProviderWork>;
  readonly log: EngineLog;
  readonly lifecycle: Lifecycle;
  /** A program registers something of ours. */
  readonly onCheck: (urn: string) => void;
  readonly onCancel: () => void;
  /** The engine that started, or attached to, this process. */
  readonly onEngine: (address: string) => void;
}

/**
 * The methods of `pulumirpc.ResourceProvider` that we have. Those that are missing here (Construct,
 * Call, List, Parameterize, GetMapping) are answered UNIMPLEMENTED by grpc-js, which the engine
 * understands as "not offered".
 */
export function createProviderService(options: ServiceOptions): UntypedServiceImplementation {
  const { log, lifecycle } = options;
  let begun: Promise<ProviderWork & { readonly resources: ResourceHandlers }> | undefined;
  const work = (): NonNullable<typeof begun> =>
    (begun ??= options.begin().then(({ provider, host }) => ({
      ...{ provider, host },
      resources: new ResourceHandlers(provider.resources, host, options.onCheck),
    })));

  /** A quick answer. */
  const answer =
    <Q, A>(handle: (request: Q) => A | Promise<A>): handleUnaryCall<Q, A> =>
    (call, callback) => {
      void respond(log, async () => handle(call.request)).then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(rpcError(error));
        },
      );
    };
  /** Work on the world, which the process does not leave unfinished. */
  const operate = <Q, A>(handle: (request: Q) => Promise<A>): handleUnaryCall<Q, A> =>
    answer((request) => lifecycle.track(() => handle(request)));

  return {
    handshake: answer((request) => {
      options.onEngine(request.getEngineAddress());
      const response = new ProviderHandshakeResponse();
      // Without accepting secrets we get plain values, and the engine puts the marks back on
      // everything of the same name in our answers.
      response.setAcceptSecrets(false);
      return response;
    }),
    attach: answer((request) => {
      options.onEngine(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: answer(() => {
      const response = new PluginInfo();
      response.setVersion(options.version);
      return response;
    }),
    getSchema: answer(async (request) => {
      if (request.getVersion() !== 0) {
        throw new SwarmError(
          'SchemaVersionUnknown',
          `schema: version ${request.getVersion()} was asked for, and only 0 is known; use a Pulumi CLI that asks for 0`,
        );
      }
      const response = new GetSchemaResponse();
      response.setSchema(JSON.stringify(renderPackageSchema((await work()).provider)));
      return response;
    }),
    // The provider has no configuration of its own: connections belong to the resources, so that a
    // change of one never reads as a change of all.
    checkConfig: answer((request) => {
      const response = new CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: answer(() => {
      const response = new DiffResponse();
      response.setChanges(DiffResponse.DiffChanges.DIFF_NONE);
      return response;
    }),
    configure: answer(() => {
      const response = new ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    }),
    check: answer(async (request) => (await work()).resources.check(request)),
    diff: answer(async (request) => (await work()).resources.diff(request)),
    create: operate(async (request) => (await work()).resources.create(request)),
    read: operate(async (request) => (await work()).resources.read(request)),
    update: operate(async (request) => (await work()).resources.update(request)),
    delete: operate(async (request) => (await work()).resources.delete(request)),
    invoke: operate(async (request) => {
      const { provider, host } = await work();
      return invoke(provider, host, request);
    }),
    // Every run ends with it. With work in flight it is Ctrl-C: the engine waits for that work and
    // saves its result, so nothing is aborted.
    cancel: answer(() => {
      options.onCancel();
      return new Empty();
    }),
  } satisfies Partial<IResourceProviderServer>;
}

async function invoke(
  provider: ProviderPackage,
  host: OperationHost,
  request: InvokeRequest,
): Promise<InvokeResponse> {
  const token = request.getTok();
  const fn = provider.functions.find((candidate) => candidate.token === token);
  if (fn === undefined) {
    throw new SwarmError(
      'FunctionUnknown',
      `${token}: this provider has no such function; it has ${provider.functions.map((each) => each.token).join(', ')}; use the package's version that has it`,
      { source: 'user' },
    );
  }
  const operation = createOperation(host, {
    kind: 'call',
    urn: '',
    name: token,
    timeout: 0,
    isPreview: request.getPreview(),
  });
  const outcome = await fn.call(fromStruct(request.getArgs()), operation);
  const response = new InvokeResponse();
  if ('failures' in outcome) {
    response.setFailuresList(outcome.failures.map(checkFailure));
  } else {
    response.setReturn(toStruct(outcome.result, fn.outputs));
  }
  return response;
}

/** Runs a handler; its lines are on the screen before its answer is, and a fault's stack is in the debug log. */
async function respond<A>(log: EngineLog, handle: () => Promise<A>): Promise<A> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Error && !(error instanceof SwarmError)) {
      log.write({ severity: 'debug', message: error.stack ?? error.message, urn: '' });
    }
    throw error;
  } finally {
    await log.flush();
  }
}
