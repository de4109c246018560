import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { describeWay, planJoin, type JoinContact, type JoinWay } from '../../core/joinWay';

type Alpn = 'yes' | 'no' | 'unseen';

function contact(name: string, engineVersion: string, alpn: Alpn): JoinContact {
  return {
    ...{ name, engineVersion },
    alpn: alpn === 'unseen' ? { unseen: 'no route to host' } : { seen: alpn === 'yes' },
  };
}

const old = '26.1.5';
const older = '20.10.24';

describe('planJoin', () => {
  const cases: readonly {
    readonly what: string;
    readonly joiner: string | undefined;
    readonly contacts: readonly JoinContact[];
    readonly way: readonly string[];
    readonly exception?: JoinWay['exception'];
    readonly clause: string | undefined;
  }[] = [
    {
      what: 'the first that is declared, where all offer ALPN',
      joiner: '28.5.2',
      contacts: [contact('m1', old, 'yes'), contact('m2', '28.5.2', 'yes')],
      way: ['m1', 'm2'],
      clause: 'joins through m1',
    },
    {
      what: 'a newer manager before an old one that lost ALPN',
      joiner: '28.5.2',
      contacts: [contact('m1', older, 'no'), contact('m2', '28.5.2', 'unseen')],
      way: ['m2', 'm1'],
      clause: 'joins through m2, as m1 offers no ALPN',
    },
    {
      what: 'an old one that offers ALPN before others that do not, or may not',
      joiner: '28.5.2',
      contacts: [
        contact('m1', older, 'no'),
        contact('m2', old, 'unseen'),
        contact('m3', older, 'yes'),
      ],
      way: ['m3', 'm2', 'm1'],
      clause: 'joins through m3, as m1 and m2 may offer no ALPN',
    },
    {
      what: 'one that could not be looked at is tried, without an exception in advance',
      joiner: '28.5.2',
      contacts: [contact('m1', older, 'unseen'), contact('m2', older, 'no')],
      way: ['m1', 'm2'],
      clause: 'joins through m1',
    },
    {
      what: 'an exception where nobody offers it',
      joiner: '28.5.2',
      contacts: [contact('m1', older, 'no'), contact('m2', old, 'no')],
      way: ['m1', 'm2'],
      exception: 'yes',
      clause:
        'joins through m1, and does without ALPN until it has joined: m1 and m2 offer no ALPN',
    },
    {
      what: 'the same by leading parts of the version',
      joiner: '28',
      contacts: [contact('m1', older, 'no')],
      way: ['m1'],
      exception: 'yes',
      clause: 'joins through m1, and does without ALPN until it has joined: m1 offers no ALPN',
    },
    {
      what: 'an older engine does not ask for it',
      joiner: '27.5.1',
      contacts: [contact('m1', older, 'no'), contact('m2', old, 'no')],
      way: ['m1', 'm2'],
      clause: 'joins through m1',
    },
    {
      what: 'an engine that is not known yet may ask for it',
      joiner: undefined,
      contacts: [contact('m1', older, 'no')],
      way: ['m1'],
      exception: 'unless older',
      clause:
        'joins through m1, and does without ALPN until it has joined if its engine asks for it: m1 offers no ALPN',
    },
    {
      what: '25.0.12 has lost nothing',
      joiner: '28.5.2',
      contacts: [contact('m1', '25.0.12', 'no')],
      way: ['m1'],
      clause: 'joins through m1',
    },
    { what: 'nobody to join by', joiner: '28.5.2', contacts: [], way: [], clause: undefined },
  ];
  for (const { what, joiner, contacts, way, exception = 'no', clause } of cases) {
    it(what, () => {
      const planned = planJoin(joiner, contacts);
      assert.deepEqual([planned.contacts, planned.exception], [way, exception]);
      assert.equal(describeWay(planned, contacts), clause);
    });
  }

  it('asks everybody, excepts only when everybody lacks it, and never asks one without before one with', () => {
    const version = fc.constantFrom('', 'x', '19.03', older, old, '25.0.12', '28.5.2', '29', '28');
    const one = fc
      .tuple(version, fc.constantFrom<Alpn>('yes', 'no', 'unseen'))
      .map(([engineVersion, alpn]) => contact('m', engineVersion, alpn));
    fc.assert(
      fc.property(
        fc.option(version, { nil: undefined }),
        fc.array(one, { maxLength: 7 }),
        (joiner, some) => {
          const contacts = some.map((each, index) => ({ ...each, name: `m${String(index)}` }));
          const { contacts: asked, without, exception } = planJoin(joiner, contacts);
          assert.deepEqual([...asked].sort(), contacts.map(({ name }) => name).sort());
          assert.deepEqual(asked.slice(asked.length - without.length), without);
          if (exception !== 'no') assert.equal(without.length, asked.length);
        },
      ),
    );
  });
});
