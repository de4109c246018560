import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultDirectories } from '../effects/labMachines/layout';
import { removeLab } from '../effects/labMachines/teardown';
import { demoDirectory } from './project';
import { vipCut } from './vipCut';

/** Names that are fixed in stacks/Pulumi.demo.yaml; a crashed demo is removed without reading anything of it. */
const demoLab = 'demo';
const demoVip = '10.88.0.100';

/**
 * Removes the demo's machines, network and state, whatever state they are in: not by `pulumi destroy`,
 * which needs a swarm that answers. Report and raw files stay.
 */
export async function takeDown(say: (sentence: string) => void): Promise<void> {
  await vipCut(demoVip).restore();
  await removeLab(defaultDirectories, demoLab, say);
  for (const part of ['state', 'Pulumi.yaml', 'Pulumi.demo.yaml', 'index.js', 'image']) {
    await rm(join(demoDirectory, part), { recursive: true, force: true });
  }
}
