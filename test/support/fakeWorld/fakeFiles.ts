import * as fs from 'node:fs';
import type { Files } from '../../../effects/files';
import { SwarmError } from '../../../core/errors';
import { isEngineRunning } from './machines';
import type { MachineState, WorldState } from './state';
import { timing } from './timing';
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

/** Only what an engine keeps of its swarm; what it holds is enough to put it back. */
function archived(state: WorldState, machine: MachineState, directory: string): string {
  const { membership } = machine.engine;
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  const fail = (reason: string): SwarmError =>
    new SwarmError('FileReadFailed', `${machine.key}: cannot read ${directory} (${reason})`);
  if (directory !== '/var/lib/docker/swarm' || swarm === undefined) {
    throw fail('tar: No such file or directory');
  }
  if (isEngineRunning(machine)) throw fail('tar: swarm/raft/wal-v3: file changed as we read it');
  return JSON.stringify({ membership, swarm });
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
    archive: async (directory, localPath) => {
      const content = await world.act(
        { ...action('archive', true), takesMs: timing.archive },
        (state) => archived(state, reach(state, key), directory),
      );
      fs.writeFileSync(localPath, content, { mode: 0o600 });
    },
    remove: (path) =>
      world.act(action('remove', true), (state) => {
        Reflect.deleteProperty(reach(state, key).files, path);
      }),
  };
}
