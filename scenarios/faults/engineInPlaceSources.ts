import { join } from 'node:path';
import { engineProgramsPath } from '../../core/engineUnits';
import { defaultDirectories, machinePaths } from '../../effects/labMachines/layout';
import { shapes } from '../clusterShape';
import { steps } from '../../core/steps';
import {
  downloadEngine,
  makeStaticArchive,
  makeUnfitEngine,
  type EngineRelease,
} from '../engineFiles';
import {
  breakEngine,
  daemonsLog,
  engineVersions,
  heldNames,
  mendEngine,
  nodeIds,
} from '../enginesInPlace';
import { newerEngine, olderEngine } from '../nextEngine';
import { runPinnedService } from '../pinnedService';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { balancedPort, countRequests } from '../vip/countRequests';

const packages = '/srv/packages';
const archives = '/srv/archives';
const driver = 'local';
/** Of a package that cannot be installed. */
const unfitEngine = '28.5.9';

export const engineInPlaceSources: Scenario = {
  name: 'engine-in-place-sources',
  number: 27,
  title: `in place, one worker takes engine ${newerEngine} from files of packages, the other one from an archive of static programs, whose daemon does not start at first; a manager gets an option that needs a start`,
  holds:
    'what does not start is put back and serves again, everybody ends with what is declared, nobody leaves the swarm, and no request fails',
  shape: shapes.inPlace,
  run: async (stage) => {
    const [packaged = '', unpacked = ''] = stage.cluster.workers;
    const [, manager = ''] = stage.cluster.managers;
    const directory = await offerPackages(stage, 'trixie');
    stage.changeEngine({ version: olderEngine, source: { kind: 'packages', directory } }, packaged);
    const older = await makeArchive(stage, olderEngine, 'trixie');
    stage.changeEngine({ version: olderEngine, source: older }, unpacked);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    await refuseBarrier(stage);
    await refuseUnfit(stage, packaged);
    const [ids, boots] = [await nodeIds(stage), await stage.bootIds()];

    await offerPackages(stage, 'forky');
    const newer = await makeArchive(stage, newerEngine, 'forky');
    await breakEngine(stage, unpacked, `${engineProgramsPath}/dockerd`);
    stage.changeEngine({ version: newerEngine, upgrade: 'inPlace' }, packaged);
    stage.changeEngine({ version: newerEngine, upgrade: 'inPlace', source: newer }, unpacked);
    stage.changeEngine({ upgrade: 'inPlace', daemon: { 'log-driver': driver } }, manager);
    const work = async (): Promise<void> => {
      const failed = await stage.run('up');
      stage.check(failed.exitCode !== 0, 'up stops', failed.output);
      stage.check(
        new RegExp(
          `${unpacked}: engine ${newerEngine} did not take the place of ${olderEngine}, which was put back`,
        ).test(failed.output),
        'it says what did not come up, and was put back',
        failed.output,
      );
      stage.check(daemonsLog.test(failed.output), 'with the daemon’s log', failed.output);
      stage.checkEqual(
        await engineVersions(stage, [unpacked]),
        { [unpacked]: olderEngine },
        `${unpacked} runs the static programs of ${olderEngine} again`,
      );
      const { availability } = await stage.node(unpacked);
      stage.checkEqual(availability, 'active', `${unpacked} serves`);
      stage.checkEqual(await heldNames(stage), [], 'nobody is held');
      await mendEngine(stage, unpacked);
      await stage.runToTheEnd('up');
      await stage.untilAsDeclared();
    };
    const sight = await countRequests(stage, 'meanwhile', work, balancedPort);
    stage.checkEqual(
      await engineVersions(stage, [packaged, unpacked]),
      { [packaged]: newerEngine, [unpacked]: newerEngine },
      `${packaged} and ${unpacked} run ${newerEngine}`,
    );
    stage.checkEqual(await logDriver(stage, manager), driver, `${manager} has its option`);
    stage.checkEqual(await nodeIds(stage), ids, 'every node is the one that it was');
    stage.checkEqual(await stage.bootIds(), boots, 'no machine was restarted');
    stage.checkEqual(sight.client.failures, 0, 'no request failed');
    await stage.checkNothingPending();
  },
};

/** All managers drained at once would leave it nowhere. */
async function refuseBarrier(stage: Stage): Promise<void> {
  const { managers } = stage.cluster;
  const service = await runPinnedService(stage, 'node.role==manager', 1);
  const before = stage.declared('managers');
  stage.changeEngine({ upgrade: 'inPlace', daemon: { 'log-driver': driver } }, ...managers);
  const { exitCode, output } = await stage.run('preview');
  stage.check(
    exitCode !== 0 && /pinned would run nowhere/.test(output),
    'preview refuses what would leave a service nowhere',
    output,
  );
  stage.declare('managers', before, 'took that back');
  await (await stage.host(managers[0] ?? '')).docker.removeService(service);
}

/** Found before anything is drained: the node serves on, with the engine that it has. */
async function refuseUnfit(stage: Stage, name: string): Promise<void> {
  await makeUnfitEngine(await stage.host(makerOf(stage).maker), packages, unfitEngine);
  stage.did(`put an engine ${unfitEngine} there, which needs a package of nobody`);
  stage.changeEngine({ version: unfitEngine, upgrade: 'inPlace' }, name);
  const failed = await stage.run('up');
  stage.check(
    failed.exitCode !== 0 && /Depends: package-of-nobody but it is not/.test(failed.output),
    'up stops, and says what cannot be had',
    failed.output,
  );
  stage.check(
    !failed.output.includes(steps.drain(name)) && !failed.output.includes(steps.stopEngine(name)),
    `${name} was not drained`,
    failed.output,
  );
  stage.checkEqual((await stage.node(name)).availability, 'active', `${name} serves`);
}

/** Puts packages into the directory that is declared, as somebody does who has hosts without a repository. */
async function offerPackages(stage: Stage, release: EngineRelease): Promise<string> {
  const { maker, here } = makerOf(stage);
  await downloadEngine(await stage.host(maker), packages, release);
  stage.did(`put the packages of ${release}’s engine into a directory of this computer`);
  return join(here, packages);
}

async function makeArchive(
  stage: Stage,
  version: string,
  release: EngineRelease,
): Promise<Readonly<Record<string, string>>> {
  const { maker, here } = makerOf(stage);
  const file = `docker-${version}.tgz`;
  const sha256 = await makeStaticArchive(await stage.host(maker), archives, { file, release });
  stage.did(`made ${file} of the programs of ${release}’s engine`);
  return { kind: 'static', path: join(here, archives, file), sha256 };
}

/** A machine that reaches the mirror, and its disk as this computer sees it. */
function makerOf({ cluster: { lab, managers } }: Stage): {
  readonly maker: string;
  readonly here: string;
} {
  const [maker = ''] = managers;
  return { maker, here: machinePaths(defaultDirectories, lab, maker).root };
}

async function logDriver(stage: Stage, name: string): Promise<string> {
  const argv = ['docker', 'info', '--format', '{{.LoggingDriver}}'];
  const { code, stdout, stderr } = await (await stage.host(name)).run(argv);
  return code === 0 ? stdout.trim() : stderr;
}
