import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeSilence, planOverlay } from '../../core/overlay';
import type { OverlayFacts, OverlayPlan } from '../../core/overlay';
import { managerNode, workerNode } from './support/swarmFacts';

/** m2 has joined beside m1, which answers. */
const facts: OverlayFacts = {
  nodeId: 'id-m2',
  nodes: [managerNode('m1'), managerNode('m2', {}, { availability: 'drain' })],
  isUnfinished: false,
  hasIngress: true,
  peerId: 'id-m1',
  otherManagers: ['m1', 'm3'],
};
const drained = managerNode('m2', {}, { availability: 'drain' });

const rows: readonly (readonly [string, Partial<OverlayFacts>, OverlayPlan])[] = [
  ['a drained node with a ready peer', {}, { kind: 'try' }],
  ['a node that serves', { nodes: [managerNode('m1'), managerNode('m2')] }, { kind: 'inService' }],
  [
    'a node that serves, and never answered',
    { nodes: [managerNode('m1'), managerNode('m2')], isUnfinished: true },
    { kind: 'try' },
  ],
  [
    'a node that is not listed yet',
    { nodeId: 'id-m9' },
    { kind: 'wait', why: 'the node is not listed' },
  ],
  [
    'the only node',
    { nodes: [drained], peerId: undefined },
    { kind: 'untried', why: 'no other node is up', isAlone: true },
  ],
  [
    'the only node that is not down',
    { nodes: [drained, workerNode('w1', { state: 'down' })], peerId: undefined },
    { kind: 'untried', why: 'no other node is up', isAlone: true },
  ],
  [
    'a swarm whose ingress network was removed',
    { hasIngress: false },
    { kind: 'untried', why: 'the swarm has no ingress network', isAlone: false },
  ],
  [
    'the only manager beside workers',
    { nodes: [drained, workerNode('w1')], peerId: undefined, otherManagers: [] },
    {
      kind: 'untried',
      why: 'only managers can be asked, and no other one is declared',
      isAlone: false,
    },
  ],
  [
    'no answer from the other managers is no leave to go on',
    { peerId: undefined },
    { kind: 'wait', why: 'none of m1, m3 can be asked' },
  ],
  [
    'a peer that a new leader does not know yet',
    { nodes: [managerNode('m1', {}, { state: 'unknown' }), drained] },
    { kind: 'wait', why: 'the peer is unknown' },
  ],
  [
    'a peer that answers and is down to the leader',
    { nodes: [managerNode('m1', {}, { state: 'down' }), drained, workerNode('w1')] },
    { kind: 'wait', why: 'the peer is down' },
  ],
];

describe('whether the overlay of a node is tried', () => {
  for (const [what, change, expected] of rows) {
    test(what, () => {
      assert.deepEqual(planOverlay({ ...facts, ...change }), expected);
    });
  }
});

describe('what is said of two ends', () => {
  const end = (name: string, answer: 'open' | 'refused' | 'silent') => ({
    name,
    address: `10.20.0.${name.slice(1)}`,
    answer,
  });
  test('a refusal is an answer, and so is an open port', () => {
    assert.equal(describeSilence(end('m1', 'refused'), end('m2', 'open')), undefined);
  });
  test('each silent way is named', () => {
    assert.equal(
      describeSilence(end('m1', 'silent'), end('m2', 'silent')),
      'm1 gets no answer from m2 at 10.20.0.2, m2 gets no answer from m1 at 10.20.0.1',
    );
    assert.equal(
      describeSilence(end('m1', 'refused'), end('m2', 'silent')),
      'm2 gets no answer from m1 at 10.20.0.1',
    );
  });
});
