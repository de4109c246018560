import {
  Server,
  ServerCredentials,
  type handleUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import {
  ResourceProviderService,
  type IResourceProviderServer,
} from '@pulumi/pulumi/proto/provider_grpc_pb';
import {
  CheckResponse,
  ConfigureResponse,
  CreateResponse,
  DiffResponse,
  InvokeResponse,
  ProviderHandshakeResponse,
  ReadResponse,
  UpdateResponse,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import { resolveMaxUnavailable, workerBatches } from '../../core/order';

/**
 * A provider that does nothing: it checks nothing, looks at nothing, and answers at once. What the same
 * program costs on it is Pulumi's own cost and the program's.
 */

type Values = Readonly<Record<string, JavaScriptValue>>;

/** How the engine sends a value that is not known yet. */
const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** What the resources that others take something of have besides their inputs. */
const outputNames: Readonly<Record<string, readonly string[]>> = {
  HostIdentity: ['privateKey', 'publicKey'],
  LabMachine: ['machineId', 'image'],
  Engine: ['engineId', 'version', 'revision'],
  Swarm: ['clusterId', 'unlockKey'],
  Node: ['nodeId'],
};

function typeOf(urn: string): string {
  return urn.split('::')[2]?.split(':').at(-1) ?? '';
}

function outputsOf(urn: string, value: (name: string) => string): Values {
  return Object.fromEntries((outputNames[typeOf(urn)] ?? []).map((name) => [name, value(name)]));
}

function valuesOf(struct: Struct | undefined): Values {
  return struct?.toJavaScript() ?? {};
}

/** A machine is replaced by its system; every other link by an identity that is not known yet. */
function isReplaced(old: Values, wanted: Values): boolean {
  return old['os'] !== wanted['os'] || Object.values(wanted).includes(unknownValue);
}

/** As declared, in batches as ours makes them: the graph is the same. */
function plan(args: Values): Values {
  const names = (key: string): string[] =>
    (args[key] as readonly { readonly name: string }[]).map(({ name }) => name);
  const workers = names('workers').map((name) => ({ name, isLeader: false, isBroken: false }));
  const maxUnavailable = resolveMaxUnavailable(
    args['maxUnavailable'] as number | string,
    workers.length,
  );
  return {
    swarm: 'live',
    managers: names('managers'),
    batches: workerBatches(workers, maxUnavailable).map((batch) => [...batch]),
    maxUnavailable,
    turns: [],
    reasons: [],
    warnings: [],
  };
}

function answer<Q, A>(handle: (request: Q) => A): handleUnaryCall<Q, A> {
  return (call, callback) => {
    callback(null, handle(call.request));
  };
}

const service: Partial<IResourceProviderServer> & UntypedServiceImplementation = {
  handshake: answer(() => {
    const response = new ProviderHandshakeResponse();
    response.setAcceptSecrets(false);
    return response;
  }),
  attach: answer(() => new Empty()),
  getPluginInfo: answer(() => {
    const response = new PluginInfo();
    response.setVersion('0.1.0');
    return response;
  }),
  checkConfig: answer((request) => {
    const response = new CheckResponse();
    response.setInputs(request.getNews());
    return response;
  }),
  diffConfig: answer(() => new DiffResponse()),
  configure: answer(() => {
    const response = new ConfigureResponse();
    response.setSupportspreview(true);
    return response;
  }),
  check: answer((request) => {
    const response = new CheckResponse();
    response.setInputs(request.getNews());
    return response;
  }),
  diff: answer((request) => {
    const [old, wanted] = [valuesOf(request.getOldInputs()), valuesOf(request.getNews())];
    const response = new DiffResponse();
    const isSame = JSON.stringify(old) === JSON.stringify(wanted);
    response.setChanges(
      isSame ? DiffResponse.DiffChanges.DIFF_NONE : DiffResponse.DiffChanges.DIFF_SOME,
    );
    if (!isSame && isReplaced(old, wanted)) {
      response.setReplacesList(['os']);
      response.setDeletebeforereplace(true);
    }
    return response;
  }),
  create: answer((request) => {
    const response = new CreateResponse();
    const isPreview = request.getPreview();
    const name = request.getUrn().split('::').at(-1) ?? '';
    const made = outputsOf(request.getUrn(), (key) =>
      isPreview ? unknownValue : `${key}-${name}`,
    );
    response.setId(isPreview ? '' : name);
    response.setProperties(
      Struct.fromJavaScript({ ...valuesOf(request.getProperties()), ...made }),
    );
    return response;
  }),
  read: answer((request) => {
    const response = new ReadResponse();
    response.setId(request.getId());
    response.setInputs(request.getInputs());
    response.setProperties(request.getProperties());
    return response;
  }),
  update: answer((request) => {
    const response = new UpdateResponse();
    const known = { ...valuesOf(request.getOlds()), ...valuesOf(request.getNews()) };
    response.setProperties(Struct.fromJavaScript(known));
    return response;
  }),
  delete: answer(() => new Empty()),
  invoke: answer((request) => {
    const response = new InvokeResponse();
    response.setReturn(Struct.fromJavaScript(plan(valuesOf(request.getArgs()))));
    return response;
  }),
  cancel: answer(() => new Empty()),
};

const most = 400 * 1024 * 1024;
const server = new Server({ 'grpc.max_receive_message_length': most });
server.addService(ResourceProviderService, service);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${String(port)}\n`);
});
const end = (): void => {
  process.exit(0);
};
process.on('SIGINT', end);
process.stdin.on('end', end).resume();
