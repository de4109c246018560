import { randomUUID } from 'node:crypto';
import { SwarmError } from '../../../core/errors';
import { diffInputs, type InputImpact } from '../../../provider/server/diffInputs';
import type {
  Operation,
  PropertyMap,
  PropertySchema,
  Resource,
} from '../../../provider/server/resource';
import { readOrders } from './orders';

const schemas: Readonly<Record<string, PropertySchema>> = {
  labels: {
    type: 'object',
    description: 'Labels.',
    additionalProperties: { type: 'string', description: 'Value.' },
  },
  contacts: {
    type: 'array',
    description: 'Contacts.',
    items: { type: 'string', description: 'Contact.' },
  },
  password: { type: 'string', description: 'Password.', isSecret: true },
};

const text: PropertySchema = { type: 'string', description: 'Text.' };

/**
 * A node's chain with nothing behind it: Machine, Engine, Node. Each takes the identity of the one
 * before. The orders file tells an operation to fail, to wait, or to find its host silent.
 */
export const probeResources: readonly Resource[] = [
  link({
    type: 'Machine',
    impacts: { os: 'replace', labels: 'update', password: 'update', peer: 'update' },
    identity: 'machineId',
  }),
  link({
    type: 'Engine',
    impacts: { machineId: 'replace', version: 'replace' },
    identity: 'engineId',
  }),
  link({
    type: 'Node',
    impacts: { engineId: 'replace', role: 'update', contacts: 'ignore' },
    identity: 'nodeId',
    refreshBeforeUpdate: true,
  }),
];

function link(spec: {
  readonly type: string;
  readonly impacts: Readonly<Record<string, InputImpact>>;
  readonly identity: string;
  readonly refreshBeforeUpdate?: boolean;
}): Resource {
  const act = async (
    kind: string,
    operation: Operation,
  ): Promise<{ readonly initErrors?: readonly string[] }> => {
    const subject = `${kind} ${spec.type} ${operation.name}`;
    const orders = readOrders();
    for (const sentence of orders.steps?.[subject] ?? [`${subject} is done`]) {
      await operation.step(sentence, () => operation.effects.clock.sleep(orders.stepMs ?? 0));
    }
    const fault = orders.fail?.[subject];
    if (fault !== undefined) {
      throw new SwarmError('ProbeOrdered', fault);
    }
    const initErrors = orders.initErrors?.[subject];
    return initErrors === undefined ? {} : { initErrors };
  };

  return {
    token: `probe:index:${spec.type}`,
    description: `A ${spec.type} that is nothing but its state.`,
    inputs: Object.fromEntries(
      Object.keys(spec.impacts).map((name) => [name, schemas[name] ?? text]),
    ),
    outputs: {
      [spec.identity]: { type: 'string', description: 'Identity.' },
      seal: { type: 'string', description: 'A secret that the provider makes.', isSecret: true },
      reachable: { type: 'boolean', description: 'Whether the last look was answered.' },
    },
    ...(spec.refreshBeforeUpdate === undefined
      ? {}
      : { refreshBeforeUpdate: spec.refreshBeforeUpdate }),
    importing: { instead: 'declare it' },
    check: (inputs) => ({
      inputs,
      failures:
        inputs['os'] === 'bad'
          ? [
              { property: 'os', reason: 'there is no such system' },
              { property: 'labels.rack', reason: 'not in this room' },
            ]
          : [],
    }),
    diff: (old, inputs) => diffInputs(spec.impacts, old.inputs, inputs),
    previewCreate: () => [`${spec.type} would be made`],
    previewUpdate: () => [`${spec.type} would be changed`],
    create: async (_inputs, operation) => {
      const outcome = await act('create', operation);
      const id = `${spec.type.toLowerCase()}-${operation.name}-${randomUUID().slice(0, 8)}`;
      return { id, outputs: outputsOf(spec.identity, id), ...outcome };
    },
    read: async (id, old, operation) => {
      const outcome = await act('read', operation);
      if (readOrders().silent?.includes(operation.name) === true) {
        operation.log('warning', `${operation.name}: does not answer; its last state is kept`);
        return {
          id,
          inputs: old.inputs,
          outputs: { ...old.state, reachable: false },
          ...outcome,
        };
      }
      return {
        id,
        inputs: old.inputs,
        outputs: { ...old.state, ...outputsOf(spec.identity, id) },
        ...outcome,
      };
    },
    update: async (id, _old, _inputs, operation) => {
      const outcome = await act('update', operation);
      return { outputs: outputsOf(spec.identity, id), ...outcome };
    },
    delete: async (_id, _old, operation) => {
      await act('delete', operation);
    },
  };
}

function outputsOf(identity: string, id: string): PropertyMap {
  return { [identity]: id, seal: `seal-of-${id}`, reachable: true };
}
