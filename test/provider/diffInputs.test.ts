import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { diffInputs, type InputImpact } from '../../provider/server/diffInputs';
import { renderDiff } from '../../provider/server/diffResponse';
import { unknown, type DiffResult, type PropertyMap } from '../../provider/server/resource';
import { probeResources } from '../preview/probe/resources';

const table: Readonly<Record<string, InputImpact>> = {
  os: 'replace',
  labels: 'update',
  ports: 'update',
  contacts: 'ignore',
};

const cases: readonly (readonly [string, PropertyMap, PropertyMap, DiffResult])[] = [
  ['nothing', { os: 'a' }, { os: 'a' }, { changes: {}, added: [], removed: [] }],
  ['a value', { os: 'a' }, { os: 'b' }, { changes: { os: 'replace' }, added: [], removed: [] }],
  [
    'keys of a map, one of them quoted',
    { labels: { rack: 'a', gone: 'x' } },
    { labels: { rack: 'b', 'a.b': 'y' } },
    {
      changes: { 'labels.rack': 'update', 'labels.gone': 'update', 'labels["a.b"]': 'update' },
      added: ['labels["a.b"]'],
      removed: ['labels.gone'],
    },
  ],
  [
    'a list as one value',
    { ports: [1, { a: 2 }] },
    { ports: [1, { a: 3 }] },
    { changes: { ports: 'update' }, added: [], removed: [] },
  ],
  [
    'an unknown, and what is ignored',
    { os: 'a', contacts: ['x'] },
    { os: unknown, contacts: unknown },
    { changes: { os: 'replace' }, added: [], removed: [] },
  ],
  [
    'a field outside of the table',
    { other: 1 },
    { other: 2 },
    { changes: {}, added: [], removed: [] },
  ],
];

for (const [what, old, wanted, expected] of cases) {
  test(`diffInputs: ${what}`, () => {
    assert.deepEqual(diffInputs(table, old, wanted), expected);
  });
}

test('diffInputs: known inputs do not differ from themselves', () => {
  const inputs = fc.record({
    os: fc.string(),
    labels: fc.dictionary(fc.string(), fc.string()),
    ports: fc.array(fc.record({ port: fc.nat() })),
  });
  fc.assert(
    fc.property(inputs, (each) => {
      assert.deepEqual(diffInputs(table, each, structuredClone(each)).changes, {});
    }),
  );
});

test('a diff for the engine: kinds, roots, and always delete before replace', () => {
  const [machine] = probeResources;
  assert.ok(machine !== undefined);
  const response = renderDiff(machine, {
    changes: { os: 'replace', 'labels.rack': 'update', machineId: 'update' },
    added: ['labels.rack'],
  });
  assert.deepEqual(response.getReplacesList(), ['os']);
  assert.deepEqual(response.getDiffsList(), ['os', 'labels', 'machineId']);
  assert.ok(response.getDeletebeforereplace());
  const details = response.getDetaileddiffMap();
  assert.equal(details.get('os')?.getKind(), PropertyDiff.Kind.UPDATE_REPLACE);
  assert.equal(details.get('labels.rack')?.getKind(), PropertyDiff.Kind.ADD);
  assert.equal(details.get('labels.rack')?.getInputdiff(), true);
  assert.equal(details.get('machineId')?.getInputdiff(), false);
});
