import { heldAvailability } from '../core/held';
import { newerEngine } from './nextEngine';
import type { Stage } from './stage';

const dropIn = '/etc/systemd/system/docker.service.d/broken.conf';
const complaint = 'broken on purpose';

/** What an error quotes of the daemon whose engine was broken. */
export const daemonsLog = new RegExp(`journal:[^]*${complaint}`);

export async function nodeIds(stage: Stage): Promise<Readonly<Record<string, string>>> {
  const pairs = (await stage.nodes()).map(({ hostname, id }) => [hostname, id] as const);
  return Object.fromEntries(pairs.sort(([a], [b]) => a.localeCompare(b)));
}

export async function heldNames(stage: Stage): Promise<readonly string[]> {
  return (await stage.nodes())
    .filter((node) => heldAvailability(node) !== undefined)
    .map(({ hostname }) => hostname);
}

/** Of the daemons themselves. */
export async function engineVersions(
  stage: Stage,
  names = stage.nodeNames,
): Promise<Readonly<Record<string, string>>> {
  const ask = async (name: string): Promise<readonly [string, string]> => [
    name,
    await (await stage.host(name)).docker.version(),
  ];
  return Object.fromEntries(await Promise.all(names.map(ask)));
}

/** A daemon that ends right after its start, of the newer version alone. @param program - its path, or its name. */
export async function breakEngine(stage: Stage, name: string, program = 'dockerd'): Promise<void> {
  const { files } = await stage.host(name);
  const check = `/bin/sh -c 'if ${program} --version | grep -q ${newerEngine}; then echo ${complaint}; exit 1; fi'`;
  await files.write(dropIn, `[Service]\nExecStartPre=${check}\n`);
  await run(stage, name, ['systemctl', 'daemon-reload']);
  stage.did(`saw to it that engine ${newerEngine} does not start on ${name}`);
}

export async function mendEngine(stage: Stage, name: string): Promise<void> {
  await run(stage, name, ['rm', dropIn]);
  await run(stage, name, ['systemctl', 'daemon-reload']);
  stage.did(`mended ${name}`);
}

async function run(stage: Stage, name: string, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await (await stage.host(name)).run(argv, { timeoutSeconds: 300 });
  if (code !== 0) throw new Error(`${name}: ${argv.join(' ')}: ${stderr}`);
}
