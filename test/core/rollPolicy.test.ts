import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseRollPolicy, renderRollPolicy, rollPolicyLabel } from '../../core/rollPolicy';
import type { RollPolicy } from '../../core/rollPolicy';

describe('how nodes go, as the swarm carries it', () => {
  it('is read as it was written', () => {
    const seconds = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    const policy = fc.record(
      {
        maxUnavailable: fc.integer({ min: 1, max: 1000 }),
        timeouts: fc.record(
          { gate: seconds, drain: seconds, demote: seconds, leave: seconds },
          { requiredKeys: [] },
        ),
        standIn: fc.oneof(fc.constant(true as const), fc.string()),
        startFirst: fc.oneof(fc.constant(true as const), fc.array(fc.string())),
        allowOutage: fc.boolean(),
        backup: fc.record({ directory: fc.string({ minLength: 1 }) }),
        engines: fc.array(
          fc.record(
            {
              nodes: fc.array(fc.string()),
              os: fc.string(),
              version: fc.string(),
              source: fc.constantFrom(
                { kind: 'distribution' as const },
                { kind: 'docker' as const },
              ),
            },
            { requiredKeys: ['nodes', 'source'] },
          ),
        ),
        vip: fc.record({ allowGap: fc.boolean(), preferred: fc.string() }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(policy, (wanted: RollPolicy) => {
        const labels = { [rollPolicyLabel]: renderRollPolicy(wanted) };
        assert.deepEqual({ ...parseRollPolicy(labels) }, JSON.parse(JSON.stringify(wanted)));
      }),
    );
  });

  const none = [
    '',
    'x',
    'null',
    '[]',
    '{"maxUnavailable":0}',
    '{"maxUnavailable":1.5}',
    '{"timeouts":{"gate":0}}',
    '{"timeouts":{"gate":"1"}}',
    '{"timeouts":{"wait":1}}',
    '{"timeouts":[]}',
    '{"standIn":false}',
    '{"standIn":1}',
    '{"allowOutage":"true"}',
    '{"backup":{}}',
    '{"backup":{"directory":""}}',
    '{"engines":[{"nodes":["m1"]}]}',
    '{"engines":[{"nodes":"m1","source":{"kind":"docker"}}]}',
    '{"engines":[{"nodes":[],"source":{"kind":"other"}}]}',
    '{"vip":1}',
    '{"vip":{"allowGap":"yes"}}',
    '{"vip":{"more":1}}',
    '{"more":1}',
  ];
  for (const text of none) {
    it(`${text === '' ? 'an empty text' : text} is none: half of one would be a guess`, () => {
      assert.equal(parseRollPolicy({ [rollPolicyLabel]: text }), undefined);
    });
  }

  it('no label is none', () => {
    assert.equal(parseRollPolicy({}), undefined);
  });
});
