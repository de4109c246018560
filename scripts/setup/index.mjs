import { delimiter } from 'node:path';
import { ensureBuild } from './build.mjs';
import { checkNode, ensureNodeModules } from './nodeModules.mjs';
import { ensureLabImages, ensureLabPackages, ensureLoginPackages } from './osPackages.mjs';
import { ensurePulumi } from './pulumiCli.mjs';

/**
 * Sets up what is missing, and returns the environment for what is then started: PATH leads to the
 * Pulumi CLI. `needs`: any of `pulumi`, `lab` (OS packages), `logins` (more of them), `images`; packages and build always.
 */
export async function setUp(needs = []) {
  checkNode();
  await ensureNodeModules();
  await ensureBuild();
  const pulumi = needs.includes('pulumi') ? await ensurePulumi() : undefined;
  if (needs.includes('lab')) {
    await ensureLabPackages();
  }
  if (needs.includes('logins')) {
    await ensureLoginPackages();
  }
  if (needs.includes('images')) {
    await ensureLabImages();
  }
  return pulumi === undefined
    ? process.env
    : { ...process.env, PATH: `${pulumi}${delimiter}${process.env.PATH ?? ''}` };
}
