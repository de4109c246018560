import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { parseConfiguration } from '../../core/configuration';
import { checkout } from '../support/checkout';

const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');
const build = join(__dirname, '..', '..');

describe('documentation made from the sources', () => {
  test('docs/reference.md and stacks/schema.json are what `npm run docs` writes', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(checkout, 'scripts', 'reference.mjs'), '--check', '--build', build],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
  });
});

describe('stack files', () => {
  const files = readdirSync(join(checkout, 'stacks')).filter((file) =>
    ['Pulumi.demo.yaml', 'Pulumi.example.yaml'].includes(file),
  );

  test('are both there', () => {
    assert.deepEqual(files.sort(), ['Pulumi.demo.yaml', 'Pulumi.example.yaml']);
  });

  for (const file of files) {
    test(`${file} is a valid configuration, and editors find its schema`, () => {
      const text = read(join('stacks', file));
      assert.match(text, /^# yaml-language-server: \$schema=\.\/schema\.json$/m);
      const { config } = parse(text) as { config: Record<string, unknown> };
      const raw = Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key.replace(/^swarm-cluster:/, ''), value]),
      );
      const result = parseConfiguration(raw);
      assert.deepEqual('failures' in result ? result.failures : [], []);
    });
  }
});

describe('links', () => {
  const pages = ['README.md', ...markdownIn('docs')];

  for (const page of pages) {
    test(`${page} links to what is there`, () => {
      const broken = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !/^https?:/.test(target) && !isThere(page, target));
      assert.deepEqual(broken, []);
    });
  }
});

function markdownIn(directory: string): string[] {
  return readdirSync(join(checkout, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(directory, file));
}

/** The file, and in it the heading: GitHub's anchor of `## Upgrading the OS` is `upgrading-the-os`. */
function isThere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(checkout, file))) return false;
  if (anchor === undefined) return true;
  const anchors = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replace(/ /g, '-'),
  );
  return anchors.includes(anchor);
}
