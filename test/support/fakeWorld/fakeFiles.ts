import * as fs from 'node:fs';
import type { Files } from '../../../effects/files';
import type { MachineState } from './state';
import { reach, type World } from './world';

const defaultMode = 0o644;

/** The engine's own file: there exactly while the machine's disk holds a membership. */
const swarmStatePath = '/var/lib/docker/swarm/docker-state.json';

function swarmState(machine: MachineState): string | undefined {
  const membership = machine.engine.membership;
  return membership === undefined
    ? undefined
    : JSON.stringify({ LocalAddr: membership.address, AdvertiseAddr: membership.address });
}

export function fakeFiles(world: World, key: string): Files {
  const action = (method: string, isChange: boolean) => ({
    operation: `files.${method}`,
    host: key,
    isChange,
  });
  return {
    read: (path) =>
      world.act(action('read', false), (state) => {
        const machine = reach(state, key);
        return path === swarmStatePath ? swarmState(machine) : machine.files[path]?.content;
      }),
    write: (path, content, options) =>
      world.act(action('write', true), (state) => {
        reach(state, key).files[path] = { content, mode: options?.mode ?? defaultMode };
      }),
    exchange: (path, expected, content) =>
      world.act(action('exchange', true), (state) => {
        const { files } = reach(state, key);
        if (files[path]?.content !== expected) return false;
        if (content === undefined) Reflect.deleteProperty(files, path);
        else files[path] = { content, mode: 0o600 };
        return true;
      }),
    upload: (localPath, path, options) =>
      world.act(action('upload', true), (state) => {
        const content = fs.readFileSync(localPath).toString('base64');
        reach(state, key).files[path] = { content, mode: options?.mode ?? defaultMode };
      }),
    remove: (path) =>
      world.act(action('remove', true), (state) => {
        Reflect.deleteProperty(reach(state, key).files, path);
      }),
  };
}
