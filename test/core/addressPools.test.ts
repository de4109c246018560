import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolSettingInForce, poolSettings } from '../../core/addressPools';

for (const [setting, given, inForce] of [
  ['addressPools', undefined, ['10.0.0.0/8']],
  ['addressPools', [], ['10.0.0.0/8']],
  ['addressPools', ['10.0.0.0/8'], ['10.0.0.0/8']],
  ['addressPools', ['10.20.0.0/16'], ['10.20.0.0/16']],
  ['subnetSize', undefined, 24],
  ['subnetSize', 0, 24],
  ['subnetSize', 24, 24],
  ['subnetSize', 26, 26],
] as const) {
  test(`${setting} ${given === undefined ? 'left out' : JSON.stringify(given)}: ${JSON.stringify(inForce)}`, () => {
    assert.deepEqual(poolSettingInForce(setting, given), inForce);
  });
}

test('these are all that swarm init fixes', () => {
  assert.deepEqual(poolSettings, ['addressPools', 'subnetSize']);
});
