import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseCertificateSubject } from '../../../core/parse/certificateSubject';

const cluster = 'z04jvxgx1glsi7028j7s6smyb';
const node = 'plx0mzzrz7zjr4zqxqyd1ucdy';

describe('parseCertificateSubject', () => {
  it('reads a manager and a worker', () => {
    for (const role of ['manager', 'worker'] as const) {
      const subject = `O=${cluster}\nOU=swarm-${role}\nCN=${node}`;
      assert.deepEqual(parseCertificateSubject(subject), {
        clusterId: cluster,
        nodeId: node,
        role,
      });
    }
  });

  const strangers = [
    ['empty', ''],
    ['no role', `O=${cluster}\nCN=${node}`],
    ['another role', `O=${cluster}\nOU=swarm-ca\nCN=${node}`],
    ['a role of every object', `O=${cluster}\nOU=constructor\nCN=${node}`],
    ['no cluster', `OU=swarm-manager\nCN=${node}`],
    ['two clusters', `O=${cluster}\nO=${node}\nOU=swarm-manager\nCN=${node}`],
    ['something that is no ID', `O=${cluster}\nOU=swarm-manager\nCN=$(reboot)`],
    ['an ID that is cut', `O=${cluster}\nOU=swarm-manager\nCN=${node.slice(0, 9)}`],
  ] as const;
  for (const [what, subject] of strangers) {
    it(`is silent about ${what}`, () => {
      assert.equal(parseCertificateSubject(subject), undefined);
    });
  }

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseCertificateSubject(text);
      }),
    );
  });
});
