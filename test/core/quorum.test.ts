import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quorum, removal, tolerance } from '../../core/quorum';

/** Every subset of `members` members, as bit masks. */
function subsets(members: number): readonly number[] {
  return Array.from({ length: 2 ** members }, (_, mask) => mask);
}

function size(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}

/** By the book: more than half of all, counted by hand. */
function isMajority(mask: number, members: number): boolean {
  return size(mask) * 2 > members;
}

describe('quorum', () => {
  const rows = [
    { members: 1, quorum: 1, tolerance: 0 },
    { members: 2, quorum: 2, tolerance: 0 },
    { members: 3, quorum: 2, tolerance: 1 },
    { members: 4, quorum: 3, tolerance: 1 },
    { members: 5, quorum: 3, tolerance: 2 },
    { members: 6, quorum: 4, tolerance: 2 },
    { members: 7, quorum: 4, tolerance: 3 },
  ];
  for (const row of rows) {
    it(`of ${String(row.members)} is ${String(row.quorum)}, and ${String(row.tolerance)} may fail`, () => {
      assert.equal(quorum(row.members), row.quorum);
      assert.equal(tolerance(row.members), row.tolerance);
    });
  }

  it('of no members tolerates nothing', () => {
    assert.equal(tolerance(0), 0);
  });

  it('makes any two majorities intersect, and nothing smaller does', () => {
    for (let members = 1; members <= 9; members++) {
      const enough = subsets(members).filter((mask) => size(mask) >= quorum(members));
      for (const a of enough) {
        for (const b of enough) assert.notEqual(a & b, 0, `${String(members)} members`);
      }
      const smaller = subsets(members).filter((mask) => size(mask) === quorum(members) - 1);
      const all = 2 ** members - 1;
      assert.ok(
        smaller.every((mask) => size(all & ~mask) >= size(mask)),
        `one less than the quorum of ${String(members)} leaves at least as many others`,
      );
    }
  });
});

describe('removal', () => {
  const rows = [
    { rule: 'three, all up: one may go', members: 3, reachable: 2, isAllowed: true, spare: 0 },
    { rule: 'three, another down: refused', members: 3, reachable: 1, isAllowed: false, spare: -1 },
    {
      rule: 'three, the dead one itself goes',
      members: 3,
      reachable: 2,
      isAllowed: true,
      spare: 0,
    },
    { rule: 'two, both up: one may go', members: 2, reachable: 1, isAllowed: true, spare: 0 },
    { rule: 'two, the other down: refused', members: 2, reachable: 0, isAllowed: false, spare: -1 },
    { rule: 'the last one never goes', members: 1, reachable: 0, isAllowed: false, spare: -1 },
    { rule: 'four, all up: one to spare', members: 4, reachable: 3, isAllowed: true, spare: 1 },
    { rule: 'five, all up: one to spare', members: 5, reachable: 4, isAllowed: true, spare: 1 },
    { rule: 'five, one down: none to spare', members: 5, reachable: 3, isAllowed: true, spare: 0 },
    { rule: 'five, two down: refused', members: 5, reachable: 2, isAllowed: false, spare: -1 },
    { rule: 'seven, two down: none to spare', members: 7, reachable: 4, isAllowed: true, spare: 0 },
    { rule: 'seven, three down: refused', members: 7, reachable: 3, isAllowed: false, spare: -1 },
  ];
  for (const row of rows) {
    it(row.rule, () => {
      const numbers = removal(row.members, row.reachable);
      assert.equal(numbers.isAllowed, row.isAllowed);
      assert.equal(numbers.toleranceWhileOut, row.spare);
    });
  }

  it('agrees with a twin that looks for a reachable majority among those who remain', () => {
    for (let members = 1; members <= 9; members++) {
      const remaining = members - 1;
      for (const reachable of subsets(remaining)) {
        const hasMajority = subsets(remaining).some(
          (group) => isMajority(group, remaining) && (group & reachable) === group,
        );
        assert.equal(
          removal(members, size(reachable)).isAllowed,
          hasMajority,
          `${String(members)} members, ${String(size(reachable))} others reachable`,
        );
      }
    }
  });

  it('leaves, whenever it is allowed, exactly so many failures as it says until the majority is lost', () => {
    for (let members = 2; members <= 9; members++) {
      for (let reachable = 0; reachable < members; reachable++) {
        const numbers = removal(members, reachable);
        if (!numbers.isAllowed) continue;
        const carries = (failures: number): boolean => (reachable - failures) * 2 > members - 1;
        assert.ok(carries(numbers.toleranceWhileOut));
        assert.ok(!carries(numbers.toleranceWhileOut + 1));
      }
    }
  });
});
