import type { FakeWorld } from './fakeWorld/fakeWorld';

/** Package of the distribution's engine that machines of Debian 13 begin with. */
export const olderPackage = '26.1.5+dfsg1-9+b9';
const newerPackage = '28.5.2+dfsg4-1';

/** Every machine is offered both. */
export function offerNewerEngine(world: FakeWorld): void {
  for (const { key } of world.machines()) {
    world.editMachine(key, ({ offered }) => {
      offered['docker.io'] = [newerPackage, olderPackage];
      offered['docker-cli'] = [newerPackage, olderPackage];
    });
  }
}
