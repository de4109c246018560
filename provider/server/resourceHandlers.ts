import { isDeepStrictEqual } from 'node:util';
import {
  CheckFailure,
  CheckResponse,
  CreateResponse,
  ReadResponse,
  UpdateResponse,
  type CheckRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type ReadRequest,
  type UpdateRequest,
} from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { SwarmError, type InputFailure } from '../../core/errors';
import { withoutSecrets } from '../../core/redaction';
import { renderDiff } from './diffResponse';
import type { OperationKind } from './journal';
import { createOperation, nameOfUrn, typeOfUrn, type OperationHost } from './operation';
import { fromStruct, toStruct } from './propertyValues';
import {
  isInputOnly,
  unknown,
  type Operation,
  type PropertyMap,
  type ReadResult,
  type Resource,
} from './resource';
import { InitFailure } from './rpcErrors';

/** The engine's calls for custom resources. Each is one whole request; errors are thrown. */
export class ResourceHandlers {
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #host: OperationHost;
  readonly #onCheck: (urn: string) => void;
  /** The engine checks and previews a replaced resource twice; its sentences are shown once. */
  readonly #shownSentences = new Set<string>();

  constructor(resources: readonly Resource[], host: OperationHost, onCheck: (urn: string) => void) {
    this.#resources = new Map(resources.map((resource) => [resource.token, resource]));
    this.#host = host;
    this.#onCheck = onCheck;
  }

  check(request: CheckRequest): CheckResponse {
    this.#onCheck(request.getUrn());
    const resource = this.#resourceOf(request.getUrn());
    const olds = request.getOlds();
    const { inputs, failures } = resource.check(
      fromStruct(request.getNews()),
      olds === undefined ? undefined : fromStruct(olds),
    );
    const response = new CheckResponse();
    response.setInputs(toStruct(inputs, resource.inputs));
    response.setFailuresList(failures.map(checkFailure));
    return response;
  }

  diff(request: DiffRequest): DiffResponse {
    const resource = this.#resourceOf(request.getUrn());
    const old = known(request.getOldInputs(), request.getOlds());
    return renderDiff(resource, resource.diff(old, fromStruct(request.getNews())));
  }

  async create(request: CreateRequest): Promise<CreateResponse> {
    const resource = this.#resourceOf(request.getUrn());
    const inputs = fromStruct(request.getProperties());
    const response = new CreateResponse();
    response.setRefreshBeforeUpdate(isRefreshed(resource, inputs));
    if (request.getPreview()) {
      const operation = this.#operation('create', request, true);
      this.#show(request.getUrn(), (await resource.previewCreate?.(inputs, operation)) ?? []);
      response.setProperties(stateOf(resource, inputs, unknownOutputs(resource, inputs)));
      return response;
    }
    const created = await resource.create(inputs, this.#operation('create', request));
    const properties = stateOf(resource, inputs, created.outputs);
    raiseInitErrors(resource, created, created.id, inputs, properties);
    response.setId(created.id);
    response.setProperties(properties);
    this.#noteInterruption(resource, 'create', request.getUrn(), inputs);
    return response;
  }

  async update(request: UpdateRequest): Promise<UpdateResponse> {
    const resource = this.#resourceOf(request.getUrn());
    const inputs = fromStruct(request.getNews());
    const old = known(request.getOldInputs(), request.getOlds());
    const response = new UpdateResponse();
    response.setRefreshBeforeUpdate(isRefreshed(resource, inputs));
    if (request.getPreview()) {
      const operation = this.#operation('update', request, true);
      const said = await resource.previewUpdate?.(inputs, old.state, operation);
      this.#show(request.getUrn(), said ?? []);
      const outputs = {
        ...outputsOnly(resource, old.state),
        ...resource.previewOutputs?.(inputs, old.state),
      };
      response.setProperties(stateOf(resource, inputs, outputs));
      return response;
    }
    const id = request.getId();
    const updated = await resource.update(id, old, inputs, this.#operation('update', request));
    const properties = stateOf(resource, inputs, updated.outputs);
    raiseInitErrors(resource, updated, id, inputs, properties);
    response.setProperties(properties);
    this.#noteInterruption(resource, 'update', request.getUrn(), inputs);
    return response;
  }

  /** An import is a Read with an ID and nothing else. An answer without an ID says that it is gone. */
  async read(request: ReadRequest): Promise<ReadResponse> {
    const resource = this.#resourceOf(request.getUrn());
    const old = known(request.getInputs(), request.getProperties());
    const response = new ReadResponse();
    const operation = this.#operation('read', request);
    const isImport = Object.keys(old.state).length === 0;
    const found = isImport
      ? await importOf(resource, request.getId(), operation)
      : await resource.read(request.getId(), old, operation);
    if (found === undefined) {
      return response;
    }
    // A Read hands back the state that it got, with the inputs of the last run in it: what was seen stands.
    const properties = stateOf(resource, found.inputs, outputsOnly(resource, found.outputs));
    raiseInitErrors(resource, found, found.id, found.inputs, properties);
    response.setId(found.id);
    // What is left out stays as the engine has it, and it decodes and logs each value that comes back.
    if (isImport || !isDeepStrictEqual(found.inputs, old.inputs)) {
      response.setInputs(toStruct(found.inputs, resource.inputs));
    }
    response.setProperties(properties);
    response.setRefreshBeforeUpdate(isRefreshed(resource, found.inputs));
    return response;
  }

  async delete(request: DeleteRequest): Promise<Empty> {
    const resource = this.#resourceOf(request.getUrn());
    const old = known(request.getOldInputs(), request.getProperties());
    await resource.delete(request.getId(), old, this.#operation('delete', request));
    this.#noteInterruption(resource, 'delete', request.getUrn(), old.inputs);
    return new Empty();
  }

  #resourceOf(urn: string): Resource {
    const token = typeOfUrn(urn);
    const resource = this.#resources.get(token);
    if (resource === undefined) {
      throw new SwarmError(
        'ResourceUnknown',
        `${nameOfUrn(urn)}: this provider has no resource ${token}; it has ${[...this.#resources.keys()].join(', ')}; use the package's version that made it`,
        { source: 'user' },
      );
    }
    return resource;
  }

  #operation(
    kind: OperationKind,
    request: { getUrn(): string; getTimeout(): number },
    isPreview = false,
  ): Operation {
    const urn = request.getUrn();
    return createOperation(this.#host, {
      kind,
      urn,
      name: nameOfUrn(urn),
      timeout: request.getTimeout(),
      isPreview,
    });
  }

