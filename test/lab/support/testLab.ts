import { createLab } from '../../../effects/labMachines';
import { defaultDirectories } from '../../../effects/labMachines/layout';
import { removeLab } from '../../../effects/labMachines/teardown';
import type { LabMachineSpec } from '../../../effects/lab';
import { generateSshKeyPair } from '../../../effects/sshKeyPair';

/** The labs that these tests may touch, one per file as files run side by side; any other is somebody's. */
export const testLabs = {
  'lab-test': '10.91.0.0/24',
  'lab-test-crash': '10.91.1.0/24',
  'lab-test-snapshot': '10.91.2.0/24',
  'lab-test-roll': '10.95.0.0/24',
  secure: '10.99.0.0/24',
} as const;

/** The reason why no machine can run here; undefined where one can, and where CI demands that it does. */
export async function reasonToSkip(): Promise<string | undefined> {
  if (process.env['CI'] === 'true') return undefined;
  const missing = await createLab().missing();
  return missing.length === 0 ? undefined : `no lab on this computer: ${missing.join('. ')}`;
}

export function machineSpec(
  lab: keyof typeof testLabs,
  name: string,
  os: string,
  address: string,
  change: Partial<LabMachineSpec> = {},
): LabMachineSpec {
  const { privateKey: hostPrivateKey, publicKey: hostPublicKey } = generateSshKeyPair('test');
  return {
    id: `${name}-1`,
    lab,
    subnet: testLabs[lab],
    name,
    os,
    address,
    hostPrivateKey,
    hostPublicKey,
    labels: {},
    ...change,
  };
}

/** Takes the lab away by its traces, as `npm run lab -- down LAB` does. */
export async function takeDown(lab: keyof typeof testLabs): Promise<void> {
  await removeLab(defaultDirectories, lab, () => undefined);
}
