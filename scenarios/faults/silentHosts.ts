import type { Scenario } from '../scenario';
import { shapes } from '../clusterShape';
import type { PulumiRun } from '../pulumi/pulumiProject';
import type { Stage } from '../stage';
import { untilUnreachable } from './unreachable';

/** A manager whose packets are dropped, so that every connection waits for its timeout, and a worker without power. */
const silentManager = 'm3';
const silentWorker = 'w1';

/** What a command may take longer than with everybody there: docs/guide.md, "A host that does not answer". */
const mostExtraSeconds = 40;

async function silence(stage: Stage): Promise<void> {
  await stage.dropPackets(silentManager);
  await stage.powerOff(silentWorker);
}

/** URN and ID of every resource in the state. */
async function stateOf(stage: Stage): Promise<readonly string[]> {
  const { stdout } = await stage.pulumi.runOrFail(
    'stack',
    'export',
    `--stack=${stage.pulumi.stack}`,
  );
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources?: readonly { readonly urn: string; readonly id?: string }[] };
  };
  // A state that holds nothing has no such list.
  return (deployment.resources ?? []).map(({ urn, id = '' }) => `${urn} ${id}`).sort();
}

/** Runs a command of which nothing is expected but an end in time. */
async function inTime(stage: Stage, command: string, usualSeconds: number): Promise<PulumiRun> {
  const run = await stage.runToTheEnd(command);
  stage.check(
    run.seconds <= usualSeconds + mostExtraSeconds,
    `${command} took ${String(run.seconds)} s, and ${String(usualSeconds)} s with everybody there`,
  );
  return run;
}

function checkNamed(stage: Stage, command: string, { output }: PulumiRun): void {
  for (const name of [silentManager, silentWorker]) {
    const isNamed = new RegExp(
      `\\b${name}\\b.*(does not answer|gives no answer|not looked at|is off|is down|unreachable)`,
    );
    stage.check(isNamed.test(output), `${command} says of ${name} that it is silent`, output);
  }
}

export const silentHosts: Scenario = {
  name: 'silent-hosts',
  number: 19,
  title: 'a manager whose packets are dropped, and a worker without power, never answer again',
  holds:
    'refresh, preview and up end in time, name them and drop nothing of them; destroy ends too and leaves nothing',
  shape: shapes.threeManagers,
  run: async (stage) => {
    stage.declare('allowDestroy', true, 'declared consent to destroy');
    await stage.runToTheEnd('up');
    const before = await stateOf(stage);
    const usual: Record<string, number> = {};
    for (const command of ['refresh', 'preview', 'up']) {
      usual[command] = (await stage.runToTheEnd(command)).seconds;
    }
    await silence(stage);
    for (const command of ['refresh', 'preview', 'up']) {
      const run = await inTime(stage, command, usual[command] ?? 0);
      if (command === 'up') stage.checkEqual(run.changes, [], 'up, begun at once, changes nothing');
    }
    await untilUnreachable(stage, silentManager);
    for (const command of ['refresh', 'preview', 'up']) {
      const run = await inTime(stage, command, usual[command] ?? 0);
      checkNamed(stage, command, run);
      if (command === 'up') stage.checkEqual(run.changes, [], 'up changes nothing');
    }
    stage.checkEqual(await stateOf(stage), before, 'the state holds every resource that it held');
    await stage.untilServed();

    await stage.passPackets(silentManager);
    await stage.powerOn(silentWorker);
    await stage.untilAsDeclared();
    await stage.checkNothingPending();

    await silence(stage);
    const destroyed = await stage.runToTheEnd('destroy');
    stage.check(
      destroyed.seconds <= 300,
      `destroy, begun at once, took ${String(destroyed.seconds)} s`,
    );
    const left = await stage.effects.lab.records(stage.cluster.lab);
    stage.checkEqual(left, [], 'no machine is left');
    stage.checkEqual(
      (await stateOf(stage)).filter((each) => each.includes('swarm:')),
      [],
      'nothing is left in the state',
    );
  },
};
