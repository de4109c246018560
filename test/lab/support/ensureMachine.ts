import { readFileSync } from 'node:fs';
import type { LabMachineSpec } from '../../../effects/lab';
import { createLab } from '../../../effects/labMachines';

/** A process of its own that makes the machine described on its standard input, for tests that kill it. */
const spec = JSON.parse(readFileSync(0, 'utf8')) as LabMachineSpec;
void createLab().ensure(spec, (sentence) => process.stdout.write(`${sentence}\n`));
