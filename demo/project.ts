import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { isRecord } from '../core/isRecord';
import { defaultDirectories } from '../effects/labMachines/layout';
import type { WebImage } from './webImage';

/** The checkout that this file was built from. */
export const repository = join(__dirname, '..', '..');
/** Everything that a demo leaves in the checkout; ignored by git. */
export const demoDirectory = join(repository, 'out', 'demo');
export const demoStack = 'demo';

/** What Pulumi has made JavaScript of a program in TypeScript: without it each run spends 5 s on that. By default it is in TMPDIR. */
export const programCache = join(defaultDirectories.cache, 'programs');

/** Files of one demo. */
export const demoFiles = {
  journal: join(demoDirectory, 'journal.jsonl'),
  client: join(demoDirectory, 'client.csv'),
  observer: join(demoDirectory, 'observer.jsonl'),
  createLog: join(demoDirectory, 'create.log'),
  image: join(demoDirectory, 'image'),
};

/**
 * Makes the demo's own Pulumi project: the same program on an ignored copy of stacks/Pulumi.demo.yaml,
 * with its state in a folder beside it, so that the checkout's own stacks stay as they are.
 */
export async function writeDemoProject(images: readonly WebImage[]): Promise<void> {
  await rm(join(demoDirectory, 'state'), { recursive: true, force: true });
  // Its passphrase is no secret, and the keys of the lab's machines are.
  await mkdir(demoDirectory, { recursive: true });
  await mkdir(join(demoDirectory, 'state'), { mode: 0o700 });
  const project = parseDocument(await readFile(join(repository, 'Pulumi.yaml'), 'utf8'));
  project.set('main', 'index.js');
  project.delete('stackConfigDir');
  project.setIn(['plugins', 'providers', 0, 'path'], join(repository, 'provider', 'bin'));
  project.set('backend', { url: `file://${join(demoDirectory, 'state')}` });
  await writeFile(join(demoDirectory, 'Pulumi.yaml'), project.toString());
  await writeFile(
    join(demoDirectory, 'index.js'),
    "// The repository's own program, built.\nmodule.exports = require('../../dist/index.js');\n",
  );
  const stack = parseDocument(
    await readFile(join(repository, 'stacks', `Pulumi.${demoStack}.yaml`), 'utf8'),
  );
  stack.setIn(['config', 'swarm-cluster:engine'], { images: images.map((each) => ({ ...each })) });
  // Compose files are named from the folder of the program, and that of the copy is another.
  const key = 'swarm-cluster:stacks';
  const { config } = stack.toJS() as { config: Readonly<Record<string, unknown>> };
  stack.setIn(['config', key], withAbsoluteFiles(config[key]));
  await writeFile(join(demoDirectory, `Pulumi.${demoStack}.yaml`), stack.toString());
}

function withAbsoluteFiles(stacks: unknown): unknown {
  if (!Array.isArray(stacks)) return stacks;
  return stacks.map((stack: unknown) =>
    isRecord(stack) && Array.isArray(stack['files'])
      ? { ...stack, files: stack['files'].map((file) => join(repository, String(file))) }
      : stack,
  );
}
