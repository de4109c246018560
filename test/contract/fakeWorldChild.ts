import { FakeWorld } from '../support/fakeWorld/fakeWorld';

/** A process of its own on a world in a file: `node fakeWorldChild.js FILE HOST COUNT PREFIX`. */
async function main([file = '', address = '', count = '', prefix = '']: string[]): Promise<void> {
  const world = FakeWorld.open(file);
  const host = await world.effects().hosts.connect({ host: address });
  for (let index = 0; index < Number(count); index += 1) {
    await host.files.write(`/etc/${prefix}${String(index)}`, prefix);
  }
}

void main(process.argv.slice(2));
