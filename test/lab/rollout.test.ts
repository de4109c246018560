import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { steps } from '../../core/steps';
import { findProblems, listNodes } from '../../demo/cluster';
import { probe } from '../../demo/httpProbe';
import type { JournalLine } from '../../demo/report/journal';
import { gapBoundMs } from '../../demo/report/clientSentence';
import { majorityHeld } from '../../demo/report/quorum';
import { buildWebImage } from '../../demo/webImage';
import { realEffects } from '../../effects/realEffects';
import { diffInventory, takeInventory, type HostInventory } from '../../lab/inventory';
import {
  killMarked,
  markChildren,
  markedEnded,
  type MarkedProcess,
} from '../../scenarios/markedProcesses';
import { offerNextRelease } from '../../scenarios/offerNextRelease';
import { startOverlayClients } from '../../scenarios/overlay/overlayClients';
import { PulumiProject } from '../../scenarios/pulumi/pulumiProject';
import { changeKey } from '../../scenarios/stackFile';
import { until } from '../../scenarios/until';
import { appCompose, appPort, appSeen, type AppRelease } from './support/appStack';
import {
  bootId,
  bootIds,
  bridgeAddress,
  clusterId,
  connectionsNow,
  lookAtCluster,
  machine,
  nodeNames,
  rollCluster,
  rollConfiguration,
  rollLab,
  webUrl,
} from './support/rollCluster';
import {
  describeGap,
  describeWatched,
  sightAtMoves,
  watchRoll,
  type RollWatch,
} from './support/rollWatch';
import { secondsBetween, stages } from './support/stages';
import { reasonToSkip, takeDown } from './support/testLab';

const directoryPrefix = `swarm-${rollLab}-`;
const fromOs = 'debian:12';
const toOs = 'debian:13';
/** Longest that the service may be silent on a busy computer at moments when the address stays. */
const busyBoundMs = 300;
/** Load average from which others than this test keep the cores from it. */
const busyLoad = 5 * cpus().length;

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

