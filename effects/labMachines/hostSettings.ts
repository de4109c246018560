import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { z } from 'zod';
import { SwarmError, errorMessage } from '../../core/errors';
import { runtimeDirectory } from './layout';
import { readFileIfAny, writeFileWhole } from './records';

const forwarding = 'net/ipv4/ip_forward';

/**
 * Settings of this computer's kernel, as paths below /proc/sys, that change while a lab runs: the lab
 * needs the first; systemd raises those of `fs`, and the engine the others, as machines' /proc/sys is
 * this computer's.
 */
export const touchedSettings: readonly string[] = [
  forwarding,
  'fs/nr_open',
  'fs/file-max',
  'kernel/keys/root_maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/pid_max',
  'net/ipv4/neigh/default/gc_thresh1',
  'net/ipv4/neigh/default/gc_thresh2',
  'net/ipv4/neigh/default/gc_thresh3',
];

const stateFile = path.join(runtimeDirectory, 'settings.json');
const stateSchema = z.object({
  // Names of settings become paths that are written to.
  before: z.record(
    z.string().refine((name) => touchedSettings.includes(name)),
    z.string(),
  ),
  labs: z.array(z.string()),
});

/** Remembers the settings as they were before the first lab, and turns IPv4 forwarding on. Call under the host lock. */
export async function acquireSettings(lab: string): Promise<void> {
  const state = await readState();
  const labs = [...new Set([...(state?.labs ?? []), lab])];
  // Remembered first: a crash between the two steps must not lose what was there before.
  await writeState(state?.before ?? (await readSettings()), labs);
  await writeFile(settingFile(forwarding), '1\n');
}

/** Puts the settings back as they were when this was the last lab; succeeds when the lab never asked. Call under the host lock. */
export async function releaseSettings(lab: string): Promise<void> {
  const state = await readState();
  if (state === undefined) {
    // A process that died while it wrote may have left what it was writing; nobody has anything else there.
    await rm(runtimeDirectory, { recursive: true, force: true });
    return;
  }
  const labs = state.labs.filter((other) => other !== lab);
  if (labs.length > 0) {
    await writeState(state.before, labs);
    return;
  }
  const now = await readSettings();
  for (const [name, value] of Object.entries(state.before)) {
    if (now[name] !== value) await writeFile(settingFile(name), `${value}\n`);
  }
  await rm(runtimeDirectory, { recursive: true, force: true });
}

/** Values of the settings that this kernel has. */
export async function readSettings(): Promise<Readonly<Record<string, string>>> {
  const present = touchedSettings.filter((name) => existsSync(settingFile(name)));
  const values = await Promise.all(
    present.map(async (name) => [name, await readSetting(name)] as const),
  );
  return Object.fromEntries(values);
}

async function readSetting(name: string): Promise<string> {
  return (await readFile(settingFile(name), 'utf8')).trim();
}

function settingFile(name: string): string {
  return path.join('/proc/sys', name);
}

async function readState(): Promise<z.infer<typeof stateSchema> | undefined> {
  const text = await readFileIfAny(stateFile);
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${stateFile}: cannot be understood (${errorMessage(cause)}); how ${forwarding} and others were before the first lab is unknown; set them as you want them with sysctl, remove the file and repeat`;
    throw new SwarmError('LabRecordDamaged', message, { source: 'world', cause });
  }
}

async function writeState(
  before: Readonly<Record<string, string>>,
  labs: readonly string[],
): Promise<void> {
  await writeFileWhole(stateFile, `${JSON.stringify({ before, labs })}\n`);
}
