import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realEffects } from '../effects/realEffects';
import { sharedLists } from '../effects/sharedLists';
import { functions, resources } from './registry';
import { serve } from './server/serve';

const packageFile = join(__dirname, '..', '..', 'package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

void serve({ name: 'swarm', version, resources, functions, effects: sharedLists(realEffects()) });
