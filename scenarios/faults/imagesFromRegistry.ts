import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistryLogin } from '../../core/images';
import { steps } from '../../core/steps';
import { webReference } from '../../demo/webImage';
import { nextOs, shapes } from '../clusterShape';
import { grantedRequests, pushImage, run, serveRegistry, withLogin } from '../imageRegistry';
import type { PulumiRun } from '../pulumi/pulumiProject';
import type { Scenario } from '../scenario';
import { formsOf } from '../secretForms';
import { createByHand } from '../serviceByHand';
import type { Stage } from '../stage';

const image = 'own/web:1';
const service = 'own';
const username = 'robot';

export const imagesFromRegistry: Scenario = {
  name: 'images-from-registry',
  number: 30,
  title:
    'the only worker is rebuilt under a service whose image nobody else has but a registry with a login, which the swarm itself was not given',
  holds:
    'the rebuilt worker has the image by that login before it is active, no task is rejected, and the password is in no output, state or log',
  shape: shapes.oneManager,
  run: async (stage) => {
    const [manager = ''] = stage.cluster.managers;
    const [worker = ''] = stage.cluster.workers;
    const login: RegistryLogin = {
      server: `${stage.cluster.addresses[manager] ?? ''}:5000`,
      ...{ username, password: randomBytes(15).toString('hex') },
    };
    const runs = [await declareRegistry(stage, login)];
    const reference = await fillRegistry(stage, manager, login);
    await runService(stage, { worker, reference, login });
    const { docker } = await stage.host(manager);
    stage.checkEqual(await docker.image(reference), undefined, `${manager} has not the image`);
    const before = (await grantedRequests(await stage.host(manager))).length;
    const boots = await stage.bootIds([worker]);

    stage.changeOs(nextOs, worker);
    runs.push(await stage.runToTheEnd('preview'));
    const mark = stage.mark();
    const up = await stage.runToTheEnd('up');
    runs.push(up);
    await stage.untilAsDeclared();
    stage.check((await stage.bootIds([worker]))[worker] !== boots[worker], `${worker} was rebuilt`);
    const said = stage.stepsSince(mark);
    const brought = said.indexOf(steps.provideImages(worker));
    stage.check(
      brought >= 0 && brought < said.indexOf(steps.activate(worker, 'active')),
      `${worker} has its images before it is active`,
      said.join('; '),
    );
    stage.check(
      up.statuses.some((line) => line.startsWith(`pull ${reference}`)),
      'the live status tells of the pull',
      up.statuses.join('; '),
    );
    const granted = (await grantedRequests(await stage.host(manager))).slice(before);
    const own = granted.filter(({ from }) => from === stage.cluster.addresses[worker]);
    const count = (part: string): number => own.filter(({ uri }) => uri.includes(part)).length;
    stage.check(
      count('/manifests/') > 0 && count('/blobs/') > 0 && own.length === granted.length,
      `the registry has granted ${username} on ${worker} ${String(count('/manifests/'))} requests for the manifest and ${String(count('/blobs/'))} for what is in it, and nobody else any`,
      JSON.stringify(granted),
    );
    const facts = await (await stage.host(worker)).docker.image(reference);
    stage.check(facts?.isFromRegistry === true, `${worker} has the image from the registry`);
    await untilRunning(stage, worker);
    const tasks = await docker.tasks();
    const rejected = tasks.filter(
      ({ state, error }) => state === 'rejected' || /no such image/i.test(error),
    );
    stage.checkEqual(rejected, [], 'no task was rejected');
    await stage.checkNothingPending();
    await checkUntold(stage, login.password, runs);
  },
};

async function declareRegistry(stage: Stage, login: RegistryLogin): Promise<PulumiRun> {
  const engine = stage.declared('engine') as object;
  const daemon = { 'insecure-registries': [login.server] };
  stage.declare(
    'engine',
    { ...engine, daemon },
    `declared ${login.server} as a registry without TLS`,
  );
  const logins = JSON.stringify([login]);
  await stage.pulumi.runOrFail('config', 'set', '--secret', 'registries', logins);
  stage.did('gave its login as the secret registries of the configuration');
  return stage.runToTheEnd('up');
}

/** With a layer that no other image has. */
async function fillRegistry(stage: Stage, name: string, login: RegistryLogin): Promise<string> {
  const host = await stage.host(name);
  await serveRegistry(host, login);
  const container = await run(host, ['docker', 'create', webReference]);
  await host.files.write('/root/own', randomBytes(1 << 16).toString('base64'));
  await run(host, ['docker', 'cp', '/root/own', `${container}:/own`]);
  await run(host, ['docker', 'commit', container, image]);
  await run(host, ['docker', 'rm', container]);
  const reference = await pushImage(host, image, login);
  await run(host, ['docker', 'rmi', image]);
  stage.did(
    `served an image of its own by a registry with a login on ${name}, which has it no more`,
  );
  return reference;
}

/** Made by hand, and without its login: what the worker pulls by itself is refused. */
async function runService(
  stage: Stage,
  {
    worker,
    reference,
    login,
  }: { readonly worker: string; readonly reference: string; readonly login: RegistryLogin },
): Promise<void> {
  const host = await stage.host(worker);
  await withLogin(host, login, async () => {
    await run(host, ['docker', 'pull', '--quiet', reference]);
  });
  await createByHand(stage, {
    ...{ name: service, image: reference },
    ...{ mode: { global: true }, constraints: ['node.role==worker'] },
  });
  stage.did(`pulled it on ${worker}, and created a service of it there by hand, without the login`);
  await untilRunning(stage, worker);
}

async function untilRunning(stage: Stage, worker: string): Promise<void> {
  const [manager = ''] = stage.cluster.managers;
  const { docker } = await stage.host(manager);
  await stage.until(
    `a task of the service runs on ${worker}`,
    async () => {
      const { id } = await stage.node(worker);
      const serviceId = (await docker.services()).find(({ name }) => name === service)?.id ?? '';
      const tasks = await docker.tasks({ serviceId, nodeId: id });
      return (
        tasks.some(({ state }) => state === 'running') ||
        tasks.map(({ state, error }) => `${state} ${error}`).join('; ')
      );
    },
    60,
  );
}

/** In no form in which a program may write it down. */
async function checkUntold(
  stage: Stage,
  password: string,
  runs: readonly PulumiRun[],
): Promise<void> {
  const forms = formsOf(password);
  const holds = (text: string): boolean => forms.some((form) => text.includes(form));
  stage.check(
    !runs.some(({ output, statuses }) => holds(output) || holds(statuses.join('\n'))),
    'the password is in no output of preview and up',
  );
  const places = filesBelow(stage.pulumi.directory).filter((file) =>
    readFileSync(file, 'latin1')
      .split('\n')
      .some((line) => holds(line) && !isDebugEvent(line)),
  );
  stage.checkEqual(
    places,
    [],
    'nor in any file of the project (state, journal, stack, events), but Pulumi’s own debug events',
  );
  for (const name of stage.nodeNames) {
    const host = await stage.host(name);
    const journal = await run(host, ['journalctl', '--output', 'cat', '--no-pager']);
    stage.check(!holds(journal), `nor in the journal of ${name}`);
    const config = await host.files.read('/root/.docker/config.json');
    stage.check(!holds(config ?? ''), `nor in a login that was left on ${name}`);
  }
}

/** Pulumi prints secrets there itself: docs/decisions/0004. */
function isDebugEvent(line: string): boolean {
  return /^\{.*"diagnosticEvent":\{.*"severity":"debug"/.test(line);
}

/** Without links, which lead to the program's own files. */
function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
