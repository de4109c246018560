import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextOs, shapes } from '../clusterShape';
import type { PulumiRun } from '../pulumi/pulumiProject';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

const managers = ['m1', 'm2', 'm3'];

export const autolock: Scenario = {
  name: 'autolock',
  number: 12,
  title:
    'autolock is on, and managers come back locked: one before a roll, all at once, and with an unknown key',
  holds:
    'the key is a secret output, held before anything rolls; locked managers are unlocked at the head of the run; a key that does not fit is an error with the way out',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.declare('autolock', true, 'declared autolock');
    await stage.runToTheEnd('up');
    const key = await keyOutput(stage);
    stage.check(/^SWMKEY-1-/.test(key), 'the unlock key is an output of the stack');
    await checkSecret(stage, key);

    await comeBackLocked(stage, ['m2']);
    const preview = await stage.run('preview');
    stage.check(preview.exitCode === 0, 'preview goes through', preview.output);
    stage.check(/m2 is locked/.test(preview.output), 'preview says that m2 is locked');
    await stage.setConfig('os', nextOs);
    const mark = stage.mark();
    await stage.runToTheEnd('up');
    stage.checkEqual(stage.stepsSince(mark)[0], 'unlock m2', 'it is unlocked before anything else');
    await stage.untilAsDeclared(nextOs);

    await comeBackLocked(stage, managers);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared(nextOs);
    stage.saw('three locked managers were unlocked with the key of the state');

    const newKey = await rotate(stage);
    await comeBackLocked(stage, managers);
    const refused = await stage.run('up');
    stage.check(refused.exitCode !== 0, 'up fails: no key that it knows fits', refused.output);
    stage.check(
      /pulumi config set --secret unlockKey/.test(refused.output),
      'it names the way out',
      refused.output,
    );
    await stage.pulumi.runOrFail('config', 'set', '--secret', 'unlockKey', newKey);
    stage.did('gave the rotated key as the secret unlockKey of the configuration');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared(nextOs);
    stage.checkEqual(await keyOutput(stage), newKey, 'the output is the rotated key');
    await checkSecret(stage, newKey);
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

async function keyOutput(stage: Stage): Promise<string> {
  const run = await ofStack(stage, 'output', 'unlockKey', '--show-secrets');
  return stage.mustEndWell('stack output', run).stdout.trim();
}

/** No stack is selected: each command names it. */
function ofStack(stage: Stage, ...args: readonly string[]): Promise<PulumiRun> {
  return stage.pulumi.run('stack', ...args, '--stack', stage.pulumi.stack);
}

async function checkSecret(stage: Stage, key: string): Promise<void> {
  const shown = await ofStack(stage, 'output', 'unlockKey');
  stage.checkEqual(shown.stdout.trim(), '[secret]', 'without --show-secrets it is not shown');
  const state = await ofStack(stage, 'export');
  stage.check(!state.stdout.includes(key), 'the key is not plain in the state');
  const journal = JSON.stringify(stage.pulumi.journal());
  stage.check(!journal.includes(key), 'the key is not in the journal of the steps');
  const { directory, stack } = stage.pulumi;
  const file = readFileSync(join(directory, 'stacks', `Pulumi.${stack}.yaml`), 'utf8');
  stage.check(!file.includes(key), 'the key is not plain in the file of the stack');
}

/** Restarts engines until they are locked: a manager learns of autolock, and of a new key, by raft. */
async function comeBackLocked(stage: Stage, names: readonly string[]): Promise<void> {
  const hosts = await Promise.all(names.map((name) => stage.host(name)));
  await Promise.all(hosts.map((host) => host.systemd.restart('docker.service')));
  stage.did(`restarted the engine of ${names.join(', ')}`);
  await stage.until(
    `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} locked`,
    async () => {
      const infos = await Promise.all(hosts.map(({ docker }) => docker.info()));
      const open = infos.flatMap(({ localNodeState }, index) =>
        localNodeState === 'locked' ? [] : [`${String(names[index])} is ${localNodeState}`],
      );
      return open.length === 0 || open.join(', ');
    },
    30,
  );
}

async function rotate(stage: Stage): Promise<string> {
  const host = await stage.host('m1');
  const rotated = await host.run(['docker', 'swarm', 'unlock-key', '--rotate', '-q']);
  stage.did('rotated the unlock key by hand');
  const key = rotated.stdout.trim();
  await stage.until(
    'every manager has the new key',
    async () => {
      const keys = await Promise.all(
        managers.map(async (name) => (await stage.host(name)).docker.unlockKey()),
      );
      return keys.every((each) => each === key) || 'not yet';
    },
    30,
  );
  return key;
}
