import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvFile } from '../../../core/compose/envFile';
import { parseMount, parsePorts } from '../../../core/compose/shortForms';
import { parseBytes, parseCpus, parseDuration, shellWords } from '../../../core/compose/units';

test('durations as Go reads them', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['10s', 10e9],
    ['1m30s', 90e9],
    ['1.5h', 5400e9],
    ['300ms', 3e8],
    ['.5s', 5e8],
    ['0', 0],
    ['10', undefined],
    ['', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
  ];
  for (const [text, wanted] of table) assert.equal(parseDuration(text), wanted, text);
});

test('sizes and CPUs', () => {
  const sizes: readonly (readonly [string, number | undefined])[] = [
    ['512', 512],
    ['75M', 75 * 2 ** 20],
    ['1.5gb', 1.5 * 2 ** 30],
    ['2GiB', 2 ** 31],
    ['1 k', 1024],
    ['-1', undefined],
    ['M', undefined],
    ['1q', undefined],
  ];
  for (const [text, wanted] of sizes) assert.equal(parseBytes(text), wanted, text);
  const cpus: readonly (readonly [string, number | undefined])[] = [
    ['0.50', 5e8],
    ['2', 2e9],
    ['.25', 25e7],
    ['', undefined],
    ['a', undefined],
    ['0.0000000001', undefined],
  ];
  for (const [text, wanted] of cpus) assert.equal(parseCpus(text), wanted, text);
});

test('words of a command line', () => {
  assert.deepEqual(shellWords(`sh -c "echo \\"a b\\"" 'c d' e\\ f # rest`), [
    'sh',
    '-c',
    'echo "a b"',
    'c d',
    'e f',
  ]);
  assert.deepEqual(shellWords(`""`), ['']);
  assert.deepEqual(shellWords('  '), []);
  assert.equal(shellWords('"open'), undefined);
  assert.equal(shellWords('end\\'), undefined);
});

test('ports in their short form', () => {
  const short = (spec: string): string | undefined =>
    parsePorts(spec)
      ?.map(
        ({ published, target, protocol, address }) =>
          `${String(published)}:${String(target)}/${protocol}${address === undefined ? '' : ` ${address}`}`,
      )
      .join(' ');
  const table: readonly (readonly [string, string | undefined])[] = [
    ['80', '0:80/tcp'],
    ['8080:80', '8080:80/tcp'],
    ['127.0.0.1:53:53/udp', '53:53/udp 127.0.0.1'],
    ['0.0.0.0:53:53/udp', '53:53/udp'],
    ['[::]:8080:80', '8080:80/tcp'],
    ['[::1]:8080:80', '8080:80/tcp [::1]'],
    ['8000-8001:80', '8000:80/tcp 8001:80/tcp'],
    ['8000-8001:90-91/UDP', '8000:90/udp 8001:91/udp'],
    ['90-91', '0:90/tcp 0:91/tcp'],
    ['8000-8002:90-91', undefined],
    ['8001-8000:80', undefined],
    ['0:80', undefined],
    ['80:65536', undefined],
    ['80/icmp', undefined],
    ['web', undefined],
    ['', undefined],
  ];
  for (const [spec, wanted] of table) assert.equal(short(spec), wanted, spec);
});

test('volumes in their short form', () => {
  const plain = { isReadOnly: false, propagation: undefined };
  assert.deepEqual(parseMount('/cache'), {
    type: 'volume',
    source: '',
    target: '/cache',
    isReadOnly: false,
  });
  assert.deepEqual(parseMount('data:/d'), {
    ...plain,
    type: 'volume',
    source: 'data',
    target: '/d',
  });
  assert.deepEqual(parseMount('/srv:/d:ro,rslave'), {
    type: 'bind',
    source: '/srv',
    target: '/d',
    isReadOnly: true,
    propagation: 'rslave',
  });
  assert.deepEqual(parseMount('data:/d:nocopy'), {
    ...plain,
    type: 'volume',
    source: 'data',
    target: '/d',
    hasNoCopy: true,
  });
  for (const spec of ['', ':', 'a:', ':b', 'a:b:c:d'])
    assert.equal(parseMount(spec), undefined, spec);
});

test('lines of an env_file', () => {
  assert.deepEqual(parseEnvFile('# no\nA=1\r\n  B="2 # two"\n\nC=\nD\n'), {
    A: '1',
    B: '"2 # two"',
    C: '',
    D: null,
  });
  assert.equal(parseEnvFile('A B=1'), undefined);
  assert.equal(parseEnvFile('=1'), undefined);
});
