import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Refusal, RefusedProgram } from './support/refusedPrograms';

function runRefused(name: RefusedProgram): Refusal {
  const script = join(__dirname, 'support', 'refusedPrograms.js');
  const printed = execFileSync(process.execPath, [script, name], { encoding: 'utf8' });
  return JSON.parse(printed.slice(printed.lastIndexOf('\n'))) as Refusal;
}

describe('SwarmCluster: what it refuses', () => {
  test('every fault of a declaration at once, before anything is looked at or registered', () => {
    const refusal = runRefused('faultyDeclaration');
    assert.deepEqual(refusal.registered, ['SwarmCluster demo']);
    assert.deepEqual(refusal.calls, []);
    assert.equal(refusal.printed.length, 1);
    const [head, ...faults] = refusal.printed[0]?.split('\n') ?? [];
    assert.equal(head, 'demo: 9 faults in the declaration; nothing was touched:');
    assert.deepEqual(
      faults.map((fault) => /^  (\S+): ./.exec(fault)?.[1]),
      [
        'managers[1].name',
        'workers[0].address',
        'workers[0].labels["com.pulumi.swarm.os"]',
        'workers[0].name',
        'managers[1].address',
        'vip.routerId',
        'vip.addresses[0]',
        'vip.addresses[1]',
        'maxUnavailable',
      ],
    );
  });

  test('an unsafe plan, with every reason, before anything is registered; no stack is printed', () => {
    const refusal = runRefused('unsafePlan');
    assert.deepEqual(refusal.registered, ['SwarmCluster demo']);
    assert.deepEqual(refusal.calls, ['swarm:index:planRollout']);
    assert.deepEqual(refusal.printed, [
      [
        'demo: this run could not be carried out safely now; nothing was touched:',
        '  m3 does not answer: no route',
        '  manager m3 is unreachable',
      ].join('\n'),
    ]);
  });
});

describe('labMachines: what it refuses', () => {
  test('a machine without an os, by name', () => {
    const { printed, registered } = runRefused('machineWithoutOs');
    assert.deepEqual(registered, ['SwarmWorker w1']);
    assert.match(printed.join('\n'), /w1: a lab machine needs an `os`, e\.g\. debian:13/);
  });
});
