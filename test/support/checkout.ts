import { dirname, join } from 'node:path';

/** The checkout's root, wherever the compiled tests are: `node_modules` is in it, or a link to it. */
export const checkout = join(dirname(require.resolve('@pulumi/pulumi/package.json')), '../../..');
