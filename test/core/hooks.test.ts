import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readHookNote, withHookNote, withoutHookNote } from '../../core/hookNote';
import {
  describeHooks,
  hookEnvironment,
  hookFor,
  hooksFaults,
  quoteHookOutput,
} from '../../core/hooks';
import type { Hook, HookSubject } from '../../core/hooks';
import { freeLabels, takenLabels } from '../../core/lease';

const subject: HookSubject = {
  ...{ moment: 'before', action: 'replace', cluster: 'prod', clusterId: 'c1' },
  ...{ node: 'w1', role: 'worker', address: '10.88.0.21' },
};

describe('hooks', () => {
  test('a node’s own is in the place of the cluster’s, moment by moment', () => {
    const hooks: Hook[] = [
      { moment: 'before', command: ['a'] },
      { moment: 'after', command: ['b'] },
      { moment: 'before', node: 'w1', command: ['c'] },
    ];
    const of = (moment: 'before' | 'after', node: string): string | undefined =>
      hookFor(hooks, moment, node)?.command[0];
    assert.deepEqual([of('before', 'w1'), of('before', 'w2'), of('after', 'w1')], ['c', 'a', 'b']);
    assert.equal(hookFor(hooks.slice(2), 'before', 'w2'), undefined);
  });

  test('nothing of Pulumi’s own reaches a hook, and what it is told nobody overrides', () => {
    const env = hookEnvironment(
      { PATH: '/bin', PULUMI_CONFIG_PASSPHRASE: 'p', SWARM_NODE: 'x', NONE: undefined },
      { moment: 'before', command: ['a'], env: { TOKEN: 't' } },
      subject,
    );
    assert.deepEqual(env, {
      ...{ PATH: '/bin', TOKEN: 't', SWARM_HOOK: 'before', SWARM_ACTION: 'replace' },
      ...{ SWARM_CLUSTER: 'prod', SWARM_CLUSTER_ID: 'c1', SWARM_NODE: 'w1' },
      ...{ SWARM_ROLE: 'worker', SWARM_ADDRESS: '10.88.0.21' },
    });
  });

  test('whatever a hook prints, no value of its env is in what is quoted, also line by line', () => {
    const value = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
    const values = fc.array(
      value.filter((text) => text.trim() !== ''),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(values, fc.array(fc.string()), (secrets, noise) => {
        const env = Object.fromEntries(secrets.map((each, index) => [`V${String(index)}`, each]));
        const output = [...noise, ...secrets].join('\n');
        const quoted = quoteHookOutput(output, { env }).replaceAll('[secret]', '');
        const isPart = (text: string): boolean => '[secret]'.includes(text);
        for (const secret of secrets.map((each) => each.trim()).filter((each) => !isPart(each))) {
          assert.ok(!quoted.includes(secret), JSON.stringify([secret, quoted]));
        }
      }),
    );
    const key = 'first line\nsecond line';
    assert.equal(quoteHookOutput(`x second line y\n`, { env: { KEY: key } }), 'x [secret] y');
    assert.equal(quoteHookOutput('SWMTKN-1-abc-def', {}), '[secret]');
  });

  test('the last twenty lines are quoted', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${String(index)}`);
    assert.deepEqual(quoteHookOutput(lines.join('\n'), {}).split('\n'), lines.slice(10));
  });

  test('faults are told with their paths, and no value of env with them', () => {
    const hooks = {
      before: [],
      after: {
        command: ['a\0b'],
        timeoutSeconds: 0,
        env: { 'A-B': 'v1', SWARM_NODE: 'v2', OK: 'v\0' },
      },
    };
    const faults = hooksFaults('hooks', hooks);
    assert.deepEqual(
      faults.map(({ property }) => property),
      [
        ...['hooks.before', 'hooks.after.command', 'hooks.after.env["A-B"]'],
        ...['hooks.after.env["SWARM_NODE"]', 'hooks.after.env["OK"]', 'hooks.after.timeoutSeconds'],
      ],
    );
    assert.ok(!/v1|v2/.test(JSON.stringify(faults)));
    assert.deepEqual(hooksFaults('hooks', { before: ['a', ''], after: { command: ['b'] } }), []);
    assert.deepEqual(hooksFaults('hooks', 'text'), []);
  });

  test('a plan names programs, and nothing where there is none', () => {
    assert.equal(describeHooks({}), undefined);
    assert.equal(
      describeHooks({ before: './a', after: './b' }),
      'hooks on this computer: before ./a, after ./b',
    );
  });

  test('a note outlives the lease, and a damaged one is due all the same', () => {
    const noted = withHookNote({ holder: 'x' }, 'w1', 'inPlace');
    const lease = { holder: 'y', operation: 'o', since: 's' };
    for (const labels of [freeLabels(noted), takenLabels(noted, lease, 1)]) {
      assert.equal(readHookNote(labels, 'w1'), 'inPlace');
      assert.equal(readHookNote(labels, 'w2'), undefined);
      assert.equal(readHookNote(withoutHookNote(labels, 'w1'), 'w1'), undefined);
    }
    assert.equal(readHookNote({ 'hook.w1': 'rubbish' }, 'w1'), 'replace');
  });
});
