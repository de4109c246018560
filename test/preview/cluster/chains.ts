import type { Run } from '../harness';
import { changes } from '../callLog';
import assert from 'node:assert/strict';

type Role = 'manager' | 'worker';

/** Machine, engine and node; a manager has a VIP member as its last link. */
function links(role: Role): readonly string[] {
  return ['LabMachine', 'Engine', 'Node', ...(role === 'manager' ? ['VipMember'] : [])];
}

/** What building one node's chain calls, in this order; its key is made when there is none. */
export function build(role: Role, name: string): readonly string[] {
  return links(role).map((link) => `create ${link} ${name}`);
}

/** What taking one node's chain down calls, in this order. */
export function takeDown(role: Role, name: string): readonly string[] {
  return [...links(role)].reverse().map((link) => `delete ${link} ${name}`);
}

export function rebuild(role: Role, name: string): readonly string[] {
  return [...takeDown(role, name), ...build(role, name)];
}

/** What changes nodes and their swarm: images of machines are looked at on their own. */
export function nodeChanges({ calls }: Run): readonly string[] {
  return changes(calls).filter((change) => !change.includes(' NodeImage '));
}

/** The run succeeded, and changed exactly this, in this order. */
export function assertDone(run: Run, expected: readonly string[]): void {
  assert.equal(run.exitCode, 0, run.output);
  assert.deepEqual(nodeChanges(run), expected);
}

/** The run failed with this text, and changed exactly this, in this order. */
export function assertFailed(run: Run, text: string | RegExp, expected: readonly string[]): void {
  assert.notEqual(run.exitCode, 0, run.output);
  if (typeof text === 'string') assert.ok(run.output.includes(text), run.output);
  else assert.match(run.output, text);
  assert.deepEqual(nodeChanges(run), expected);
}

/** These come in this order, whatever is between them. */
export function assertOrder(done: readonly string[], expected: readonly string[]): void {
  assert.deepEqual(
    done.filter((each) => expected.includes(each)),
    expected,
  );
}