function suite(): void {
  describe('the main job, on real machines', () => {
    const effects = realEffects();
    let untouched: HostInventory;
    let watch: RollWatch | undefined;

    /** Also takes away what an earlier run left that was killed. */
    const cleanUp = async (): Promise<void> => {
      try {
        await killMarked(rollLab);
      } finally {
        await takeDown(rollLab);
        PulumiProject.removeAll(directoryPrefix);
      }
    };

    before(async () => {
      await cleanUp();
      markChildren(rollLab);
      untouched = takeInventory({ lab: rollLab });
    });
    after(async () => {
      await watch?.stop().catch(() => undefined);
      await effects.hosts.close();
      await cleanUp();
    });

    test('a cluster is made, refused to be destroyed, changed, rolled through a crash, and destroyed', async (t) => {
      const pulumi = await PulumiProject.create(directoryPrefix, 'roll', async (directory) => ({
        ...rollConfiguration(fromOs, await buildWebImage(directory)),
        stacks: [{ name: 'app', compose: [appCompose({ release: 'v4' })] }],
      }));
      const stage = stages(t);
      const pendingChanges = async (): Promise<unknown> => (await pulumi.preview()).counts;

      await stage(
        'pulumi up makes it; the service answers through the virtual IP; no change is left',
        async (see) => {
          const { seconds } = await pulumi.runOrFail('up');
          see(`pulumi up: ${seconds} s`);
          await until(async () => {
            const { outcome } = await probe(webUrl, 1000);
            return outcome === 'ok' || `${webUrl}: ${outcome}`;
          }, 10);
          assert.deepEqual(await pendingChanges(), {});
        },
      );

      await stage(
        'a stack takes a good version and another replica; of a bad version the swarm goes back by itself',
        async (see) => {
          const { docker } = await effects.hosts.connect(machine('m1'));
          const declare = (app: AppRelease): void => {
            changeKey(pulumi, 'stacks', [{ name: 'app', compose: [appCompose(app)] }]);
          };
          const assertRuns = async (): Promise<void> => {
            const { release, tasks } = await appSeen(docker);
            assert.deepEqual([release, tasks.length], ['RELEASE=v5', 3]);
          };
          for (const [name, address] of Object.entries(rollCluster.addresses)) {
            const { servedBy } = await probe(`http://${address}:${appPort}/`, 2000);
            assert.equal(servedBy, name);
          }
          declare({ release: 'v5', replicas: 3 });
          const good = await pulumi.runOrFail('up');
          await assertRuns();

          declare({ release: 'v5-bad', replicas: 3, isBad: true });
          const bad = await pulumi.run('up');
          assert.notEqual(bad.exitCode, 0);
          assert.match(
            bad.output,
            /app_api: its update is taken back \(rollback_completed\).*non-zero exit \(3\)/s,
          );
          await assertRuns();
          declare({ release: 'v5', replicas: 3 });
          see(`pulumi up of a good version: ${good.seconds} s, of a bad one: ${bad.seconds} s`);
        },
      );

      await stage(
        'pulumi destroy without consent is refused before anything is touched',
        async (see) => {
          const seen = await lookAtCluster(effects);
          const refused = await pulumi.run('destroy');
          assert.notEqual(refused.exitCode, 0, refused.output);
          assert.match(refused.output, /`pulumi config set allowDestroy true && pulumi up`/);
          assert.match(refused.output, /then `pulumi destroy`/);
          assert.deepEqual(await lookAtCluster(effects), seen);
          assert.deepEqual(await pendingChanges(), {});
          see(`pulumi destroy, refused: ${refused.seconds} s`);
        },
      );

      await stage(
        'a changed label is one update; a stack that is declared no more goes',
        async (see) => {
          const boots = await bootIds(effects);
          changeKey(pulumi, 'stacks', undefined);
          await pulumi.runOrFail('config', 'set', '--path', 'workers[0].labels.rack', 'a');
          const { changes, seconds } = await pulumi.runOrFail('up');
          const isOfStack = ({ name }: { readonly name: string }): boolean => name === 'app';
          assert.ok(changes.some(isOfStack));
          assert.deepEqual(changes.filter((change) => !isOfStack(change)).map(described), [
            'update Node w1',
          ]);
          const { docker } = await effects.hosts.connect(machine('m1'));
          assert.deepEqual(
            (await docker.services()).map(({ name }) => name),
            ['web'],
          );
          const w1 = (await listNodes(effects, rollCluster)).find((node) => node.hostname === 'w1');
          assert.equal(w1?.labels['rack'], 'a');
          assert.deepEqual(await bootIds(effects), boots);
          see(`pulumi up of a label: ${seconds} s`);
        },
      );

      await stage(
        'a node drained by hand shows in preview and refresh, and up mends it',
        async (see) => {
          const manager = await effects.hosts.connect({ lab: rollLab, machine: 'm1' });
          const availability = async (): Promise<string | undefined> =>
            (await manager.docker.nodes()).find((node) => node.hostname === 'w1')?.availability;
          const w1 = (await manager.docker.nodes()).find((node) => node.hostname === 'w1');
          await manager.docker.updateNode(w1!.id, { availability: 'drain' });
          assert.deepEqual(await pendingChanges(), { update: 1 });
          const refreshed = await pulumi.runOrFail('refresh');
          assert.equal(await availability(), 'drain');
          const { changes, seconds } = await pulumi.runOrFail('up');
          assert.deepEqual(changes.map(described), ['update Node w1']);
          assert.equal(await availability(), 'active');
          assert.deepEqual(await pendingChanges(), {});
          see(`pulumi refresh: ${refreshed.seconds} s, pulumi up: ${seconds} s`);
        },
      );

      const overlay = await startOverlayClients(
        await effects.hosts.connect({ lab: rollLab, machine: 'm1' }),
        { logAddress: bridgeAddress, intervalSeconds: 0.5, nodes: nodeNames.length },
      );
      t.after(() => overlay.stop());
      const swarmBefore = await clusterId(effects);
      const connectionsBefore = await connectionsNow();
      let order: readonly string[] = [];
      let rebuilt: Readonly<Record<string, string>> = {};
      watch = await watchRoll(effects, (name) => pulumi.path(name));

      await stage(
        'another OS for all: killed in the second manager’s rebuild, the provider ends its step and itself',
        async (see) => {
          await pulumi.runOrFail('config', 'set', 'os', toOs);
          const preview = await pulumi.preview();
          order = preview.order;
          // The image of the new OS comes first, and that of the old one goes last.
          assert.deepEqual(preview.counts, { create: 1, replace: 15, delete: 1 });
          assert.deepEqual([...order].sort(), nodeNames);
          assert.equal(order.at(-1), 'w1');
          see(`the plan: ${order.join(', ')}`);

          const [first, second] = [order[0]!, order[1]!];
          const linesBefore = pulumi.journal().length;
          const lines = (): readonly JournalLine[] => pulumi.journal().slice(linesBefore);
          const rebuild = steps.powerOn(second, toOs);
          const began = performance.now();
          const rolling = pulumi.start('up');
          await Promise.race([
            until(async () => lines().some(isStartOf(rebuild)) || `no step "${rebuild}" yet`, 300),
            rolling.done.then(({ output }) => assert.fail(`pulumi up ended early:\n${output}`)),
          ]);
          rolling.process.kill('SIGKILL');
          const killedAt = performance.now();
          see(`killed in "${rebuild}", ${secondsBetween(began, killedAt)} s after the start`);
          await markedEnded(rollLab, 60, isProvider);
          see(`the provider ended ${secondsBetween(killedAt, performance.now())} s later`);
          const end = lines().filter(({ sentence }) => sentence === rebuild);
          assert.deepEqual(
            end.map(({ event, error }) => [event, error]),
            [
              ['start', undefined],
              ['end', undefined],
            ],
          );
          assert.deepEqual(lines().at(-1), end.at(-1), 'it began another step');
          rebuilt = {
            [first]: await bootId(effects, first),
            [second]: await bootId(effects, second),
          };
        },
      );

      await stage(
        'pulumi cancel and up go on from there: what was rebuilt is not built again',
        async (see) => {
          await pulumi.runOrFail('cancel');
          const linesBefore = pulumi.journal().length;
          const { seconds } = await pulumi.runOrFail('up');
          see(`pulumi up, to the end: ${seconds} s`);
          const boots = await bootIds(effects);
          for (const [name, boot] of Object.entries(rebuilt)) assert.equal(boots[name], boot, name);
          const drained = pulumi
            .journal()
            .slice(linesBefore)
            .filter(({ event, sentence }) => event === 'start' && sentence.startsWith('drain '))
            .map(({ name }) => name);
          assert.deepEqual(drained, order.slice(2));
        },
      );

      await stage(
        'all are on the new OS, with the names, addresses and host keys they had',
        async () => {
          assert.deepEqual(await findProblems(effects, rollCluster, toOs), []);
          const nodes = await listNodes(effects, rollCluster);
          assert.equal(nodes.length, nodeNames.length);
          assert.deepEqual([...new Set(nodes.map((node) => node.engineVersion))], ['26.1.5']);
          assert.equal(await clusterId(effects), swarmBefore);
          assert.deepEqual(await pendingChanges(), {});
          // With the host keys as they were before, checked strictly.
          const strict = realEffects();
          try {
            for (const connection of connectionsBefore) await strict.hosts.connect(connection);
          } finally {
            await strict.hosts.close();
          }
        },
      );

      await stage(
        'the majority held in every answered sample, and the client lost no request and saw no handover',
        async (see) => {
          const watched = await watch!.stop();
          watch = undefined;
          describeWatched(watched, pulumi.journal()).forEach(see);
          const { client, quorum, gaps, missingTicks, clientSeconds } = watched;
          assert.ok(majorityHeld(quorum), JSON.stringify(quorum.withoutMajority));
          assert.equal(missingTicks, 0);
          assert.ok(clientSeconds > watched.seconds - 2, 'the client did not run all the time');
          const atMoves = sightAtMoves(watched);
          assert.deepEqual(atMoves.failures, []);
          assert.deepEqual(
            atMoves.gaps.filter(({ pathMs }) => pathMs > gapBoundMs).map(describeGap),
            [],
          );
          // Away from handovers it is the web service that waits for a core, behind others on this computer.
          if (watched.load > busyLoad) {
            see(`at this load, what the service lost away from handovers is told and not judged`);
            return;
          }
          assert.equal(
            client.failures - watched.underWay.length,
            0,
            `of ${client.requests} requests`,
          );
          assert.ok(client.longestPathGapMs <= busyBoundMs, gaps.map(describeGap).join('; '));
        },
      );

      await stage(
        'a newer engine takes the place of a manager’s in place: the same node, active again',
        async (see) => {
          const name = order[0]!;
          const host = await effects.hosts.connect({ lab: rollLab, machine: name });
          const sight = async (): Promise<unknown> => {
            const { nodes: entries, boots } = await lookAtCluster(effects);
            return [Object.entries(entries).map(([node, [id]]) => [node, id]), boots];
          };
          const before = await sight();
          await offerNextRelease(host);
          const path = `managers[${String(rollCluster.managers.indexOf(name))}].engine`;
          await pulumi.runOrFail('config', 'set', '--path', `${path}.version`, '28.5.2');
          await pulumi.runOrFail('config', 'set', '--path', `${path}.upgrade`, 'inPlace');
          const { changes, seconds } = await pulumi.runOrFail('up');
          assert.deepEqual(changes.map(described), [
            'update Swarm roll',
            `update Engine ${name}`,
            'create Activation roll-activation',
          ]);
          assert.equal(await host.docker.version(), '28.5.2');
          assert.deepEqual(await sight(), before);
          assert.deepEqual(await findProblems(effects, rollCluster, toOs), []);
          assert.deepEqual(await pendingChanges(), {});
          see(`pulumi up of an engine in place: ${seconds} s`);
        },
      );

      await stage('clients on an overlay network logged no `Connectivity error:`', async (see) => {
        const { clients, requests, errors, unheard } = await overlay.stop();
        see(`${clients} clients made ${requests} requests`);
        assert.ok(clients >= 2 * nodeNames.length, 'none of the rebuilt nodes had one');
        assert.deepEqual(errors, []);
        assert.equal(unheard, 0);
      });

      await stage('with consent pulumi destroy leaves nothing', async (see) => {
        await pulumi.runOrFail('config', 'set', 'allowDestroy', 'true');
        const { changes } = await pulumi.runOrFail('up');
        assert.deepEqual(changes.map(described), ['update Swarm roll']);
        const { seconds } = await pulumi.runOrFail('destroy');
        see(`pulumi destroy: ${seconds} s`);
        const { stdout } = await pulumi.runOrFail('stack', 'export');
        const { deployment } = JSON.parse(stdout) as { deployment: { resources?: unknown[] } };
        assert.deepEqual(deployment.resources ?? [], []);
        assert.deepEqual(diffInventory(untouched, takeInventory({ lab: rollLab })), []);
        await markedEnded(rollLab, 10, isOurs);
      });
    });
  });
}

function described({ op, type, name }: { op: string; type: string; name: string }): string {
  return `${op} ${type} ${name}`;
}

function isStartOf(sentence: string): (line: JournalLine) => boolean {
  return (line) => line.event === 'start' && line.sentence === sentence;
}

function isProvider({ commandLine }: MarkedProcess): boolean {
  return commandLine.includes('pulumi-resource-swarm');
}

/** Pulumi's own language host takes up to five minutes to notice that its CLI was killed. */
function isOurs({ commandLine }: MarkedProcess): boolean {
  return !commandLine.includes('pulumi-language-nodejs');
}
