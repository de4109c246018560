import { shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

/** What Debian 12 brings, and what somebody takes from Debian 13. */
const declaredVersion = '20.10';
const otherVersion = /^26\./;

export const engineByHand: Scenario = {
  name: 'engine-by-hand',
  number: 14,
  title: 'the engine of a manager is upgraded by hand with apt, from the next release of the OS',
  holds:
    'refresh and the next preview show it, and up puts the declared version back, on the same machine and in the same swarm',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.declare(
      'engine',
      { ...(stage.declared('engine') as object), version: declaredVersion },
      `declared engine ${declaredVersion}`,
    );
    const same = await stage.runToTheEnd('up');
    stage.checkEqual(
      same.changes.filter(({ op }) => op === 'replace'),
      [],
      'up replaces nothing',
    );
    const boots = await stage.bootIds();

    await upgradeByHand(stage, 'm3');
    const refresh = await stage.runToTheEnd('refresh');
    stage.check(/Engine +m3 +updated/.test(refresh.output), 'refresh shows m3', refresh.output);
    const preview = await stage.runToTheEnd('preview');
    stage.check(
      /replace manager m3 \(engine 26\.\S+ → 20\.10\)/.test(preview.output),
      'preview says that m3 gets the declared engine back',
      preview.output,
    );
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    const { docker } = await stage.host('m3');
    const version = await docker.version();
    stage.check(version.startsWith(`${declaredVersion}.`), `m3 runs engine ${version} again`);
    stage.checkEqual(await stage.bootIds(), boots, 'no machine is rebuilt');
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

/** As an administrator does it who wants something newer: the next release’s packages beside their own. */
async function upgradeByHand(stage: Stage, name: string): Promise<void> {
  const host = await stage.host(name);
  const sources = (await host.files.read('/etc/apt/sources.list')) ?? '';
  const next = sources.replaceAll('bookworm', 'trixie');
  await host.files.write('/etc/apt/sources.list.d/trixie.list', next);
  const apt = ['apt-get', '-o', 'Acquire::Check-Valid-Until=false'];
  const install = ['install', '-y', '--no-install-recommends', '--allow-change-held-packages'];
  for (const argv of [
    [...apt, 'update'],
    [...apt, ...install, 'docker.io/trixie', 'docker-cli/trixie'],
    ['systemctl', 'restart', 'docker'],
  ]) {
    const result = await host.run(['env', 'DEBIAN_FRONTEND=noninteractive', ...argv], {
      timeoutSeconds: 600,
    });
    if (result.code !== 0) {
      throw new Error(
        `${argv.join(' ')}: ${result.stdout.slice(-600)}${result.stderr.slice(-600)}`,
      );
    }
  }
  stage.did(`installed docker.io and docker-cli of trixie on ${name} by hand`);
  await stage.until(
    `${name} runs the newer engine, and is in control`,
    async () => {
      const { docker } = await stage.host(name);
      const version = await docker.version();
      const info = await docker.info();
      const { state } = await stage.node(name);
      return (
        (otherVersion.test(version) && info.isControlAvailable && state === 'ready') ||
        `it runs ${version} and is ${state}`
      );
    },
    90,
  );
}
