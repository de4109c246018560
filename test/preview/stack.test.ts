import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertFailed } from './cluster/chains';
import { node } from './cluster/declarations';
import { createClusterProject, type ClusterProject } from './cluster/project';
import type { StackDeclaration } from './cluster/program';

const cluster = { managers: [node('m1')], allowDestroy: true };

const base = `
services:
  api:
    image: api:$RELEASE
    environment: ["TOKEN=$TOKEN"]
    env_file: api.env
    secrets: [key, password]
  web:
    image: web:1
    ports: ["8080:80"]
secrets:
  key: { file: ./key.txt }
  password: {}
`;
const production = 'services: { api: { deploy: { replicas: 2 } } }\n';

describe('a stack', () => {
  let project: ClusterProject;
  let files: readonly string[];
  const declare = (more: Partial<StackDeclaration> = {}): void => {
    const variables = { RELEASE: '1' };
    const secretVariables = { TOKEN: 'hush-token' };
    const secrets = { password: 'hush-password' };
    const stack = { files, variables, secretVariables, secrets, ...more };
    project.declareCluster({ ...cluster, stack });
  };
  const write = (name: string, text: string): string => {
    const path = join(project.directory, name);
    writeFileSync(path, text);
    return path;
  };
  before(async () => {
    project = await createClusterProject();
    files = [write('base.yml', base), write('production.yml', production)];
    write('key.txt', 'hush-key');
    write('api.env', 'SESSION=hush-session\n');
    project.declareCluster(cluster);
    const made = await project.run('up');
    assert.equal(made.exitCode, 0, made.output);
    project.world.editMachine('test/m1', ({ engine }) => {
      engine.images.push('api:1', 'api:2', 'web:1');
    });
  });
  after(() => {
    project.dispose();
  });

  test('a fault of a file: with line and column, and nothing is planned', async () => {
    const broken = write('broken.yml', 'services:\n  api:\n    replicas: 3\n');
    declare({ files: [...files, broken] });
    assertFailed(
      await project.run('preview'),
      'broken.yml:3:15: services.api.replicas is not known in a stack',
      [],
    );
  });

  test('up deploys it, and tells of each service; no secret is plain anywhere', async () => {
    declare();
    const preview = await project.run('preview');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.ok(preview.output.includes('create service shop_api and wait until its tasks run'));
    const up = await project.run('up');
    assert.equal(up.exitCode, 0, up.output);
    assert.ok(up.statuses.some((line) => /shop_api \d\/2/.test(line)));
    const [api] = project.world.swarm().services.filter(({ spec }) => spec.name === 'shop_api');
    assert.deepEqual(api?.spec.environment, { SESSION: 'hush-session', TOKEN: 'hush-token' });
    assert.deepEqual(api.spec.mode, { replicas: 2 });
    assert.equal(project.world.swarm().secrets.length, 2);
    const { text } = await project.state();
    for (const [where, what] of Object.entries({ text, up: up.output, preview: preview.output })) {
      assert.ok(!what.includes('hush-'), `${where} holds a secret`);
    }
    assert.equal((await project.run('preview', '--expect-no-changes')).exitCode, 0);
  });

  test('the plan of an update: each service and what changes of it', async () => {
    declare({ variables: { RELEASE: '2' }, secretVariables: { TOKEN: 'hush-other' } });
    const preview = await project.run('preview', '--diff');
    assert.equal(preview.exitCode, 0, preview.output);
    assert.ok(
      preview.output.includes(
        'update service shop_api: image api:1 → api:2, environment TOKEN changed',
      ),
      preview.output,
    );
    assert.match(preview.output, /image\s*: "api:1" => "api:2"/);
    assert.ok(!preview.output.includes('hush-'));
    const up = await project.run('up');
    assert.equal(up.exitCode, 0, up.output);
    assert.ok(!up.output.includes('hush-'));
  });

  test('a version that does not start: the tasks’ error, and the stack is back', async () => {
    declare({ variables: { RELEASE: '3' }, onFailure: 'rollback' });
    const up = await project.run('up');
    assert.notEqual(up.exitCode, 0);
    assert.ok(up.output.includes('No such image: api:3 on m1'), up.output);
    assert.ok(up.output.includes('the whole stack runs again as it was before'), up.output);
    const images = project.world.swarm().services.map(({ spec }) => spec.image);
    assert.deepEqual(images.sort(), ['api:2', 'web:1']);
  });

  test('scaled by hand: in the next plan; and destroy takes all of it away', async () => {
    declare({ variables: { RELEASE: '2' }, secretVariables: { TOKEN: 'hush-other' } });
    project.world.edit(({ swarms }) => {
      for (const service of Object.values(swarms).flatMap(({ services }) => services)) {
        if (service.spec.name === 'shop_api')
          service.spec = { ...service.spec, mode: { replicas: 5 } };
      }
    });
    const preview = await project.run('preview', '--diff');
    assert.match(preview.output, /replicas\s*: 5 => 2/);
    const destroyed = await project.run('destroy');
    assert.equal(destroyed.exitCode, 0, destroyed.output);
    const [swarm] = Object.values(project.world.edit(({ swarms }) => swarms));
    assert.deepEqual(swarm?.services ?? [], []);
  });
});
