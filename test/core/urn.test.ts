import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { urnIdentity } from '../../core/urn';
import { forHostileTexts } from './support/hostileText';

const word = fc.stringMatching(/^[A-Za-z0-9_./-]{1,20}$/);
const type = fc.tuple(word, word, word).map((parts) => parts.join(':'));
const parents = fc.array(type, { maxLength: 4 });

interface Parts {
  readonly stack: string;
  readonly project: string;
  readonly type: string;
  readonly name: string;
}

function urn({ stack, project, type: own, name }: Parts, chain: readonly string[]): string {
  return `urn:pulumi:${stack}::${project}::${[...chain, own].join('$')}::${name}`;
}

const parts: fc.Arbitrary<Parts> = fc.record({
  stack: word,
  project: word,
  type,
  name: fc.oneof(
    word,
    fc.tuple(word, word).map((two) => two.join('::')),
  ),
});

describe('urnIdentity', () => {
  it('does not depend on the chain of parents', () => {
    fc.assert(
      fc.property(parts, parents, parents, (own, a, b) => {
        assert.equal(urnIdentity(urn(own, a)), urnIdentity(urn(own, b)));
      }),
    );
  });

  it('tells any two resources apart by stack, project, own type and name', () => {
    fc.assert(
      fc.property(parts, parts, parents, (a, b, chain) => {
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        assert.equal(urnIdentity(urn(a, chain)) === urnIdentity(urn(b, [])), isSame);
      }),
    );
    fc.assert(
      fc.property(
        parts,
        fc.constantFrom('stack' as const, 'project' as const, 'type' as const, 'name' as const),
        (own, key) => {
          assert.notEqual(
            urnIdentity(urn(own, [])),
            urnIdentity(urn({ ...own, [key]: `${own[key]}x` }, [])),
          );
        },
      ),
    );
  });

  it('gives some text for any text', () => {
    forHostileTexts((text) => {
      assert.equal(typeof urnIdentity(text), 'string');
    });
  });
});
