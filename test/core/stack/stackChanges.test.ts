import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeChange, stackChanges, unchangeable } from '../../../core/stack/stackChanges';
import { stackSummary, withoutValues } from '../../../core/stack/stackSummary';
import { planned } from '../../support/compose/planned';

const said = (before: string, after: string): readonly string[] =>
  stackChanges(planned(before), planned(after)).map((change) => describeChange('demo', change));

test('nothing changes nothing', () => {
  const text = 'services: { web: { image: a, environment: { A: 1 }, ports: ["80:80"] } }';
  assert.deepEqual(said(text, text), []);
});

test('each part of a service by its name, and no value of its environment', () => {
  const sentences = said(
    `services:
  old: { image: o }
  web: { image: "web:1", environment: { A: secret-1, B: 1, C: 1 }, ports: ["80:80"], command: x password }`,
    `services:
  new: { image: n }
  web:
    image: "web:2"
    environment: { A: secret-2, B: 1, D: 1 }
    ports: ["81:80", { target: 90, published: 90, mode: host }]
    command: y password
    healthcheck: { test: "true" }
    deploy: { replicas: 3, update_config: { order: start-first } }`,
  );
  assert.deepEqual(sentences, [
    'remove service demo_old',
    'create service demo_new and wait until its tasks run',
    'update service demo_web: image web:1 → web:2, replicas 1 → 3, ' +
      'environment A changed -C +D, ports 80:80/tcp → 81:80/tcp 90:90/tcp on each node, ' +
      'the health check and update settings and the command',
  ]);
  assert.ok(!sentences.join().includes('secret'));
  assert.ok(!sentences.join().includes('password'));
});

test('the summary: names of the environment, and nothing of a secret variable', () => {
  const plan = planned(
    'services: { web: { image: "web:$TOKEN", environment: { A: $TOKEN }, ports: ["80:80"] }, all: { image: b, deploy: { mode: global } } }',
    { variables: { TOKEN: 's3cret' } },
  );
  assert.deepEqual(stackSummary(plan, withoutValues(['s3cret', ''])), {
    all: { image: 'b', mode: 'Global', environment: [], ports: [] },
    web: { image: 'web:[secret]', replicas: 1, environment: ['A'], ports: ['80:80/tcp'] },
  });
});

test('what the Engine changes in no way', () => {
  const before = planned(
    'services: { a: { image: a, networks: [n] }, b: { image: b } }\nnetworks: { n: {} }',
  );
  const after = planned(
    'services: { a: { image: a, networks: [n] }, b: { image: b, deploy: { mode: global } } }\nnetworks: { n: { attachable: true } }',
  );
  assert.deepEqual(unchangeable(before, before), []);
  const [network = '', mode = ''] = unchangeable(before, after);
  assert.match(network, /^the network demo_n is declared otherwise than it was made/);
  assert.match(mode, /^services\.b\.deploy\.mode goes from Replicated to Global/);
});
