import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { isOwnMarker, markerPath, parseMarker, renderMarker } from '../../core/marker';
import { forHostileTexts } from './support/hostileText';

const markers = fc.record({ id: fc.string(), urn: fc.string() }, { noNullPrototype: true });

describe('a marker', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(markers, (marker) => {
        assert.deepEqual(parseMarker(renderMarker(marker)), marker);
        assert.ok(renderMarker(marker).endsWith('}\n'));
      }),
    );
  });

  const none: readonly [string, string | undefined][] = [
    ['there is no file', undefined],
    ['the file is empty', ''],
    ['the write was cut off', '{"id":"node-1","ur'],
    ['it is no map', '["node-1","urn"]'],
    ['it is null', 'null'],
    ['its ID is missing', '{"urn":"u"}'],
    ['its URN is missing', '{"id":"node-1"}'],
    ['its ID is a number', '{"id":1,"urn":"u"}'],
  ];
  for (const [what, text] of none) {
    it(`is none when ${what}`, () => {
      assert.equal(parseMarker(text), undefined);
    });
  }

  it('is none, or whole, in any text', () => {
    forHostileTexts((text) => {
      const marker = parseMarker(text);
      if (marker === undefined) return;
      assert.equal(typeof marker.id, 'string');
      assert.equal(typeof marker.urn, 'string');
    });
  });

  it('has a file for each kind of resource', () => {
    const paths = (['host', 'engine', 'node'] as const).map(markerPath);
    assert.deepEqual(paths, [
      '/etc/pulumi-swarm/host.json',
      '/etc/pulumi-swarm/engine.json',
      '/etc/pulumi-swarm/node.json',
    ]);
  });
});

describe('isOwnMarker', () => {
  const urn = (parents: string, name: string, stack = 'demo'): string =>
    `urn:pulumi:${stack}::swarm-cluster::${parents}swarm:index:Node::${name}`;
  const cluster = 'swarm:index:SwarmCluster$';
  const own = urn(`${cluster}swarm:index:SwarmManager$`, 'm1');
  const rows: readonly [string, string, boolean][] = [
    ['of the very resource', own, true],
    ['of it as a worker', urn(`${cluster}swarm:index:SwarmWorker$`, 'm1'), true],
    ['of it outside a cluster', urn('', 'm1'), true],
    ['of another node', urn(`${cluster}swarm:index:SwarmManager$`, 'm2'), false],
    ['of another stack', urn(`${cluster}swarm:index:SwarmManager$`, 'm1', 'production'), false],
    ['of another kind of resource', own.replace('index:Node', 'index:Engine'), false],
    ['of nothing', '', false],
  ];
  for (const [what, text, expected] of rows) {
    it(`${expected ? 'is' : 'is not'} a marker ${what}`, () => {
      assert.equal(isOwnMarker({ id: 'x', urn: text }, own), expected);
    });
  }
});
