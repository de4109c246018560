import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SwarmNodeFacts } from '../../core/facts';
import { managedLabel } from '../../core/labels';
import { describeRemovals } from '../../core/removals';

const node = (hostname: string, more: Partial<SwarmNodeFacts> = {}): SwarmNodeFacts => ({
  ...{ id: hostname, version: 1, hostname, address: '', role: 'worker', availability: 'active' },
  ...{ state: 'ready', labels: { [managedLabel]: 'true' }, engineVersion: '26.1.5' },
  ...{ managerStatus: undefined, ...more },
});

test('a node of ours that nobody declares goes with the hook before; others are not in the plan', () => {
  const nodes = [
    node('w1'),
    node('w2'),
    node('old'),
    node('theirs', { labels: {} }),
    // Evicted at the head of the run, without a hook.
    node('dead', { state: 'down' }),
  ];
  const declared = [{ name: 'w1' }, { name: 'new', previousName: 'old' }];
  assert.deepEqual(describeRemovals(nodes, declared, './out.sh'), [
    'w2 is no longer declared, and goes at the end of the run; hooks on this computer: before ./out.sh',
  ]);
  assert.deepEqual(describeRemovals(nodes, declared, undefined), []);
});
