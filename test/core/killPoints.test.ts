import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { steps } from '../../core/steps';
import type { JournalLine } from '../../demo/report/journal';
import { replacementSteps } from '../../scenarios/kills/replacementSteps';
import { nameOfStep, type StepName } from '../../scenarios/kills/stepNames';
import { describePoint, pointsOf } from '../../scenarios/kills/stepPoint';

const names = Object.keys(steps) as StepName[];
const word = fc.stringMatching(/^[a-z][a-z0-9:.-]{0,8}$/);

describe('where kills hit', () => {
  test('every sentence of core/steps.ts is known by its step again, whatever the names in it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(word, { minLength: 2, maxLength: 2 }),
        (step, words) => {
          const say: (...names: string[]) => string = steps[step];
          assert.equal(nameOfStep(say(...words)), step);
        },
      ),
    );
    assert.equal(nameOfStep('create service web and wait until its tasks run'), undefined);
  });

  test('a stand-in adds its two steps, and what is no part of a replacement is in neither', () => {
    const without = replacementSteps(false);
    const more = replacementSteps(true).filter((step) => !without.includes(step));
    assert.deepEqual(more, ['standIn', 'dismiss']);
    assert.deepEqual(names.filter((step) => !replacementSteps(true).includes(step)).sort(), [
      'abandon',
      'alignVip',
      'archive',
      'autolock',
      'backUp',
      'changeSource',
      'configureEngine',
      'drainServer',
      'endBackup',
      'evict',
      'fetchEngine',
      'forget',
      'found',
      'giveServerBack',
      'hookAfter',
      'hookBefore',
      'installBalancer',
      'installVip',
      'keepEngine',
      'moveOne',
      'moveTasks',
      'overlayUntried',
      'prepareImage',
      'promote',
      'provideImages',
      'putBackEngine',
      'recover',
      'release',
      'reloadEngine',
      'restartEngine',
      'restore',
      'setAside',
      'snapshots',
      'snapshotsAsBefore',
      'startBalancer',
      'stopBalancer',
      'unlock',
      'withAlpn',
      'withoutAlpn',
    ]);
  });

  test('points are counted per operation, and other nodes and ends of steps are none', () => {
    const line = (
      event: 'start' | 'end',
      resource: string,
      name: string,
      sentence: string,
    ): JournalLine => ({
      at: '2026-01-01T00:00:00.000Z',
      event,
      operation: 'delete',
      urn: `urn:pulumi:s::p::swarm:index:SwarmCluster$swarm:index:${resource}::${name}`,
      name,
      sentence,
    });
    const points = pointsOf(
      [
        line('start', 'VipMember', 'm1', steps.gate('m1')),
        line('end', 'VipMember', 'm1', steps.gate('m1')),
        line('start', 'Node', 'm2', steps.gate('m2')),
        line('start', 'Node', 'm1', steps.gate('m1')),
        line('start', 'Node', 'm1', steps.standIn('w1', 'm1')),
        line('start', 'Node', 'm1', steps.gate('m1')),
      ],
      'm1',
    );
    assert.deepEqual(points.map(describePoint), [
      'gate, in the delete of the VipMember',
      'gate, in the delete of the Node',
      'standIn, in the delete of the Node',
      'gate, in the delete of the Node, time 2',
    ]);
    assert.throws(() => pointsOf([line('start', 'Node', 'm1', 'do something new')], 'm1'), {
      message: /"do something new" of Node m1 is none of core\/steps\.ts/,
    });
  });
});