  /** After Ctrl-C the engine starts nothing new: the user is told what that leaves open. */
  #noteInterruption(
    resource: Resource,
    kind: 'create' | 'update' | 'delete',
    urn: string,
    inputs: PropertyMap,
  ): void {
    const message = this.#host.isCancelled() ? resource.interrupted?.(kind, inputs) : undefined;
    if (message !== undefined) this.#host.log.write({ severity: 'warning', message, urn });
  }

  #show(urn: string, sentences: readonly string[]): void {
    for (const message of sentences) {
      const key = `${urn}\n${message}`;
      if (!this.#shownSentences.has(key)) {
        this.#shownSentences.add(key);
        // In the row of its resource, where the plan is read from the top: node by node, in order.
        this.#host.log.write({ severity: 'info', message, urn, isEphemeral: true });
      }
    }
  }
}

export function checkFailure(failure: InputFailure): CheckFailure {
  const message = new CheckFailure();
  message.setProperty(failure.property);
  message.setReason(withoutSecrets(failure.reason));
  return message;
}

function importOf(resource: Resource, id: string, operation: Operation): Promise<ReadResult> {
  const { importing } = resource;
  if ('read' in importing) return importing.read(id, operation);
  throw new SwarmError(
    'NothingToImport',
    `${operation.name}: a ${resource.token} is not imported; ${importing.instead}`,
    { source: 'user' },
  );
}

/**
 * The state that the engine keeps: the outputs, and of the inputs those that say what the resource is. How it is reached is kept once,
 * with the inputs: that is most of what a node has, it holds secrets, and the engine encodes, decodes and logs each value of a state
 * at each call.
 */
function stateOf(resource: Resource, inputs: PropertyMap, outputs: PropertyMap): Struct {
  const state = Object.entries({ ...inputs, ...outputs });
  const kept = state.filter(([key]) => !isInputOnly(resource, key));
  return toStruct(Object.fromEntries(kept), { ...resource.inputs, ...resource.outputs });
}

/** What the engine knows of a resource: its state with all of its inputs in it, as resources take it. */
function known(
  lastInputs: Struct | undefined,
  stored: Struct | undefined,
): { readonly inputs: PropertyMap; readonly state: PropertyMap } {
  const inputs = fromStruct(lastInputs);
  return { inputs, state: { ...inputs, ...fromStruct(stored) } };
}

function isRefreshed({ refreshBeforeUpdate }: Resource, inputs: PropertyMap): boolean {
  return typeof refreshBeforeUpdate === 'function'
    ? refreshBeforeUpdate(inputs)
    : refreshBeforeUpdate === true;
}

function unknownOutputs(resource: Resource, inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.keys(resource.outputs)
      .filter((key) => inputs[key] === undefined)
      .map((key) => [key, unknown]),
  );
}

/** The state without its inputs: an input that the program no longer gives must not live on there. */
function outputsOnly(resource: Resource, state: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(state).filter(([key]) => !(key in resource.inputs)));
}

function raiseInitErrors(
  resource: Resource,
  result: { readonly initErrors?: readonly string[] },
  id: string,
  inputs: PropertyMap,
  properties: Struct,
): void {
  if (result.initErrors !== undefined && result.initErrors.length > 0) {
    throw new InitFailure({
      id,
      properties,
      inputs: toStruct(inputs, resource.inputs),
      reasons: result.initErrors,
      refreshBeforeUpdate: isRefreshed(resource, inputs),
    });
  }
}
