import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findProblems } from '../demo/cluster';
import { buildWebImage, type WebImage } from '../demo/webImage';
import type { Effects } from '../effects/effects';
import { realEffects } from '../effects/realEffects';
import { ensureImage } from '../effects/labMachines/images';
import { defaultDirectories } from '../effects/labMachines/layout';
import { restoreLab, saveLab } from '../effects/labMachines/snapshot';
import { clusterOf, configurationOf, osOf, type ClusterShape } from './clusterShape';
import { goldenDirectory, imageDirectory, projectPlace, type ScenarioLab } from './places';
import { layProgram, layProject, projectParts } from './pulumi/projectFiles';
import { PulumiProject } from './pulumi/pulumiProject';
import { until } from './until';

/** Longest that machines switched on together may take until the cluster is as declared. */
const readySeconds = 240;

export interface GoldenOptions {
  readonly say: (sentence: string) => void;
  /** Takes a snapshot that earlier code made of the same declaration, if there is one. Default: false. */
  readonly mayBeOlder?: boolean;
  /** Once it is aborted nothing is saved any more. */
  readonly signal: AbortSignal;
}

/**
 * Brings up the golden cluster of a shape: restored from its snapshot, which is made first (by a
 * `pulumi up`) where there is none. The lab and its project must not be there.
 *
 * @returns the project, when every node is as declared.
 */
export async function raiseGolden(
  effects: Effects,
  shape: ClusterShape,
  lab: ScenarioLab,
  options: GoldenOptions,
): Promise<PulumiProject> {
  const { say } = options;
  const image = await buildWebImage(imageDirectory(lab));
  const snapshot = await snapshotPlace(shape, lab, image, options.mayBeOlder === true);
  if (!existsSync(snapshot)) await makeGolden(shape, lab, image, snapshot, options);
  const began = performance.now();
  await rm(projectPlace(lab).directory, { recursive: true, force: true });
  await restoreLab(defaultDirectories, join(snapshot, 'lab'));
  const place = projectPlace(lab);
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  layProgram(place.directory);
  for (const part of projectParts) {
    await cp(join(snapshot, part), join(place.directory, part), { recursive: true });
  }
  const copied = performance.now();
  const cluster = clusterOf(shape, lab);
  const names = [...cluster.managers, ...cluster.workers];
  await Promise.all(names.map((name) => effects.lab.powerOn(lab.name, name)));
  const booted = performance.now();
  await awaitAsDeclared(effects, shape, lab, options.signal);
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  say(
    `golden cluster ${shape.name}: restored in ${seconds(began, copied)} s, booted in ${seconds(copied, booted)} s, as declared after ${seconds(booted, performance.now())} s more`,
  );
  return new PulumiProject(place);
}

/** Makes the cluster by `pulumi up` and snapshots it, and removes snapshots that it replaces. */
async function makeGolden(
  shape: ClusterShape,
  lab: ScenarioLab,
  image: WebImage,
  snapshot: string,
  { say, signal }: GoldenOptions,
): Promise<void> {
  const began = performance.now();
  say(`golden cluster ${shape.name}: there is no snapshot yet; pulumi up makes it, once`);
  const place = projectPlace(lab);
  await rm(place.directory, { recursive: true, force: true });
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  layProject(place.directory, place.stack, configurationOf(shape, lab, image));
  const project = new PulumiProject(place);
  await project.runOrFail('stack', 'init', place.stack);
  await project.runOrFail('up');
  // Its own: what it has open ends with these machines, and is closed with it.
  const effects = realEffects();
  try {
    await awaitAsDeclared(effects, shape, lab, signal);
  } finally {
    await effects.hosts.close();
  }
  // A snapshot serves many runs: what anybody else has done to these machines must not be in it.
  await refuseChanged(project);
  signal.throwIfAborted();
  await removeOlder(shape, lab);
  const beside = `${snapshot}.new`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true, mode: 0o700 });
  await saveLab(defaultDirectories, lab.name, join(beside, 'lab'));
  for (const part of projectParts) {
    await cp(join(place.directory, part), join(beside, part), { recursive: true });
  }
  signal.throwIfAborted();
  await rename(beside, snapshot);
  // What is restored next is what every later run gets, not the machines that were just made.
  for (const { name, id } of await effects.lab.records(lab.name)) {
    await effects.lab.remove(lab.name, name, id);
  }
  say(
    `golden cluster ${shape.name}: made and saved in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
}

/** @throws Error when something is not as the `up` just before left it, keepalived's files among it. */
async function refuseChanged(project: PulumiProject): Promise<void> {
  const { counts } = await project.preview();
  if (Object.keys(counts).length === 0) return;
  throw new Error(
    `the golden cluster was changed while it was made (${JSON.stringify(counts)}), and is not saved; run it again`,
  );
}

async function awaitAsDeclared(
  effects: Effects,
  shape: ClusterShape,
  lab: ScenarioLab,
  signal: AbortSignal,
): Promise<void> {
  const cluster = clusterOf(shape, lab);
  await until(
    async () => {
      signal.throwIfAborted();
      const problems = await findProblems(effects, cluster, osOf(shape)).catch((error: unknown) => [
        String(error),
      ]);
      return problems.length === 0 || problems.join('; ');
    },
    readySeconds,
    500,
  );
  signal.throwIfAborted();
}

/** Named by a hash of all that it is made of: shape, network, OS image, service and this package's code. */
async function snapshotPlace(
  shape: ClusterShape,
  lab: ScenarioLab,
  image: WebImage,
  mayBeOlder: boolean,
): Promise<string> {
  const os = await ensureImage(osOf(shape), () => undefined);
  const declared = shortHash(JSON.stringify([configurationOf(shape, lab, image), os.identity]));
  const ofDeclared = `${prefixOf(shape, lab)}${declared}-`;
  const name = `${ofDeclared}${codeFingerprint()}`;
  if (mayBeOlder && !existsSync(join(goldenDirectory(), name))) {
    const older = (existsSync(goldenDirectory()) ? readdirSync(goldenDirectory()) : []).find(
      (each) => each.startsWith(ofDeclared) && !each.endsWith('.new'),
    );
    if (older !== undefined) return join(goldenDirectory(), older);
  }
  return join(goldenDirectory(), name);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function prefixOf(shape: ClusterShape, lab: ScenarioLab): string {
  return `${lab.name}.${shape.name}.`;
}

/** Also clears what a killed run left half made. Call only while holding the lab. */
async function removeOlder(shape: ClusterShape, lab: ScenarioLab): Promise<void> {
  const parent = goldenDirectory();
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefixOf(shape, lab))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** Of the build of every room that takes part in making a cluster. */
function codeFingerprint(): string {
  const build = join(__dirname, '..');
  const hash = createHash('sha256');
  const rooms = ['core', 'effects', 'provider', 'components'].flatMap((room) => [
    ...scripts(join(build, room)),
  ]);
  for (const file of [...rooms, join(build, 'index.js')].sort()) {
    hash.update(relative(build, file)).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 12);
}

function* scripts(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* scripts(path);
    else if (entry.name.endsWith('.js')) yield path;
  }
}
