import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { repository } from '../../demo/project';
import { createProject, type Project } from '../../test/preview/harness';
import type { BenchDeclaration } from './declaration';
import { usageFileVariable, worldFileVariable } from './variables';

/** `swarm`: our provider on a fake world; `empty`: one that does nothing. The program is the same. */
export type ProviderKind = 'swarm' | 'empty';

export interface BenchProject extends Project {
  /** Keeps the fake world between runs. */
  readonly worldFile: string;
  /** What the provider of the last run used; see `usage.ts`. */
  readonly usageFile: string;
  declareNodes(declaration: BenchDeclaration): void;
}

export interface BenchProjectOptions {
  /** Whether the CLI saves its snapshot after every step, as it does by default. */
  readonly hasCheckpoints: boolean;
}

/** A project on the real Pulumi engine, with the runtime options of this checkout's Pulumi.yaml. */
export async function createBenchProject(
  kind: ProviderKind,
  { hasCheckpoints }: BenchProjectOptions,
): Promise<BenchProject> {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-bench-'));
  const [worldFile, usageFile] = [join(directory, 'world.json'), join(directory, 'usage.json')];
  const project = await createProject({
    program: join(__dirname, 'program.js'),
    provider: { name: 'swarm', module: join(__dirname, `${kind}Provider.js`) },
    environment: {
      [worldFileVariable]: worldFile,
      [usageFileVariable]: usageFile,
      ...(hasCheckpoints ? {} : { PULUMI_EXPERIMENTAL: 'true', PULUMI_SKIP_CHECKPOINTS: 'true' }),
    },
  });
  takeRuntimeOptions(join(project.directory, 'Pulumi.yaml'));
  return {
    ...project,
    worldFile,
    usageFile,
    declareNodes: (declaration) => {
      project.declare(declaration);
    },
    dispose: () => {
      project.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** How the program is run is a part of what is measured. */
function takeRuntimeOptions(file: string): void {
  const ours = parseDocument(readFileSync(join(repository, 'Pulumi.yaml'), 'utf8'));
  const nodeargs = ours.getIn(['runtime', 'options', 'nodeargs']);
  if (nodeargs === undefined) return;
  const project = parseDocument(readFileSync(file, 'utf8'));
  project.setIn(['runtime', 'options', 'nodeargs'], nodeargs);
  writeFileSync(file, project.toString());
}
