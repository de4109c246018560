import { balanceFaults } from '../../core/balancer/balanceFaults';
import { errorMessage } from '../../core/errors';
import { steps } from '../../core/steps';
import { bringBalancerUp } from '../operations/balancer/bringBalancerUp';
import type { BalancerInputs } from '../operations/balancer/balancerSpec';
import { lookAtBalancer } from '../operations/balancer/lookAtBalancer';
import { takeBalancerDown } from '../operations/balancer/takeBalancerDown';
import { diffInputs } from '../server/diffInputs';
import type { Operation, PropertyMap, PropertyValue, Resource } from '../server/resource';
import { newId, whereThereIsNone } from './identities';
import { contactFaults } from './nameFaults';
import { isHostname } from '../../core/addresses';
import { textFault } from '../../core/textFault';
import {
  any,
  checkProperties,
  connectionProperty,
  count,
  list,
  managersProperty,
  record,
  seconds,
  text,
  shown,
} from './properties';

const inputs = {
  name: text('Name of the node that HAProxy runs on.'),
  nodeId: text('ID of the node in the swarm. A change replaces the balancer.'),
  clusterId: text('ID of the swarm.'),
  connection: connectionProperty,
  managers: managersProperty,
  addresses: list(
    { type: 'string', description: 'An address with its prefix length, e.g. `10.88.0.100/24`.' },
    'The virtual addresses that it listens on. Changed in place.',
    true,
  ),
  ports: list(
    record(
      {
        listen: count(
          'Port of the virtual addresses. No published one: Docker takes every packet to those.',
          true,
        ),
        target: count('Published port of the nodes.', true),
        mode: text('`tcp` or `http`. Default: tcp.', false),
        check: any(
          '`tcp`, or a map with `http` and a path that a healthy node answers with 200–399. Default: tcp.',
        ),
      },
      'A port that is balanced.',
    ),
    'What is balanced. Changed in place, by a reload that cuts no connection.',
    true,
  ),
  servers: list(
    record(
      { name: text('Name of the node.'), address: text('IP address of the node.') },
      'A node that requests go to.',
    ),
    'The nodes behind it. Changed in place, by a reload that cuts no connection.',
    true,
  ),
  drainSeconds: seconds(
    'Seconds that the requests of a node that goes have to come to their end. Default: 30. Changed in place.',
  ),
  timeouts: record(
    { start: seconds('Seconds until HAProxy runs with its configuration. Default: 60.') },
    'How long steps may take.',
    false,
  ),
};

const impacts = {
  name: 'replace',
  nodeId: 'replace',
  clusterId: 'ignore',
  connection: 'ignore',
  managers: 'ignore',
  addresses: 'update',
  ports: 'update',
  servers: 'update',
  drainSeconds: 'update',
  timeouts: 'ignore',
} as const satisfies Record<keyof BalancerInputs, unknown>;

/** HAProxy on one node of a virtual IP: up before the address may come, and stopped after it has left. */
export const balancer: Resource = {
  token: 'swarm:index:Balancer',
  description:
    'HAProxy on a node of a virtual IP, over the published ports of all nodes. A node is drained in it before it goes, and given back when it is healthy again.',
  inputs,
  outputs: { balancerId: text('Identity of this balancer.') },
  refreshBeforeUpdate: true,
  importing: {
    instead: 'declare it: `pulumi up` takes over a HAProxy that this resource configured before',
  },
  check: (wanted) => ({
    inputs: wanted,
    failures: [
      ...checkProperties(inputs, wanted),
      ...contactFaults(wanted['managers']),
      ...textFault('name', wanted['name'], isHostname, 'is no host name'),
      ...balanceFaults({
        ports: asList(wanted['ports']),
        servers: asList(wanted['servers']),
        addresses: asList(wanted['addresses']),
        drainSeconds: wanted['drainSeconds'],
      }),
    ],
  }),
  diff: (old, wanted) => diffInputs(impacts, old.inputs, wanted),
  previewCreate: (wanted, operation) => [
    `${whereThereIsNone(operation)}${steps.startBalancer(shown(wanted['name']))}`,
  ],
  previewUpdate: (wanted) => [`reload HAProxy on ${shown(wanted['name'])}`],
  create: async (wanted, operation) => {
    const id = newId('balancer', shown(wanted['name']));
    return { id, ...(await bringUp(id, wanted, operation)) };
  },
  read: (id, { inputs: known, state }, operation) => read(id, known, state, operation),
  update: (id, _old, wanted, operation) => bringUp(id, wanted, operation),
  delete: (id, { inputs: known }, operation) =>
    takeBalancerDown(id, known as unknown as BalancerInputs, operation),
};

async function bringUp(
  id: string,
  wanted: PropertyMap,
  operation: Operation,
): Promise<{ outputs: PropertyMap }> {
  const spec = wanted as unknown as BalancerInputs;
  const host = await operation.effects.hosts.connect(spec.connection);
  await bringBalancerUp(operation, host, spec, id);
  return { outputs: { balancerId: id } };
}

async function read(
  id: string,
  known: PropertyMap,
  state: PropertyMap,
  operation: Operation,
): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap }> {
  const spec = known as unknown as BalancerInputs;
  const last = { id, inputs: known, outputs: state };
  try {
    const { servers, why } = await lookAtBalancer(operation, id, spec);
    if (why === undefined) return last;
    operation.log('warning', `${spec.name}: ${why}; \`pulumi up\` mends it`);
    // Servers that it does not use are a difference from the declaration, so that Update is called.
    const used = servers.map(({ name, address }) => ({ name, address }));
    return { ...last, inputs: { ...known, servers: used } };
  } catch (error) {
    operation.log('warning', `${spec.name}: HAProxy was not looked at: ${errorMessage(error)}`);
    return last;
  }
}

function asList(value: PropertyValue | undefined): readonly PropertyValue[] | undefined {
  return Array.isArray(value) ? (value as readonly PropertyValue[]) : undefined;
}
