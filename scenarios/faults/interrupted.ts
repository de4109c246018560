import { stubbornCommand } from '../../demo/webImage';
import { leaseRenewSeconds, leaseTimeToLiveSeconds } from '../../core/lease';
import { steps } from '../../core/steps';
import { nextOs, shapes } from '../clusterShape';
import { killTree } from '../processTree';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

export const ctrlC: Scenario = {
  name: 'ctrl-c',
  number: 4,
  title: 'Ctrl-C while a manager is taken out',
  holds:
    'the running operation is finished and nothing new begins; the last words name the node that is out and the command that goes on; up finishes and builds nothing twice',
  shape: shapes.threeManagers,
  run: async (stage) => {
    stage.changeOs(nextOs, 'm1', 'm2');
    const [first = '', second = ''] = await stage.plannedOrder();
    const rolling = stage.start('up');
    await stage.untilStep(rolling, steps.drain(second));
    rolling.interrupt();
    stage.did('pressed Ctrl-C');
    const up = await stage.finish('up', rolling);
    stage.check(up.exitCode !== 0, 'up ends with an error code', up.output);
    const began = stage.stepsSince(rolling.journalMark);
    stage.checkEqual(began.at(-1), steps.remove(second), 'the node’s delete is carried to its end');
    stage.check(
      new RegExp(`${second} is out of the swarm; \`pulumi up\` goes on from here`).test(up.output),
      `it says that ${second} is out, and that pulumi up goes on`,
      up.output,
    );
    const rebuilt = await stage.bootIds([first]);
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.bootIds([first]), rebuilt, `${first} is not built again`);
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

/** A drain takes this long where a task ignores its stop. */
const graceSeconds = 60;

export const leaseHeld: Scenario = {
  name: 'lease-held',
  number: 4,
  title: '`pulumi cancel` under a live run, a second `up`, then the first one is killed',
  holds:
    'the lease keeps the second run out while the first one lives; it is taken over when its owner is dead, and the second run finishes',
  shape: shapes.threeManagers,
  run: async (stage) => {
    await declareStubbornService(stage);
    await stage.runToTheEnd('up');
    stage.changeOs(nextOs, 'm1');
    const rolling = stage.start('up');
    await stage.untilStep(rolling, steps.drain('m1'));
    await stage.runToTheEnd('cancel');

    const gates = (): readonly number[] =>
      stage.pulumi
        .journal()
        .slice(rolling.journalMark)
        .filter(({ event, sentence }) => event === 'start' && sentence === steps.gate('m1'))
        .map(({ at }) => Date.parse(at));
    const gatesOfFirst = gates().length;
    const second = stage.start('up');
    await stage.until(
      'the second run says that another one holds the lease',
      async () =>
        Promise.resolve(
          second
            .statuses()
            .some((status) => /another run holds the lease \(take manager m1 out/.test(status)) ||
            'it does not yet',
        ),
      60,
    );
    stage.checkEqual(gates().length, gatesOfFirst, 'the second run has not come to a gate');
    const killedAt = Date.now();
    const { pid } = rolling.process;
    stage.check(pid !== undefined && rolling.process.exitCode === null, 'the first run is alive');
    if (pid !== undefined) killTree(pid);
    stage.did('killed the first run -9, its provider with it');
    stage.mustEndWell('up', await stage.finish('up', second));
    const takenOverAfter = ((gates()[gatesOfFirst] ?? 0) - killedAt) / 1000;
    stage.check(
      takenOverAfter >= leaseTimeToLiveSeconds - leaseRenewSeconds - 1,
      `the second run took the lease over ${takenOverAfter.toFixed(1)} s after the kill, when it had lapsed`,
    );
    await stage.untilAsDeclared();
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

export const cancelledAlive: Scenario = {
  name: 'cancel-live-run',
  number: 4,
  title: '`pulumi cancel` under a live run, and a second `up` beside it, both to their ends',
  holds:
    'the second run waits or is refused while the node is out; the majority is held, and after the next up everything is as declared, one entry per node',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const idBefore = await stage.clusterId();
    stage.changeOs(nextOs, 'm1');
    const rolling = stage.start('up');
    await stage.untilStep(rolling, steps.drain('m1'));
    await stage.runToTheEnd('cancel');
    const second = stage.start('up');
    const runs = await Promise.all([
      stage.finish('up (the first)', rolling),
      stage.finish('up (the second)', second),
    ]);
    for (const run of runs.filter(({ exitCode }) => exitCode !== 0)) {
      stage.saw(`one of them failed: ${errorLines(run.output)}`);
    }
    const others = (await stage.nodes()).filter(
      ({ hostname, managerStatus }) =>
        hostname !== 'm1' && managerStatus?.reachability === 'reachable',
    );
    stage.checkEqual(others.length, 2, 'the other two managers are reachable');
    await stage.runToTheEnd('up');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId('m1'), idBefore, 'm1 is in the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

function errorLines(output: string): string {
  return output
    .split('\n')
    .filter((line) => /^\s*error: /.test(line))
    .map((line) => line.trim())
    .join('; ');
}

/** One task per node that ignores its stop: PID 1 of a container has no default handler for SIGTERM. */
async function declareStubbornService(stage: Stage): Promise<void> {
  const { stdout } = await stage.pulumi.runOrFail('config', 'get', '--path', 'services[0].image');
  const values: Readonly<Record<string, string>> = {
    name: 'stubborn',
    image: stdout.trim(),
    ...Object.fromEntries(
      stubbornCommand.map((word, index) => [`command[${String(index)}]`, word]),
    ),
    global: 'true',
    endpointMode: 'dnsrr',
    stopGraceSeconds: String(graceSeconds),
  };
  for (const [key, value] of Object.entries(values)) {
    await stage.pulumi.runOrFail('config', 'set', '--path', `services[1].${key}`, value);
  }
  stage.did(`declared a service whose tasks take ${String(graceSeconds)} s to stop`);
}
