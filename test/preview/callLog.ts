import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Operation, Resource } from '../../provider/server/resource';
import { nameOfUrn } from '../../provider/server/operation';

/** Environment variable that names the file of calls. */
export const callsFileVariable = 'PREVIEW_CALLS';

export type CallKind = 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete';

/** One call that the provider got, written when it arrives. */
export interface Call {
  readonly at: string;
  readonly pid: number;
  readonly call: CallKind;
  /** Last part of the token, e.g. `Machine`. */
  readonly type: string;
  /** Only of operations: Check and Diff are not told whom they are for. */
  readonly name?: string;
  readonly id?: string;
  readonly isProgramRun?: boolean;
}

/** The same resources, with every call of them recorded first. */
export function recordCalls(resources: readonly Resource[], file: string): readonly Resource[] {
  return resources.map((resource) => recorded(resource, file));
}

function recorded(resource: Resource, file: string): Resource {
  const type = resource.token.split(':').at(-1) ?? resource.token;
  const write = (call: CallKind, operation?: Operation, id?: string): void => {
    const line: Call = {
      at: new Date().toISOString(),
      pid: process.pid,
      call,
      type,
      ...(operation === undefined
        ? {}
        : { name: nameOfUrn(operation.urn), isProgramRun: operation.isProgramRun }),
      ...(id === undefined ? {} : { id }),
    };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  return {
    ...resource,
    check: (inputs, old) => {
      write('check');
      return resource.check(inputs, old);
    },
    diff: (old, inputs) => {
      write('diff');
      return resource.diff(old, inputs);
    },
    create: (inputs, operation) => {
      write('create', operation);
      return resource.create(inputs, operation);
    },
    read: (id, old, operation) => {
      write('read', operation, id);
      return resource.read(id, old, operation);
    },
    update: (id, old, inputs, operation) => {
      write('update', operation, id);
      return resource.update(id, old, inputs, operation);
    },
    delete: (id, old, operation) => {
      write('delete', operation, id);
      return resource.delete(id, old, operation);
    },
  };
}

/** What changes the world, one line each, in order: `delete Node n1`. */
export function changes(calls: readonly Call[]): readonly string[] {
  return calls
    .filter(({ call }) => call === 'create' || call === 'update' || call === 'delete')
    .map(({ call, type, name }) => `${call} ${type} ${name ?? ''}`);
}

/** The JSON lines of a file; empty when there is none. */
export function readLines<T>(file: string): T[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T)
    : [];
}
