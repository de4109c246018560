import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { balanceFaults, publishedFaults } from '../../core/balancer/balanceFaults';
import {
  drainable,
  parseInfoDescription,
  parseStat,
  staleDrains,
} from '../../core/balancer/balancerAnswers';
import type { BalancerSpec } from '../../core/balancer/balancerSpec';
import { parseDrained, parseServers, withDrained } from '../../core/balancer/drainedServers';
import { parseDescription, parseDrainSeconds } from '../../core/balancer/parseBalancer';
import { renderBalancer } from '../../core/balancer/renderBalancer';
import { parseFileMarker } from '../../core/fileMarker';
import { forHostileTexts, hostileText } from './support/hostileText';

const marker = { id: 'balancer-m1-1', urn: 'urn:pulumi:s::p::swarm:index:Balancer::m1' };
const spec: BalancerSpec = {
  addresses: ['10.88.0.100/24', 'fd00::100/64'],
  ports: [
    { listen: 80, target: 8080, mode: 'http', check: { http: '/healthz' } },
    { listen: 5432, target: 15432 },
  ],
  servers: [
    { name: 'm1', address: '10.88.0.11' },
    { name: 'w1', address: 'fd00::21' },
  ],
  drainSeconds: 45,
};

describe('haproxy.cfg', () => {
  test('what is rendered is read back', () => {
    const text = renderBalancer(spec, marker, ['port-80/w1']);
    assert.deepEqual(parseFileMarker(text), marker);
    assert.equal(parseDrainSeconds(text), 45);
    assert.deepEqual(parseDrained(text), ['port-80/w1']);
    assert.deepEqual(parseServers(text), [
      'port-80/m1',
      'port-80/w1',
      'port-5432/m1',
      'port-5432/w1',
    ]);
    for (const line of [
      '    bind 10.88.0.100:80 transparent',
      '    bind [fd00::100]:80 transparent',
      '    server m1 10.88.0.11:8080 check',
      '    server w1 [fd00::21]:8080 check disabled',
      '    server w1 [fd00::21]:15432 check',
      '    http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host balancer hdr Connection close',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });

  test('a drain is the same file with a mark, and back', () => {
    const ordinary = renderBalancer(spec, marker);
    fc.assert(
      fc.property(fc.subarray([...parseServers(ordinary)]), (keys) => {
        const drained = withDrained(ordinary, keys, true);
        assert.equal(drained, renderBalancer(spec, marker, keys));
        assert.deepEqual(parseDrained(drained), keys);
        assert.equal(withDrained(drained, keys, false), ordinary);
        // A reload for a mark alone would be one for nothing.
        assert.equal(parseDescription(drained), parseDescription(ordinary));
      }),
    );
  });

  test('its tag is another one for every other statement', () => {
    const tags = [
      spec,
      { ...spec, addresses: ['10.88.0.101/24'] },
      { ...spec, servers: spec.servers.slice(1) },
      { ...spec, ports: spec.ports.slice(1) },
      { ...spec, ports: [{ listen: 80, target: 8080, check: { http: '/healthz' } }] },
    ].map((each) => parseDescription(renderBalancer(each, marker)));
    assert.equal(new Set(tags).size, tags.length);
    assert.ok(tags.every((tag) => tag !== undefined));
  });

  test('no hostile value becomes a statement: it is refused, or it is one word', () => {
    const lines = renderBalancer(spec, marker).split('\n').length;
    const texts = fc.oneof(
      hostileText,
      fc.constantFrom('a b', 'a\nglobal', '/x y', '/"', '/%[src]'),
    );
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('name', 'address', 'path', 'vip', 'urn'),
        (text, where) => {
          const [server, ...others] = spec.servers;
          assert.ok(server !== undefined);
          const [port, ...ports] = spec.ports;
          assert.ok(port !== undefined);
          const hostile: BalancerSpec = {
            ...spec,
            servers: [
              {
                name: where === 'name' ? text : server.name,
                address: where === 'address' ? text : server.address,
              },
              ...others,
            ],
            ports: [{ ...port, check: { http: where === 'path' ? text : '/' } }, ...ports],
            addresses: [where === 'vip' ? text : '10.88.0.100/24', 'fd00::100/64'],
          };
          const by = where === 'urn' ? { ...marker, urn: text } : marker;
          try {
            assert.equal(renderBalancer(hostile, by).split('\n').length, lines);
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'BalancerValueInvalid');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('hostile files are nobody’s, and break nothing', () => {
    forHostileTexts((text) => {
      assert.equal(parseFileMarker(text), undefined);
      assert.deepEqual(parseDrained(text), []);
      assert.equal(withDrained(text, ['port-80/w1'], true), text);
      assert.equal(parseDrainSeconds(text), 30);
    });
  });
});

describe('faults of a declaration', () => {
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['none', spec, []],
    ['no port', { ports: [] }, ['ports']],
    ['the published port', { ports: [{ listen: 8080, target: 8080 }] }, ['ports[0].listen']],
    [
      'the published port of another entry',
      {
        ports: [
          { listen: 80, target: 8080 },
          { listen: 8080, target: 9090 },
        ],
      },
      ['ports[1].listen'],
    ],
    [
      'twice',
      {
        ports: [
          { listen: 80, target: 8080 },
          { listen: 80, target: 8081 },
        ],
      },
      ['ports[1].listen'],
    ],
    [
      'of Swarm',
      { ports: [{ listen: 2377, target: 7946 }] },
      ['ports[0].listen', 'ports[0].target'],
    ],
    [
      'no port number',
      { ports: [{ listen: 0, target: 1.5 }] },
      ['ports[0].listen', 'ports[0].target'],
    ],
    ['no mode', { ports: [{ listen: 80, target: 81, mode: 'udp' }] }, ['ports[0].mode']],
    ['no check', { ports: [{ listen: 80, target: 81, check: 'ping' }] }, ['ports[0].check']],
    [
      'no path',
      { ports: [{ listen: 80, target: 81, check: { http: 'x y' } }] },
      ['ports[0].check.http'],
    ],
    ['no name', { servers: [{ name: 'a b', address: '10.0.0.1' }] }, ['servers[0].name']],
    ['no address', { servers: [{ name: 'a', address: '10.0.0' }] }, ['servers[0].address']],
    ['no virtual address', { addresses: ['10.0.0.1'] }, ['addresses[0]']],
    ['no time', { drainSeconds: -1 }, ['drainSeconds']],
  ];
  for (const [name, values, expected] of cases) {
    test(name, () => {
      assert.deepEqual(
        balanceFaults(values).map(({ property }) => property),
        expected,
      );
    });
  }

  test('a port that a service publishes is never reached', () => {
    const ports = [
      { listen: 80, target: 8080 },
      { listen: 81, target: 8081 },
    ];
    assert.deepEqual(
      publishedFaults(ports, [81, 8080], 'vip.balance.ports').map(({ property }) => property),
      ['vip.balance.ports[1].listen'],
    );
  });

  test('whatever is declared, it is told or taken, and never thrown', () => {
    fc.assert(
      fc.property(fc.array(fc.anything()), fc.array(fc.anything()), (ports, servers) => {
        balanceFaults({ ports, servers, addresses: ports, drainSeconds: servers });
      }),
    );
  });
});

describe('answers of HAProxy', () => {
  const stat = (rows: readonly string[]): string =>
    ['# pxname,svname,qcur,scur,stot,status,check_status,', ...rows, '', ''].join('\n');
  const answer = stat([
    'port-80,FRONTEND,,2,9,OPEN,,',
    'port-80,m1,0,0,4,UP,1,',
    'port-80,w1,0,2,5,UP 1/2,1,',
    'port-80,w2,0,0,0,DOWN,* L4CON,',
    'port-80,BACKEND,0,2,9,UP,2,',
    'port-81,w1,0,0,0,UP,1,',
    'port-81,w2,0,1,0,DRAIN,1,',
  ]);

  test('columns are found by their names', () => {
    assert.deepEqual(
      parseStat(answer)
        .filter(({ isRefused }) => isRefused)
        .map(({ key }) => key),
      ['port-80/w2'],
    );
    assert.deepEqual(
      parseStat(answer).map(({ key, isUp, isDrained, sessions, total }) => [
        key,
        isUp,
        isDrained,
        sessions,
        total,
      ]),
      [
        ['port-80/m1', true, false, 0, 4],
        ['port-80/w1', true, false, 2, 5],
        ['port-80/w2', false, false, 0, 0],
        ['port-81/w1', true, false, 0, 0],
        ['port-81/w2', false, true, 1, 0],
      ],
    );
  });

  test('an answer without the columns is no answer', () => {
    forHostileTexts((text) => {
      assert.throws(() => parseStat(text), { code: 'BalancerUnreadable' });
    });
    assert.equal(parseInfoDescription('Name: HAProxy\ndescription: swarm-1\nx: y'), 'swarm-1');
    assert.equal(parseInfoDescription('Name: HAProxy'), undefined);
  });

  test('drained is what is in use, except for the last that answers at a port', () => {
    const facts = parseStat(answer);
    assert.deepEqual(drainable(facts, [], 'w1'), { drained: ['port-80/w1'], last: ['port-81/w1'] });
    // Not in use, so there is nothing to take out, and nothing to wait for afterwards.
    assert.deepEqual(drainable(facts, [], 'w2'), { drained: [], last: [] });
    // Of an interrupted run: it stays what it is.
    assert.deepEqual(drainable(facts, ['port-81/w2'], 'w2'), {
      drained: ['port-81/w2'],
      last: [],
    });
  });

  test('a drain is stale when its node is in service', () => {
    const facts = parseStat(answer);
    assert.deepEqual(staleDrains(facts, ['port-80/w1'], ['m1', 'w1']), ['port-80/w1']);
    assert.deepEqual(staleDrains(facts, ['port-80/w1'], ['w2']), ['port-81/w2']);
    assert.deepEqual(staleDrains(facts, [], []), []);
  });
});
