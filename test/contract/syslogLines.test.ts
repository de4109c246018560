import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { SyslogLines, clientTag } from '../../scenarios/overlay/syslogLines';
import { until } from '../../scenarios/until';

test('lines of containers are counted by container, errors are kept, and a line that never came is missed', async () => {
  const lines = await SyslogLines.listen('127.0.0.1');
  const sender = connect(lines.port, '127.0.0.1');
  const say = (container: string, text: string): void => {
    sender.write(`<30>Nov 21 21:00:00 m1 ${clientTag}/${container}[812]: ${text}\n`);
  };
  try {
    say('aaa', 'ok 1');
    say('aaa', 'Connectivity error: 2 10.0.1.5 wget: download timed out');
    say('aaa', 'ok 5');
    say('bbb', 'ok 1');
    say('bbb', 'something else');
    sender.write('<30>Nov 21 21:00:00 m1 other/ccc[1]: ok 1\n');
    await until(() => Promise.resolve(lines.sight().requests >= 4 || 'not heard'), 5);
    const { errors, ...counts } = lines.sight();
    assert.deepEqual(counts, { clients: 2, requests: 4, unheard: 2 });
    assert.equal(errors.length, 1);
    assert.match(
      errors[0]?.line ?? '',
      /^Connectivity error: 2 10\.0\.1\.5 wget: download timed out$/,
    );
  } finally {
    sender.destroy();
    await lines.close();
    await lines.close();
  }
});
