import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultsOf, load } from '../../support/compose/planned';
import { numbers } from '../../support/compose/numbers';

/** Every fault is a fault, and none takes long: time of this process, whatever else the computer does. */
function refused(text: string, wanted: RegExp): void {
  const began = process.cpuUsage();
  const faults = faultsOf(text);
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < 10_000_000, 'it took long');
  assert.ok(faults.length > 0);
  assert.match(faults.join('\n'), wanted);
}

test('aliases that multiply', () => {
  const lines = Array.from({ length: 12 }, (_, i) =>
    i === 0
      ? 'x-0: &a0 [a, a, a, a, a, a, a, a, a, a]'
      : `x-${String(i)}: &a${String(i)} [${Array(10)
          .fill(`*a${String(i - 1)}`)
          .join(', ')}]`,
  );
  refused(lines.join('\n'), /aliases that multiply/);
});

test('an alias of itself, and one of nothing', () => {
  refused('x-a: &a [*a]\nservices: {}', /nested too deep, or holds an alias of itself/);
  refused('services: *none', /alias/i);
});

test('depth', () => {
  refused(`x-a: ${'['.repeat(500)}${']'.repeat(500)}`, /nested too deep/);
  refused(`x-a: ${'{a: '.repeat(50_000)}`, /nested too deep|stack\.yml/);
});

test('size', () => {
  refused(`x-a: "${'a'.repeat(1_100_000)}"`, /is longer than 1048576 characters/);
  refused(`x-a: [${'1,'.repeat(150_000)}1]`, /too large/);
});

test('names of JavaScript’s own', () => {
  refused('services: { __proto__: { image: a } }', /has a key `__proto__`/);
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.deepEqual(
      faultsOf(
        `services: { ${name}: { image: a, networks: [${name}] } }\nnetworks: { ${name}: {} }`,
      ),
      [],
    );
    assert.match(
      faultsOf(`services: { web: { image: a, networks: [${name}], secrets: [${name}] } }`).join(),
      /is no network that a compose file declares/,
    );
  }
  assert.equal(({} as Record<string, unknown>)['image'], undefined);
});

test('tags, several documents, and what is no text', () => {
  refused('services: !!js/function "x"\n', /services|tag/i);
  refused('services: {}\n---\nservices: {}\n', /document/i);
  refused('\u0000', /./);
  refused('', /is no map/);
});

test('anything at all: faults or a stack, and never an exception', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
      load(text);
    }),
    { numRuns: 500 },
  );
});

test('a real file with a piece taken out, doubled or replaced', () => {
  const files = Object.values(numbers);
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.nat(),
      fc.nat({ max: 30 }),
      fc.string({ maxLength: 10 }),
      (file, start, length, put) => {
        const at = start % file.length;
        faultsOf(file.slice(0, at) + put + file.slice(at + length));
      },
    ),
    { numRuns: 500 },
  );
});

test('any value in any place of a service', () => {
  const keys = [
    'ports',
    'deploy',
    'environment',
    'networks',
    'volumes',
    'healthcheck',
    'command',
    'logging',
    'ulimits',
    'secrets',
    'env_file',
    'extra_hosts',
    'restart',
    'image',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      faultsOf(JSON.stringify({ services: { web: { image: 'a', [key]: value } } }));
    }),
    { numRuns: 1_000 },
  );
});
