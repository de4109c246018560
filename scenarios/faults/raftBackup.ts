import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../demo/project';
import { nextOs, shapes } from '../clusterShape';
import { killAt } from '../kills/killAt';
import { inLabShell } from '../labShell';
import { assigned, pageCommands } from '../pageCommands';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';
import { NotHeld } from '../verdict';

const directory = 'backups';
const raft = '/var/lib/docker/swarm';

/** What the description of a backup says, as far as it is looked at here. */
interface Backup {
  readonly node: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly archive: string;
  readonly sha256: string;
}

export const raftBackup: Scenario = {
  name: 'raft-backup',
  number: 16,
  title:
    'the raft state is backed up before a roll, kill -9 in the middle; later every manager loses its state',
  holds:
    'a manager that is not the leader is backed up, 0600; the next up ends what was killed; docs/backup.md, command by command, brings the swarm back',
  shape: shapes.threeManagers,
  run: async (stage) => {
    const clusterId = await stage.clusterId();
    stage.declare('backup', { directory }, `declared backups in ${directory}`);
    await createConfig(stage, 'before');
    const leader = await stage.leader();
    const follower = stage.cluster.managers.find((name) => name !== leader) ?? '';

    const first = await rollThroughKill(stage, follower);
    await createConfig(stage, 'after');
    await rollLeader(stage, await stage.leader());
    await checkFiles(stage, 2);

    await loseRaft(stage);
    await restore(stage, first);
    stage.checkEqual(await stage.clusterId(first.node), clusterId, 'it is the same swarm');
    const { docker } = await stage.host(first.node);
    const { nodeId } = await docker.info();
    stage.checkEqual(nodeId, first.nodeId, `${first.node} is the node that it was`);
    const configs = (await docker.configs()).map(({ name }) => name);
    stage.check(configs.includes('before'), 'what was there before the backup is there');
    stage.check(!configs.includes('after'), 'what came later is not');

    await stage.runToTheEnd('up', '--refresh');
    await stage.untilAsDeclared();
    stage.checkEqual(await stage.clusterId(), clusterId, 'it is the same swarm');
    await stage.untilServed();
    await stage.checkNothingPending();
  },
};

async function createConfig(stage: Stage, name: string): Promise<void> {
  const { docker } = await stage.host(await stage.leader());
  await docker.createConfig(name, name, {});
  stage.did(`created the config ${name}`);
}

/** The manager that goes is backed up itself. */
async function rollThroughKill(stage: Stage, node: string): Promise<Backup> {
  stage.changeOs(nextOs, node);
  const point = { step: 'backUp', operation: 'delete', resource: 'Node', time: 1 } as const;
  stage.checkEqual(await killAt(stage, 'provider', node, point), 'hit', 'the kill hit the backup');
  const mark = stage.mark();
  await stage.runToTheEnd('up');
  await stage.untilAsDeclared();
  const steps = stage.stepsSince(mark);
  const order = [`drain ${node}`, `back up the raft state of ${node}`, `demote ${node}`];
  stage.checkEqual(
    steps.filter((step) => order.includes(step)),
    order,
    `${node} is backed up between its drain and its demotion`,
  );
  const backup = (await checkFiles(stage, 1)).at(-1);
  if (backup?.node !== node) throw new NotHeld(`the backup is not of ${node}`);
  return backup;
}

/** Where the leader goes, another manager is backed up. */
async function rollLeader(stage: Stage, leader: string): Promise<void> {
  const ids = new Map((await stage.nodes()).map(({ hostname, id }) => [hostname, id]));
  stage.changeOs(nextOs, leader);
  const mark = stage.mark();
  await stage.runToTheEnd('up');
  await stage.untilAsDeclared();
  const steps = stage.stepsSince(mark);
  const taken = steps.filter((step) => step.startsWith('back up'));
  const node = /^back up the raft state of (.+)$/.exec(taken[0] ?? '')?.[1] ?? '';
  stage.check(
    taken.length === 1 && node !== leader && stage.cluster.managers.includes(node),
    `another manager than the leader ${leader} is backed up`,
    taken.join('; '),
  );
  stage.check(
    steps.indexOf(`set ${node} active`) < steps.indexOf(`drain ${leader}`),
    `${node} is available again before ${leader} is drained`,
    steps.join('; '),
  );
  stage.checkEqual((await stage.node(node)).id, ids.get(node), `${node} is the node that it was`);
}

/** Every backup, oldest first. */
async function checkFiles(stage: Stage, count: number): Promise<readonly Backup[]> {
  const path = stage.pulumi.path(directory);
  const mode = (name: string): string => (statSync(join(path, name)).mode & 0o777).toString(8);
  const names = readdirSync(path).filter((name) => !name.endsWith('.partial'));
  stage.checkEqual(mode('.'), '700', 'the directory is its owner’s alone');
  stage.check(
    names.every((name) => mode(name) === '600'),
    'so is every file in it',
  );
  const { clusterId } = await (await stage.host(await stage.leader())).docker.swarm();
  const backups = names
    .filter((name) => name.endsWith('.json'))
    .map(
      (name) => JSON.parse(readFileSync(join(path, name), 'utf8')) as Backup & { takenAt: string },
    )
    .sort((a, b) => a.takenAt.localeCompare(b.takenAt));
  stage.checkEqual(names.length, 2 * backups.length, 'each archive has its description');
  stage.check(
    backups.every(
      (each) => each.clusterId === clusterId && each.sha256 === sha256(join(path, each.archive)),
    ),
    'each description has the ID of the swarm and the hash of its archive',
  );
  stage.checkEqual(backups.length, count, `there is one backup per run that came to its end`);
  return backups;
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** All managers but the last lose their disks; the last keeps a memory of the swarm that no majority shares. */
async function loseRaft(stage: Stage): Promise<void> {
  const { managers } = stage.cluster;
  const losing = managers.slice(0, -1);
  for (const name of losing) {
    const host = await stage.host(name);
    for (const unit of ['docker.socket', 'docker.service']) await host.systemd.stop(unit);
    await host.run(['rm', '--recursive', '--force', '--', raft]);
    for (const unit of ['docker.socket', 'docker.service']) await host.systemd.start(unit);
  }
  stage.did(`removed ${raft} on ${losing.join(' and ')}`);
  const { exitCode, output } = await stage.run('preview');
  stage.check(exitCode !== 0, 'preview fails: nothing is founded anew', output);
}

/** What the page says, with the lab's ssh. */
async function restore(stage: Stage, { node, archive }: Backup): Promise<void> {
  const page = readFileSync(join(repository, 'docs', 'backup.md'), 'utf8');
  const [given, ...blocks] = pageCommands(page, 'Restore');
  const { addresses, managers } = stage.cluster;
  const others = managers.filter((name) => name !== node).map((name) => addresses[name] ?? '');
  const variables = {
    ARCHIVE: join(stage.pulumi.path(directory), archive),
    ADDRESS: addresses[node] ?? '',
    OTHERS: others.join(' '),
  };
  stage.checkEqual(assigned(given ?? ''), Object.keys(variables), 'the page asks for these values');
  stage.checkEqual(blocks.pop(), 'pulumi up --refresh\n', 'its last command is Pulumi’s');
  for (const [index, block] of blocks.entries()) {
    await inLabShell(stage, block, variables);
    stage.did(`typed block ${String(index + 1)} of docs/backup.md`);
  }
}
