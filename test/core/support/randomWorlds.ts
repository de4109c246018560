import * as fc from 'fast-check';
import type { EngineInfo, Sight, SwarmNodeFacts } from '../../../core/facts';
import type { GateFacts, GateTarget } from '../../../core/gate';
import type { RolloutDeclaration, RolloutFacts } from '../../../core/rolloutFacts';

/** Worlds without any consistency: few names and addresses, so that they collide often. */
const name = fc.constantFrom('m1', 'm2', 'm3', 'w1', 'w2', '', '__proto__');
const address = fc.constantFrom('10.88.0.11', '10.88.0.12', '10.88.0.13', 'fd00::11', '', 'x');
const label = fc.dictionary(
  fc.constantFrom('com.pulumi.swarm.managed', 'com.pulumi.swarm.os', 'constructor'),
  fc.constantFrom('', 'true', 'debian:12', 'debian:13'),
);

function sight<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Sight<T>> {
  return fc.oneof(
    { weight: 4, arbitrary: value.map((seen) => ({ seen })) },
    { weight: 1, arbitrary: fc.constant({ unseen: 'no route to host' }) },
  );
}

const node: fc.Arbitrary<SwarmNodeFacts> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  version: fc.nat(),
  hostname: name,
  address,
  role: fc.constantFrom('manager', 'worker'),
  availability: fc.constantFrom('active', 'pause', 'drain'),
  state: fc.constantFrom('unknown', 'down', 'ready', 'disconnected'),
  labels: label,
  engineVersion: fc.constantFrom('', '20.10.24', '26.1.5'),
  managerStatus: fc.option(
    fc.record({
      isLeader: fc.boolean(),
      reachability: fc.constantFrom('unknown', 'unreachable', 'reachable'),
      address: address.map((ip) => (ip.includes(':') ? `[${ip}]:2377` : `${ip}:2377`)),
    }),
    { nil: undefined },
  ),
});

const info: fc.Arbitrary<EngineInfo> = fc.record({
  engineVersion: fc.constantFrom('20.10.24', '26.1.5'),
  dataRoot: fc.constant('/var/lib/docker'),
  localNodeState: fc.constantFrom('inactive', 'pending', 'active', 'error', 'locked'),
  nodeId: fc.constantFrom('a', 'b'),
  nodeAddress: address,
  isControlAvailable: fc.boolean(),
  error: fc.constantFrom('', 'The swarm does not have a leader.'),
  clusterId: fc.constantFrom(undefined, 'one', 'two'),
  managers: fc.nat(9),
  nodes: fc.nat(9),
  remoteManagers: fc.constant([]),
});

const list = fc.array(node, { maxLength: 7 });

export const randomGateFacts: fc.Arbitrary<GateFacts> = fc.record({
  clusterId: fc.constant('one'),
  managers: fc.array(fc.record({ name, address, info: sight(info), managers: sight(list) }), {
    maxLength: 4,
  }),
  nodes: sight(list),
  workers: fc.array(name, { maxLength: 3 }),
  going: fc.array(name, { maxLength: 2 }),
  isRootRotationInProgress: fc.boolean(),
  maxUnavailable: fc.integer({ min: 1, max: 3 }),
  services: sight(fc.array(fc.record({ node: name, sentence: fc.string() }), { maxLength: 2 })),
});

export const randomTarget: fc.Arbitrary<GateTarget> = fc.record({
  name,
  role: fc.constantFrom('manager', 'worker'),
});

const declaredNode = fc.record({
  name,
  address,
  os: fc.constantFrom(undefined, 'debian:12', 'debian:13'),
  engineVersion: fc.constantFrom(undefined, '26.1', '20.10.24'),
});

export const randomDeclaration: fc.Arbitrary<RolloutDeclaration> = fc.record({
  managers: fc.array(declaredNode, { maxLength: 4 }),
  workers: fc.array(declaredNode, { maxLength: 4 }),
  maxUnavailable: fc.oneof(fc.integer(), fc.double(), fc.constantFrom('10%', '', 'x', '0%')),
});

export const randomRolloutFacts: fc.Arbitrary<RolloutFacts> = fc.record({
  managers: fc.array(
    fc.record({
      name,
      swarm: fc.constantFrom('member', 'none', 'absent', 'unknown'),
      os: fc.constantFrom(undefined, 'debian:12', 'debian:13'),
    }),
    { maxLength: 4 },
  ),
  gate: fc.option(randomGateFacts, { nil: undefined }),
  nodes: sight(list),
  vipHolder: fc.option(name, { nil: undefined }),
});
