import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SwarmNodeFacts } from '../../../core/facts';
import { imageFindings, isSameReference, type ImageSight } from '../../../core/stack/imageFindings';
import { planned } from '../../support/compose/planned';

const node = (id: string): SwarmNodeFacts => ({
  ...{ id, version: 1, hostname: id, address: '10.0.0.1', role: 'worker', labels: {} },
  ...{ availability: 'active', state: 'ready', engineVersion: '26.1.5', managerStatus: undefined },
});
const plan = planned('services: { a: { image: "a:1" } }');
const no = { has: 'no', why: 'manifest unknown' } as const;
const unknown = { has: 'unknown', why: 'no such host' } as const;

test('an image is missing for sure only where all nodes and the registry say so', () => {
  const table: readonly (readonly [
    ImageSight['nodes'],
    ImageSight['registry'],
    'impossible' | 'doubtful' | 'nothing',
  ])[] = [
    [{ w1: false, w2: false }, no, 'impossible'],
    [{ w1: false, w2: false }, unknown, 'doubtful'],
    [{ w1: false, w2: true }, no, 'doubtful'],
    [{ w1: false }, no, 'doubtful'],
    [{}, no, 'nothing'],
    [{ w1: true, w2: true }, unknown, 'nothing'],
    [{ w1: false, w2: false }, { has: 'yes', why: '' }, 'nothing'],
    [{ other: false }, no, 'nothing'],
  ];
  for (const [nodes, registry, expected] of table) {
    const sight = { reference: 'a:1', nodes, registry };
    const { impossible, doubtful } = imageFindings(plan, [node('w1'), node('w2')], [sight]);
    const is = impossible.length > 0 ? 'impossible' : doubtful.length > 0 ? 'doubtful' : 'nothing';
    assert.equal(is, expected, JSON.stringify([nodes, registry]));
  }
  assert.deepEqual(imageFindings(plan, [node('w1')], []), { impossible: [], doubtful: [] });
});

test('references of one image', () => {
  for (const [one, other, isSame] of [
    ['web', 'web:latest', true],
    ['web:1', 'docker.io/library/web:1', true],
    ['acme/web:1', 'index.docker.io/acme/web:1', true],
    ['web:1', 'web:2', false],
    ['reg.example/web:1', 'web:1', false],
    ['reg.example/library/web:1', 'reg.example/web:1', false],
    ['web@sha256:aa', 'web:1@sha256:aa', true],
  ] as const) {
    assert.equal(isSameReference(one, other), isSame, `${one} ${other}`);
  }
});
