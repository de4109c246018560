import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KeepalivedVip } from '../../components';
import { recordProgram } from './support/recordedProgram';

describe('KeepalivedVip', () => {
  test('registers nothing but itself, and hands its arguments to the managers that are given it', async () => {
    const args = { addresses: ['10.88.0.100/24'], routerId: 51 };
    let vip: KeepalivedVip | undefined;
    const recording = await recordProgram(() => {
      vip = new KeepalivedVip('front', args);
    });
    assert.deepEqual(recording.names(), ['KeepalivedVip front']);
    assert.deepEqual(recording.get('KeepalivedVip', 'front').inputs, {});
    assert.equal(vip?.vipName, 'front');
    assert.deepEqual(vip.args, args);
  });
});
