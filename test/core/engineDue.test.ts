import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineDueOf, enginesDue } from '../../core/engineDue';

test('engines that nodes get: one entry for all nodes of the same wish, in their order', () => {
  const [docker, distribution] = [{ kind: 'docker' }, { kind: 'distribution' }] as const;
  assert.deepEqual(enginesDue([]), []);
  assert.deepEqual(
    enginesDue([
      { name: 'm1', version: '28.5', source: docker },
      { name: 'w1', os: 'debian:13', version: '28.5', source: distribution },
      { name: 'm2', version: '28.5', source: docker },
      { name: 'w2', source: docker },
    ]),
    [
      { nodes: ['m1', 'm2'], version: '28.5', source: docker },
      { nodes: ['w1'], os: 'debian:13', version: '28.5', source: distribution },
      { nodes: ['w2'], source: docker },
    ],
  );
});

test('the engine that one node gets: that of its entry, or nothing', () => {
  const docker = { nodes: ['m1', 'm2'], source: { kind: 'docker' } } as const;
  const other = { nodes: ['w1'], version: '28.5', source: { kind: 'distribution' } } as const;
  for (const [name, due] of [
    ['m2', docker],
    ['w1', other],
    ['w2', undefined],
  ] as const) {
    assert.equal(engineDueOf([docker, other], name), due, name);
  }
  assert.equal(engineDueOf(undefined, 'm1'), undefined);
});
