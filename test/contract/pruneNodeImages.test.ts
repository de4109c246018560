import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pruneNodeImages } from '../../effects/labMachines/pruneNodeImages';

const base = 'debian-13-0123456789ab';
const image = (digit: string): string => `${base}-${digit.repeat(16)}`;
let root: string;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'swarm-prune-'));
  said = [];
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(name: string, unusedDays: number): void {
  const directory = join(root, 'cache', 'images', name);
  mkdirSync(directory, { recursive: true });
  const used = new Date(Date.now() - unusedDays * 86_400_000);
  utimesSync(directory, used, used);
}

function machine(place: string, record: string): void {
  const directory = join(root, place, 'machines', 'm1');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'record.json'), record);
}

async function prune(): Promise<readonly string[]> {
  const directories = { state: join(root, 'state'), cache: join(root, 'cache') };
  await pruneNodeImages(directories, (sentence) => said.push(sentence));
  return readdirSync(join(root, 'cache', 'images')).sort();
}

test('only a prepared image goes, that nobody has used for two weeks, and that no machine and no snapshot stands on', async () => {
  put(base, 100);
  put(image('1'), 100);
  put(image('2'), 100);
  put(image('3'), 100);
  put(image('4'), 13);
  machine('state/demo', JSON.stringify({ image: image('2') }));
  machine('cache/golden/shape', JSON.stringify({ image: image('3') }));
  assert.deepEqual(await prune(), [base, image('2'), image('3'), image('4')]);
  assert.deepEqual(said, [`removed the image ${image('1')}, unused for 14 days`]);
});

test('a record that cannot be read may stand on any image: none goes', async () => {
  put(image('1'), 100);
  machine('state/demo', 'half a rec');
  assert.deepEqual(await prune(), [image('1')]);
  assert.match(said.join(), /^no unused image was removed: /);
});
