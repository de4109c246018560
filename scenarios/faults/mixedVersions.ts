import { randomUUID } from 'node:crypto';
import { alpnDropInPath } from '../../core/alpnDropIn';
import { steps } from '../../core/steps';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { nextOs, shapes } from '../clusterShape';
import { joinByHand } from '../joinByHand';
import { offerNextRelease } from '../offerNextRelease';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

/** What the release after `nextOs` brings, and what all get in the end. */
const newest = '28.5.2';

export const mixedVersions: Scenario = {
  name: 'mixed-versions',
  number: 25,
  title:
    'managers of 20.10.24, 26.1.5 and 28.5.2 in one swarm, the older two promoted anew, rolled to one version',
  holds:
    'a plain `docker swarm join` of 28.5.2 is refused by both; the plan says by whom each joins, and so it is: 28.5.2 joins without ALPN where nobody offers it, and else by who does, in the same swarm to the end',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.changeOs(nextOs, 'm2', 'm3');
    await stage.runToTheEnd('up');
    await checkVersions(stage, ['20.10.24', '26.1.5', '26.1.5']);

    await promoteAnew(stage, 'm1');
    await promoteAnew(stage, 'm2');
    await refusedByHand(stage, 'm1', 'm2');
    await offerNewest(stage, 'm3');
    // Only the machines themselves have a source of it; no image could be made with it.
    await stage.setConfig('lab.prepareImages', 'false');
    stage.changeEngine({ version: newest }, 'm3');
    await checkPreview(stage, [
      /replace manager m3 \(engine 26\.1\.5 → 28\.5\.2\).*; joins through m1, and does without ALPN until it has joined: m1 and m2 offer no ALPN/,
      /managers are declared with engines of different releases \(m1 20\.10\.24, m2 26\.1\.5, m3 28\.5\.2\)/,
    ]);
    const mark = stage.mark();
    await stage.runToTheEnd('up');
    const ran = stage.stepsSince(mark);
    const [near, gate] = [ran.indexOf(steps.fetchEngine('m3')), ran.indexOf(steps.gate('m3'))];
    stage.check(
      near >= 0 && near < gate,
      'its engine was brought near before its gate',
      ran.join(),
    );
    const said = ran.filter((sentence) => sentence.includes('ALPN'));
    stage.checkEqual(
      said,
      ['let the engine of m3 join without ALPN', 'let the engine of m3 ask for ALPN again'],
      'up made the exception and took it back',
    );
    const file = await (await stage.host('m3')).files.read(alpnDropInPath);
    stage.checkEqual(file, undefined, 'nothing of the exception is left on m3');
    await checkVersions(stage, ['20.10.24', '26.1.5', newest]);
    await stage.untilServed();

    stage.changeOs(nextOs, 'm1', 'w1');
    await checkPreview(stage, [/replace manager m1 .*; joins through m3, as m2 offers no ALPN/]);
    await stage.runToTheEnd('up');
    await checkVersions(stage, ['26.1.5', '26.1.5', newest]);

    await promoteAnew(stage, 'm1');
    for (const name of ['m1', 'm2', 'w1']) await offerNewest(stage, name);
    stage.changeEngine({ version: newest });
    await checkPreview(stage, [
      /replace manager m1 .*; joins through m3, as m2 offers no ALPN/,
      /replace manager m2 .*; joins through m1/,
      /replace worker w1 .*; joins through m1/,
    ]);
    const last = stage.mark();
    await stage.runToTheEnd('up');
    stage.checkEqual(
      stage.stepsSince(last).filter((sentence) => sentence.includes('ALPN')),
      [],
      'no exception was needed',
    );
    await checkVersions(stage, [newest, newest, newest]);
    await stage.untilAsDeclared();
    await stage.untilServed();
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');
    await stage.checkNothingPending();
  },
};

