import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../../provider/registry';
import type { PropertyMap, PropertyValue, Resource } from '../../provider/server/resource';
import { forHostileValues } from '../support/hostileValues';

const managers = [
  { name: 'm1', address: '10.88.0.11', connection: { lab: 'test', machine: 'm1' } },
] as const;
const common = {
  name: 'm1',
  address: '10.88.0.11',
  clusterId: 'c',
  connection: { lab: 'test', machine: 'm1' },
  managers,
};

/** Good inputs of every resource whose values become part of a command, a path or a file on a host. */
const good: Readonly<Record<string, PropertyMap>> = {
  'swarm:index:LabMachine': {
    name: 'm1',
    lab: 'test',
    subnet: '10.88.0.0/24',
    address: '10.88.0.11',
    os: 'debian:12',
    hostPrivateKey: 'k',
    hostPublicKey: 'k',
  },
  'swarm:index:Host': { name: 'm1', address: '10.88.0.11', connection: common.connection },
  'swarm:index:Engine': {
    name: 'm1',
    machineId: 'x',
    connection: common.connection,
    managers,
    version: '26.1.5',
  },
  'swarm:index:Swarm': {
    name: 'demo',
    managers,
    declared: {
      managers: ['m1'],
      workers: ['w1'],
      vips: ['vip'],
      renamed: { m1: 'm0' },
      localData: { w1: 'keep' },
    },
  },
  'swarm:index:Node': { ...common, role: 'manager', engineId: 'x' },
  'swarm:index:VipMember': {
    ...common,
    nodeId: 'x',
    vip: 'vip',
    addresses: ['10.88.0.100/24'],
    routerId: 88,
    priority: 190,
    interface: 'eth0',
  },
};

/** Values that must never be anything but what their name says. */
const guarded = [
  'LabMachine.name',
  'LabMachine.lab',
  'LabMachine.subnet',
  'LabMachine.address',
  'Host.name',
  'Host.address',
  'Engine.name',
  'Engine.version',
  'Engine.managers[0].name',
  'Engine.managers[0].address',
  'Swarm.managers[0].name',
  'Swarm.declared.managers[0]',
  'Swarm.declared.workers[0]',
  'Swarm.declared.vips[0]',
  'Swarm.declared.renamed["m1"]',
  'Swarm.declared.localData["w1"]',
  'Node.name',
  'Node.address',
  'Node.role',
  'Node.managers[0].name',
  'Node.managers[0].address',
  'VipMember.name',
  'VipMember.address',
  'VipMember.vip',
  'VipMember.interface',
  'VipMember.addresses[0]',
  'VipMember.managers[0].address',
] as const;

function resourceOf(path: string): Resource {
  const token = `swarm:index:${path.split('.')[0] ?? ''}`;
  const found = resources.find((resource) => resource.token === token);
  assert.ok(found !== undefined, token);
  return found;
}

/** The same inputs with another value at a path such as `managers[0].name` or `renamed["m1"]`. */
function withValue(inputs: PropertyMap, path: string, value: string): PropertyMap {
  const copy = structuredClone(inputs) as Record<string, PropertyValue>;
  const keys = [...path.matchAll(/[A-Za-z]+|\d+(?=\])|"([^"]+)"/g)].map(
    (match) => match[1] ?? match[0],
  );
  const wholeKeys = keys.flatMap((key) => (/^[a-z]$/.test(key) ? [] : [key]));
  let place: Record<string, PropertyValue> = copy;
  for (const key of wholeKeys.slice(0, -1)) place = place[key] as Record<string, PropertyValue>;
  const last = wholeKeys.at(-1) ?? '';
  assert.ok(last in place, path);
  place[last] = value;
  return copy;
}

/** What may stand at any of these places: no option, no space, nothing that a shell or a file reads. */
const harmless = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,62}$/;

describe('Check: a hostile value', () => {
  it('has good inputs to begin with', () => {
    for (const [token, inputs] of Object.entries(good)) {
      const { failures } = resourceOf(token.replace('swarm:index:', '')).check(inputs, undefined);
      assert.deepEqual(failures, [], token);
    }
  });

  for (const path of guarded) {
    it(`at ${path} is refused with its path, or is harmless`, () => {
      const resource = resourceOf(path);
      const property = path.slice(path.indexOf('.') + 1);
      const inputs = good[resource.token];
      assert.ok(inputs !== undefined);
      let refused = 0;
      forHostileValues((value) => {
        const { failures } = resource.check(withValue(inputs, property, value), undefined);
        if (failures.some((failure) => failure.property === property)) refused += 1;
        else assert.match(value, harmless);
      });
      assert.ok(refused > 40);
    });
  }
});
