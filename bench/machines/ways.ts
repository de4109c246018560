import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keepalivedPath } from '../../core/keepalived/keepalivedUnit';
import { repository } from '../../demo/project';
import { journalSteps } from '../../demo/report/journal';
import { ensureImage } from '../../effects/labMachines/images';
import { defaultDirectories, imagesDirectory, labPaths } from '../../effects/labMachines/layout';
import { nextOs } from '../../scenarios/clusterShape';
import { byHand } from '../../scenarios/failover/ways';
import { inLabShell } from '../../scenarios/labShell';
import { imageDirectory, workDirectory, type ScenarioLab } from '../../scenarios/places';
import type { Stage } from '../../scenarios/stage';
import { changeKey } from '../../scenarios/stackFile';
import { parseSteps, stepsOfAnsible, type BenchStep, type StepKind } from './benchStep';
import { ensureFloorImage } from './floorImage';
import { startMachineService } from './machineService';

/** A way to roll the cluster onto the next operating system. */
export interface Way {
  readonly name: 'floor' | 'Ansible' | 'this package';
  readonly what: string;
  /** Puts in place what belongs to the way and not to the roll. Not measured. */
  prepare(roll: Roll): Promise<void>;
  /** The roll; what it writes on the way is read by `steps`. */
  run(roll: Roll): Promise<void>;
  steps(roll: Roll, fromMs: number, toMs: number): readonly BenchStep[];
}

export interface Roll {
  readonly stage: Stage;
  readonly lab: ScenarioLab;
  /** Nodes in the order of the roll: the leader is the last manager. */
  readonly order: readonly string[];
  readonly say: (sentence: string) => void;
}

/** Longest that a roll may take. */
const patienceMs = 1_800_000;

const here = join(repository, 'bench', 'machines');

const floor: Way = {
  name: 'floor',
  what: 'a shell script with the same steps and no checks (bench/machines/floor.sh), its machines made from an image with engine and keepalived: what a roll costs at least',
  prepare: async (roll) => {
    await byHand.prepare(roll.stage);
    await fetchConfigurations(roll);
    await ensureFloorImage(roll.stage.effects.lab, roll.say);
  },
  run: async (roll) => {
    const { stage, order } = roll;
    const { lab } = stage.effects;
    const image = await ensureFloorImage(lab, roll.say);
    const machines = await startMachineService(lab, roll.lab.name, image);
    try {
      await inLabShell(
        stage,
        `. ${join(here, 'floor.sh')}`,
        {
          ...Object.fromEntries(
            order.map((name) => [`ADDRESS_${name}`, stage.cluster.addresses[name] ?? '']),
          ),
          ORDER: order.join(' '),
          MANAGERS: stage.cluster.managers.join(' '),
          MACHINES: machines.url,
          OS: nextOs,
          IMAGE: webArchive(roll),
          KEEPALIVED: filesOf(roll),
          STEPS: join(filesOf(roll), 'steps.jsonl'),
        },
        patienceMs,
      );
    } finally {
      await machines.close();
    }
  },
  steps: (roll) => parseSteps(readFileSync(join(filesOf(roll), 'steps.jsonl'), 'utf8')),
};

const ansible: Way = {
  name: 'Ansible',
  what: 'a playbook such as a careful operator writes (bench/machines/ansible/roll.yml), with Debian’s ansible and its community.docker',
  prepare: async (roll) => {
    await byHand.prepare(roll.stage);
    await fetchConfigurations(roll);
    const { clientKey, knownHosts } = labPaths(defaultDirectories, roll.lab.name);
    const files = filesOf(roll);
    copyFileSync(clientKey, join(files, 'client_key'));
    chmodSync(join(files, 'client_key'), 0o600);
    copyFileSync(knownHosts, join(files, 'known_hosts'));
    copyFileSync(webArchive(roll), join(files, 'web.tar'));
    for (const name of ['ansible.cfg', 'prepare.yml', 'roll.yml']) {
      copyFileSync(join(here, 'ansible', name), join(files, name));
    }
    writeFileSync(join(files, 'inventory.ini'), inventory(roll));
    await installAnsible(roll);
    await playbook(roll, 'prepare.yml');
    rmSync(join(files, 'ansible.log'), { force: true });
  },
  run: async (roll) => {
    const machines = await startMachineService(roll.stage.effects.lab, roll.lab.name);
    const { vip, port } = roll.stage.cluster;
    try {
      await playbook(
        roll,
        'roll.yml',
        ...Object.entries({
          machines: machines.url,
          os: nextOs,
          virtual_ip: vip,
          web_port: String(port),
        }).flatMap(([key, value]) => ['--extra-vars', `${key}=${value}`]),
      );
    } finally {
      await machines.close();
    }
  },
  steps: (roll) => stepsOfAnsible(readFileSync(join(filesOf(roll), 'ansible.log'), 'utf8')),
};

