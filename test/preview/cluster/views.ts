import type { FakeWorld } from '../../support/fakeWorld/fakeWorld';

/** Boot IDs by machine: equal ones mean that nothing was rebuilt. */
export function bootsOf(world: FakeWorld): Readonly<Record<string, string>> {
  return Object.fromEntries(world.machines().map(({ key, bootId }) => [key, bootId]));
}

/** Key of the machine that holds the only virtual address. */
export function vipHolder(world: FakeWorld): string | undefined {
  return world.edit((state) => Object.values(state.vips)[0]?.holder);
}
