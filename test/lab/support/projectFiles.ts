import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { checkout } from '../../support/checkout';

/**
 * Lays the repository's own program and Pulumi.yaml into a directory, with a stack file of its own:
 * the checkout's stacks stay as they are, whoever else works in it.
 */
export function layProject(
  directory: string,
  stack: string,
  configuration: Readonly<Record<string, unknown>>,
): void {
  for (const name of ['Pulumi.yaml', join('provider', 'bin')]) {
    cpSync(join(checkout, name), join(directory, name), { recursive: true });
  }
  // The provider's executable is a copy, and finds the build beside it.
  for (const name of ['index.ts', 'package.json', 'tsconfig.json', 'node_modules', 'dist']) {
    symlinkSync(join(checkout, name), join(directory, name));
  }
  mkdirSync(join(directory, 'backend'));
  mkdirSync(join(directory, 'stacks'));
  const config = Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [`swarm-cluster:${key}`, value]),
  );
  writeFileSync(join(directory, 'stacks', `Pulumi.${stack}.yaml`), stringify({ config }));
}
