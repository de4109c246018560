import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The checkout's root: the directory with Pulumi.yaml above this build. Not by way of `node_modules`,
 * which may be a link into another checkout.
 */
export const checkout = rootAbove(__dirname);

function rootAbove(directory: string): string {
  if (existsSync(join(directory, 'Pulumi.yaml'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`no Pulumi.yaml above ${__dirname}`);
  return rootAbove(parent);
}
