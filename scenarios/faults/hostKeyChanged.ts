import { readFileSync, writeFileSync } from 'node:fs';
import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { untilUnreachable } from './unreachable';

const rebuilt = 'm3';

/** What a rebuild by hand leaves: another host key, and an engine that knows of no swarm. */
const rebuild = [
  'systemctl stop docker.socket docker.service',
  'rm -rf /var/lib/docker/swarm /etc/pulumi-swarm',
  'rm /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub',
  "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
  'systemctl restart ssh',
  'systemctl start docker.service',
].join(' && ');

async function checkRefused(stage: Stage, command: string): Promise<void> {
  const run = await stage.run(command);
  stage.check(
    run.exitCode !== 0 && run.output.includes(`${rebuilt}: `),
    `${command} refuses and names ${rebuilt}`,
    run.output,
  );
  stage.check(
    run.output.includes('this may be another machine, so nothing was sent to it'),
    `${command} says why, and how the key is accepted`,
    run.output,
  );
  stage.checkEqual(run.changes, [], `${command} changes no resource`);
}

export const hostKeyChanged: Scenario = {
  name: 'host-key-changed',
  number: 15,
  title: 'a manager is rebuilt behind our back, and shows another SSH host key',
  holds:
    'preview and up refuse with the remedy, refresh drops nothing, nobody logs in; by the remedy it is built anew and joins',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const clusterId = await stage.clusterId();
    // Its connection is older than the new key, and stays open: the only way to look at it from here on.
    const host = await stage.host(rebuilt);
    const done = await host.run(['sh', '-c', rebuild]);
    stage.check(done.code === 0, `${rebuilt} was rebuilt by hand`, done.stderr);
    const logins = async (): Promise<number> => {
      const log = await host.run(['journalctl', '--unit=ssh', '--output=cat', '--no-pager']);
      return log.stdout.split('\n').filter((line) => line.startsWith('Accepted ')).length;
    };
    const before = await logins();
    const others = stage.nodeNames.filter((name) => name !== rebuilt);
    const boots = await stage.bootIds(others);
    await untilUnreachable(stage, rebuilt);

    await checkRefused(stage, 'preview');
    await checkRefused(stage, 'up');
    const refreshed = await stage.runToTheEnd('refresh');
    stage.check(
      refreshed.output.includes('this may be another machine'),
      'refresh warns of it',
      refreshed.output,
    );
    await checkRefused(stage, 'preview');
    stage.checkEqual(await logins(), before, `nobody has logged in to ${rebuilt}`);
    stage.checkEqual(await stage.bootIds(others), boots, 'the others were left alone');
    await stage.untilServed();

    const file = stage.pulumi.path('stacks/Pulumi.scenario.yaml');
    const declared = readFileSync(file, 'utf8');
    await stage.powerOff(rebuilt);
    stage.undeclare(rebuilt);
    await stage.runToTheEnd('up');
    writeFileSync(file, declared);
    stage.did(`put ${rebuilt} back into the declaration`);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(rebuilt), clusterId, 'it is in the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};
