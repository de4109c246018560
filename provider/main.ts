import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from './server/serve';

const packageFile = join(__dirname, '..', '..', 'package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

void serve({
  ...{ name: 'swarm', version },
  load: async () => (await import('./offer.js')).realOffer(),
});
