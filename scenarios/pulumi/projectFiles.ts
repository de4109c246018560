import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { repository } from '../../demo/project';

/** Where a project keeps what is its own, and no link into the checkout. */
export const projectParts = ['backend', 'stacks'] as const;

/**
 * Lays the repository's own program and Pulumi.yaml into a directory: the checkout's stacks stay as
 * they are, whoever else works in it.
 */
export function layProgram(directory: string): void {
  for (const name of ['Pulumi.yaml', join('provider', 'bin')]) {
    cpSync(join(repository, name), join(directory, name), { recursive: true });
  }
  // The provider's executable is a copy, and finds the build beside it.
  for (const name of ['index.ts', 'package.json', 'tsconfig.json', 'node_modules', 'dist']) {
    symlinkSync(join(repository, name), join(directory, name));
  }
}

/** The program, an empty backend, and a stack file. */
export function layProject(
  directory: string,
  stack: string,
  configuration: Readonly<Record<string, unknown>>,
): void {
  layProgram(directory);
  for (const part of projectParts) mkdirSync(join(directory, part));
  const config = Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [`swarm-cluster:${key}`, value]),
  );
  writeFileSync(join(directory, 'stacks', `Pulumi.${stack}.yaml`), stringify({ config }));
}
