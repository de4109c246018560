import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { renderKeepalived } from '../../core/keepalived/renderKeepalived';
import { vrrpFilePaths, vrrpFiles } from '../../core/keepalived/vrrpFiles';
import type { VrrpSpec } from '../../core/keepalived/vrrpSpec';
import { forHostileValues } from '../support/hostileValues';

const spec: VrrpSpec = {
  name: 'vip',
  addresses: ['10.88.0.100/24', '10.88.0.101/24'],
  interface: 'eth0',
  sourceAddress: '10.88.0.11',
  routerId: 88,
  priority: 190,
  advertisementSeconds: 0.2,
};
const dropIn = (one: VrrpSpec): string =>
  vrrpFiles(one).find(({ path }) => path.endsWith('.conf'))?.text ?? '';

describe('files beside keepalived.conf', () => {
  it('are each script of the configuration, root’s alone, and systemd’s drop-in', () => {
    const text = renderKeepalived(spec, { id: 'i', urn: 'u' });
    const scripts = [...text.matchAll(/script "(\S+)"/g)].map(([, path]) => path);
    const files = vrrpFiles(spec);
    const shells = files.filter(({ path }) => path.endsWith('.sh'));
    assert.deepEqual(
      shells.map(({ path }) => path),
      scripts,
    );
    assert.ok(
      shells.every(({ mode, text: script }) => mode === 0o700 && /^#!\/bin\//.test(script)),
    );
    assert.equal(files.length, shells.length + 1);
  });

  it('are all among those that go with the member', () => {
    for (const { path } of vrrpFiles(spec)) assert.ok(vrrpFilePaths.includes(path), path);
  });

  it('take each address off a host whose keepalived was killed, and start it again', () => {
    assert.deepEqual(dropIn(spec).split('\n').slice(1), [
      '[Service]',
      'Restart=always',
      'RestartSec=1',
      'ExecStopPost=-ip address delete 10.88.0.100/24 dev eth0',
      'ExecStopPost=-ip address delete 10.88.0.101/24 dev eth0',
      '',
    ]);
  });

  for (const [property, place] of Object.entries({
    interface: (value: string): VrrpSpec => ({ ...spec, interface: value }),
    address: (value: string): VrrpSpec => ({ ...spec, addresses: [value] }),
  })) {
    it(`a hostile ${property} is refused, or one word without a meaning for systemd`, () => {
      forHostileValues((value) => {
        const one = place(value);
        let text: string;
        try {
          text = dropIn(one);
        } catch (error) {
          assert.ok(error instanceof SwarmError && error.code === 'VrrpValueInvalid');
          return;
        }
        const commands = text.split('\n').filter((line) => line.startsWith('ExecStopPost='));
        assert.equal(commands.length, one.addresses.length);
        for (const command of commands) {
          assert.equal(command.split(/\s+/).length, 6);
          assert.doesNotMatch(command, /[%$;"'\\]/);
        }
      });
    });
  }
});
