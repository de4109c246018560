import { alpnDropInPath } from '../../core/alpnDropIn';
import { nextOs, shapes } from '../clusterShape';
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
    'the plan says by whom each joins, and so it is: 28.5.2 joins without ALPN where nobody offers it, and else by who does, in the same swarm to the end',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.changeOs(nextOs, 'm2', 'm3');
    await stage.runToTheEnd('up');
    await checkVersions(stage, ['20.10.24', '26.1.5', '26.1.5']);

    await promoteAnew(stage, 'm1');
    await promoteAnew(stage, 'm2');
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
    const said = stage.stepsSince(mark).filter((sentence) => sentence.includes('ALPN'));
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

/** The next release of the OS beside its own, as an administrator does it who wants something newer. */
async function offerNewest(stage: Stage, name: string): Promise<void> {
  const host = await stage.host(name);
  const sources = (await host.files.read('/etc/apt/sources.list')) ?? '';
  const next = sources
    .replaceAll('trixie', 'forky')
    .split('\n')
    .filter((line) => !/security|updates/.test(line));
  await host.files.write('/etc/apt/sources.list.d/forky.list', next.join('\n'));
  const argv = ['apt-get', '-o', 'Acquire::Check-Valid-Until=false', 'update'];
  const { code, stderr } = await host.run(argv, { timeoutSeconds: 300 });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr.slice(-600)}`);
  stage.did(`gave ${name} the package lists of forky beside its own`);
}