async function checkVersions(stage: Stage, versions: readonly string[]): Promise<void> {
  const seen: string[] = [];
  for (const name of ['m1', 'm2', 'm3']) seen.push((await stage.node(name)).engineVersion);
  stage.checkEqual(seen, versions, `m1, m2, m3 run engines ${versions.join(', ')}`);
}

async function checkPreview(stage: Stage, sentences: readonly RegExp[]): Promise<void> {
  const { output } = await stage.runToTheEnd('preview');
  for (const sentence of sentences) {
    stage.check(sentence.test(output), `preview says ${sentence.source}`, output);
  }
}

/** A demotion and a promotion by hand: each changes the certificate of the node under its running daemon. */
async function promoteAnew(stage: Stage, name: string): Promise<void> {
  const other = name === 'm3' ? 'm2' : 'm3';
  const { docker } = await stage.host(other);
  const { id } = await stage.node(name);
  for (const role of ['worker', 'manager'] as const) {
    await docker.updateNode(id, { role });
    await stage.until(
      `${name} is a ${role}`,
      async () => {
        const isMember = (await stage.node(name)).managerStatus?.reachability === 'reachable';
        const { isControlAvailable } = await (await stage.host(name)).docker.info();
        const isDone = role === 'manager' ? isMember && isControlAvailable : !isControlAvailable;
        return isDone || 'not yet';
      },
      180,
    );
  }
  stage.did(`demoted and promoted ${name} by hand`);
  const address = stage.cluster.addresses[name] ?? '';
  const offers = await (await stage.host(name)).docker.offersAlpn(address);
  stage.checkEqual(offers, false, `${name} offers no ALPN any more`);
}

async function offerNewest(stage: Stage, name: string): Promise<void> {
  await offerNextRelease(await stage.host(name));
  stage.did(`gave ${name} the package lists of the next release beside its own`);
}

/**
 * What an administrator meets who joins a machine with the newest engine by Docker's own command: it stands beside the
 * cluster, undeclared, and is gone behind this.
 */
async function refusedByHand(stage: Stage, ...managers: readonly string[]): Promise<void> {
  const { lab, addresses } = stage.cluster;
  const peer = await stage.effects.lab.record(lab, 'm1');
  if (peer === undefined) throw new Error(`lab ${lab} has no machine m1`);
  const key = generateSshKeyPair('x1');
  const { id, name } = await stage.effects.lab.ensure(
    {
      ...{ id: randomUUID(), lab, subnet: peer.subnet, name: 'x1', os: nextOs, labels: {} },
      address: peer.address.replace(/\d+$/, '31'),
      ...{ hostPrivateKey: key.privateKey, hostPublicKey: key.publicKey },
    },
    () => undefined,
  );
  await offerNewest(stage, name);
  const host = await stage.host(name);
  const packages = ['docker.io/forky', 'docker-cli/forky'];
  const argv = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  const installed = await host.run(['env', 'DEBIAN_FRONTEND=noninteractive', ...argv]);
  if (installed.code !== 0) throw new Error(`${argv.join(' ')}: ${installed.stderr.slice(-600)}`);
  await host.systemd.start('docker.service');
  stage.checkEqual(await host.docker.version(), newest, `${name} runs engine ${newest}, by hand`);
  for (const manager of managers) {
    const token = await (await stage.host(manager)).docker.joinToken('worker');
    const { code, stderr } = await joinByHand(host, token, addresses[manager] ?? '');
    const isRefused = stderr.includes('cannot check peer: missing selected ALPN property');
    stage.check(
      code !== 0 && isRefused,
      `a plain \`docker swarm join\` on ${name} through ${manager} fails: missing selected ALPN property`,
      `exit code ${String(code)}: ${stderr}`,
    );
    await stage.until(
      `${name} is outside`,
      async () => {
        const { localNodeState } = await host.docker.info();
        return localNodeState === 'inactive' || localNodeState;
      },
      30,
    );
  }
  await stage.effects.lab.remove(lab, name, id);
}