const kindOfResource: Readonly<Record<string, StepKind>> = {
  VipMember: 'virtual IP',
  Node: 'membership',
  Swarm: 'membership',
  Engine: 'engine',
  LabMachine: 'machine',
  NodeImage: 'image',
};

const ours: Way = {
  name: 'this package',
  what: '`pulumi up` after one changed line',
  prepare: (roll) => {
    changeKey(roll.stage.pulumi, 'os', nextOs);
    return Promise.resolve();
  },
  run: async ({ stage }) => {
    stage.mustEndWell('up', await stage.pulumi.run('up'));
  },
  steps: ({ stage }, fromMs, toMs) =>
    journalSteps(
      stage.pulumi.journal(),
      new Date(fromMs).toISOString(),
      new Date(toMs).toISOString(),
    ).map((step) => ({
      node: step.name,
      kind: /\bwait/.test(step.sentence) ? 'waiting' : (kindOfResource[step.resource] ?? 'waiting'),
      label: step.sentence,
      fromMs: Date.parse(step.startedAt),
      toMs: Date.parse(step.startedAt) + step.seconds * 1000,
    })),
};

/** In the order of their runs, which take turns. */
export const ways: readonly Way[] = [floor, ansible, ours];

/** Where a way has its files; goes with the project. */
function filesOf({ stage }: Roll): string {
  const directory = stage.pulumi.path('bench');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

function webArchive({ lab }: Roll): string {
  return join(imageDirectory(lab), 'web.tar');
}

/** keepalived.conf of every manager, to be put back on the rebuilt one. */
async function fetchConfigurations(roll: Roll): Promise<void> {
  for (const name of roll.stage.cluster.managers) {
    const text = await (await roll.stage.host(name)).files.read(keepalivedPath);
    if (text === undefined) throw new Error(`${name} has no ${keepalivedPath}`);
    writeFileSync(join(filesOf(roll), `${name}.conf`), text, { mode: 0o600 });
  }
}

function inventory({ stage, order }: Roll): string {
  const { managers, addresses } = stage.cluster;
  return [
    '[swarm]',
    ...order.map((name) => `${name} ansible_host=${addresses[name] ?? ''} ansible_user=root`),
    '',
    '[managers]',
    ...order.filter((name) => managers.includes(name)),
    '',
  ].join('\n');
}

/** Where Ansible is installed: in a system of its own, so that this computer stays as it is. */
export function controllerDirectory(lab: ScenarioLab): string {
  return join(workDirectory(lab), 'controller');
}

async function installAnsible(roll: Roll): Promise<void> {
  const install =
    'command -v ansible-playbook >/dev/null || { apt-get -qq -o Acquire::Check-Valid-Until=false update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install ansible openssh-client; }';
  await onController(roll, ['sh', '-c', install]);
}

async function playbook(roll: Roll, ...args: readonly string[]): Promise<void> {
  await onController(roll, ['ansible-playbook', ...args]);
}

async function onController(roll: Roll, argv: readonly string[]): Promise<void> {
  const directory = controllerDirectory(roll.lab);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { identity } = await ensureImage(nextOs, () => undefined);
  const script = join(here, 'ansible', 'controller.sh');
  const image = join(imagesDirectory(defaultDirectories), identity);
  const words = ['--mount', 'sh', script, image, directory, filesOf(roll), ...argv];
  await promisify(execFile)('unshare', words, {
    env: { ...process.env, HOME: '/root', LANG: 'C.UTF-8', TZ: 'UTC', ANSIBLE_NOCOLOR: '1' },
    timeout: patienceMs,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${argv.join(' ')}:\n${`${stdout}\n${stderr}`.trim().slice(-3000)}`);
  });
}
