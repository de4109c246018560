import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { steps } from '../../core/steps';
import { defaultDirectories, machinePaths } from '../../effects/labMachines/layout';
import { nextOs, shapes } from '../clusterShape';
import type { RunningPulumi } from '../pulumi/pulumiProject';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { until } from '../until';

const archives = 'var/cache/apt/archives';

/** A roll of one manager whose installation fails by `harm`, and goes on when it is healed. */
async function failInstall(
  stage: Stage,
  harm: (rolling: RunningPulumi) => Promise<void>,
  heal: () => Promise<void>,
  says: RegExp,
): Promise<void> {
  // Else the engine is in the image, and nothing is installed on the machine.
  await stage.setConfig('lab.prepareImages', 'false');
  stage.changeOs(nextOs, 'm1');
  const rolling = stage.start('up');
  await stage.untilStep(rolling, steps.installEngine('m1'));
  await harm(rolling);
  const up = await stage.finish('up', rolling);
  stage.check(up.exitCode !== 0, 'up stops', up.output);
  stage.check(says.test(up.output), `it says why (${says.source})`, up.output);
  const members = (await stage.nodes()).filter(({ managerStatus }) => managerStatus !== undefined);
  stage.checkEqual(
    members.map(({ managerStatus }) => managerStatus?.reachability),
    ['reachable', 'reachable'],
    'the other two managers are the members, and reachable',
  );
  await stage.untilServed();
  const boot = await stage.bootIds(['m1']);
  await heal();
  await stage.runToTheEnd('up');
  await stage.untilAsDeclared();
  stage.checkEqual(await stage.bootIds(['m1']), boot, 'the machine is not built again');
  await stage.untilServed();
  await stage.checkNothingPending();
}

export const mirrorFails: Scenario = {
  name: 'mirror-fails',
  number: 6,
  title: 'the package mirror fails halfway through the engine’s installation',
  holds: 'up stops and quotes apt; with the mirror back, up finishes on the same machine',
  shape: shapes.threeManagers,
  run: (stage) =>
    failInstall(
      stage,
      async () => {
        const { root } = machinePaths(defaultDirectories, stage.cluster.lab, 'm1');
        const arrived = (): readonly string[] =>
          readdirSync(join(root, archives)).filter((name) => name.endsWith('.deb'));
        await until(() => Promise.resolve(arrived().length > 0 || 'no package yet'), 60, 2);
        await stage.shutWayOut('m1');
        stage.saw(`packages that had arrived by then: ${arrived().join(', ')}`);
      },
      () => stage.openWayOut('m1'),
      /PackageInstallFailed|installing docker\.io/,
    ),
};

export const diskFull: Scenario = {
  name: 'disk-full',
  number: 6,
  title: 'the disk is full while the engine is installed',
  holds: 'up stops and quotes apt; with room again, up finishes on the same machine',
  shape: shapes.threeManagers,
  run: (stage) => {
    const onM1 = async (...argv: readonly string[]): Promise<void> => {
      const { code, stderr } = await (await stage.host('m1')).run(argv);
      if (code !== 0) throw new Error(`m1: ${argv.join(' ')}: ${stderr}`);
    };
    return failInstall(
      stage,
      async () => {
        await onM1('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', `/${archives}`);
        stage.did('left 4 MiB for packages on m1');
      },
      async () => {
        await onM1('umount', `/${archives}`);
        stage.did('made room again');
      },
      /free space|No space left/,
    );
  },
};
