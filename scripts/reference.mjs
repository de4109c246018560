// npm run docs: writes docs/reference.md and stacks/schema.json from the sources.
// With --check it writes nothing, and fails when one of them is stale. --build DIR names the compiled
// output to read (default: dist, built first).
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import prettier from 'prettier';
import { configurationDocs, memberDoc } from './reference/configurationDocs.mjs';
import { readModule } from './reference/docstrings.mjs';
import { renderReference } from './reference/referencePage.mjs';
import { listKeys, renderStackSchema } from './reference/stackSchema.mjs';
import { root } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { say, SetupError } from './setup/progress.mjs';

const project = 'swarm-cluster';

async function renderFiles(build) {
  const load = createRequire(import.meta.url);
  const { z } = load('zod');
  const { configurationSchema } = load(join(build, 'core', 'configuration.js'));
  const { functions, resources } = load(join(build, 'provider', 'registry.js'));
  const read = (module) => readModule(join(root, module), join(root, 'tsconfig.json'));
  const exported = withInheritedDocs(read('components/index.ts'));
  const docs = configurationDocs([...exported, ...read('provider/types/index.ts')]);
  const configuration = z.toJSONSchema(configurationSchema, { target: 'draft-7' });
  const keys = listKeys(configuration, docs);
  const bare = undocumented(exported, keys);
  if (bare.length > 0) throw new SetupError(`docs: no docstring tells of ${bare.join(', ')}`);
  return {
    'docs/reference.md': renderReference({ keys, exported, resources, functions }),
    'stacks/schema.json': JSON.stringify(renderStackSchema({ configuration, project, docs })),
  };
}

/** What a cluster's node says nothing about means the same as for a single node. */
function withInheritedDocs(exported) {
  return exported.map((one) =>
    one.name !== 'ClusterNodeArgs'
      ? one
      : {
          ...one,
          members: one.members.map((member) => ({
            ...member,
            doc:
              member.doc === '' ? memberDoc(exported, ['SwarmNodeArgs'], member.name) : member.doc,
          })),
        },
  );
}

/** What a user can write or read, and nothing tells about. */
function undocumented(exported, keys) {
  return [
    ...exported.flatMap(({ name, doc, members }) => [
      ...(doc === '' && !/Args$/.test(name) ? [name] : []),
      ...(members ?? []).filter((one) => one.doc === '').map((one) => `${name}.${one.name}`),
    ]),
    ...keys.filter(({ doc }) => doc === '').map(({ path }) => path),
  ];
}

async function main(args) {
  const at = args.indexOf('--build');
  if (at === -1) await setUp();
  const build = at === -1 ? join(root, 'dist') : resolve(args[at + 1]);
  let stale = 0;
  for (const [file, text] of Object.entries(await renderFiles(build))) {
    const path = join(root, file);
    const options = await prettier.resolveConfig(path);
    const wanted = await prettier.format(text, { ...options, filepath: path });
    if (!args.includes('--check')) {
      writeFileSync(path, wanted);
      say(`wrote ${file}`);
    } else if (readFileSync(path, 'utf8') !== wanted) {
      say(`${file}: is not what the sources say; run \`npm run docs\``);
      stale += 1;
    }
  }
  return stale === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof SetupError ? error.message : String(error.stack));
  process.exitCode = 1;
}
