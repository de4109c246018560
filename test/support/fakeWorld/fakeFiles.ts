import * as fs from 'node:fs';
import { ustarEnd, ustarHeader, ustarPadding } from '../../../effects/archive/ustar';
import type { Files } from '../../../effects/files';
import { SwarmError } from '../../../core/errors';
import { isEngineRunning } from './machines';
import type { MachineState, SwarmState, WorldState } from './state';
import { timing } from './timing';
import { reach, type World } from './world';

const defaultMode = 0o644;

/** The engine's own file: there exactly while the machine's disk holds a membership. */
const swarmStatePath = '/var/lib/docker/swarm/docker-state.json';

function swarmState(machine: MachineState): string | undefined {
  const membership = machine.engine.membership;
  return membership === undefined
    ? undefined
    : JSON.stringify({
        LocalAddr: membership.address,
        AdvertiseAddr: `${membership.address}:2377`,
        DataPathAddr: membership.address,
      });
}

const raftDirectory = '/var/lib/docker/swarm';
const asidePath = `${raftDirectory}.set-aside`;

/** A tar with what an engine keeps of its swarm; the first content in it is enough to put it back. */
function archived(state: WorldState, machine: MachineState, directory: string): Buffer {
  const { membership } = machine.engine;
  const swarm = membership === undefined ? undefined : state.swarms[membership.clusterId];
  const fail = (reason: string): SwarmError =>
    new SwarmError('FileReadFailed', `${machine.key}: cannot read ${directory} (${reason})`);
  if (directory !== raftDirectory || swarm === undefined) {
    throw fail('tar: No such file or directory');
  }
  if (isEngineRunning(machine)) throw fail('tar: swarm/raft/wal-v3: file changed as we read it');
  const content = Buffer.from(JSON.stringify({ membership, swarm }));
  return Buffer.concat([
    ustarHeader('swarm/docker-state.json', content.length, 0o600),
    content,
    ustarPadding(content.length),
    ustarHeader('swarm/certificates/swarm-node.crt', 0, 0o600),
    ustarHeader('swarm/raft/', 0, 0o700),
    ustarEnd,
  ]);
}

/** Membership and swarm as they were. The workers' own machines are as they are now. */
function putBack(
  state: WorldState,
  machine: MachineState,
  archive: Buffer,
  directory: string,
): void {
  const fail = (reason: string): SwarmError =>
    new SwarmError('FileWriteFailed', `${machine.key}: cannot write ${directory} (${reason})`);
  if (directory !== raftDirectory) throw fail('tar: No such file or directory');
  if (machine.engine.membership !== undefined) throw fail('mv: Directory not empty');
  // A running engine has the directory open, and would write what it knows into the new one.
  if (isEngineRunning(machine)) throw fail('the engine runs');
  const bytes = parseInt(archive.toString('latin1', 124, 135), 8);
  const { membership, swarm } = JSON.parse(archive.toString('utf8', 512, 512 + bytes)) as Pick<
    MachineState['engine'],
    'membership'
  > & { readonly swarm: SwarmState };
  machine.engine.membership = membership;
  state.swarms[swarm.clusterId] = swarm;
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
    restore: async (localPath, directory) => {
      const archive = fs.readFileSync(localPath);
      await world.act({ ...action('restore', true), takesMs: timing.archive }, (state) => {
        putBack(state, reach(state, key), archive, directory);
      });
    },
    setAside: (directory) =>
      world.act(action('setAside', true), (state) => {
        const { engine, files } = reach(state, key);
        if (directory !== raftDirectory || engine.membership === undefined) return;
        files[asidePath] = { content: '', mode: 0o700 };
        engine.membership = undefined;
      }),
    removeAside: () =>
      world.act(action('removeAside', true), (state) => {
        Reflect.deleteProperty(reach(state, key).files, asidePath);
      }),
    remove: (path) =>
      world.act(action('remove', true), (state) => {
        Reflect.deleteProperty(reach(state, key).files, path);
      }),
  };
}
