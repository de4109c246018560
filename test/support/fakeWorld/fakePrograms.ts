import { engineFolder } from '../../../core/engineUnits';
import { SwarmError } from '../../../core/errors';
import type { EnginePrograms } from '../../../effects/enginePrograms';
import { reach, type World } from './world';

/** An archive is a text that says `dockerd VERSION`; anything else holds no engine. */
export function fakePrograms(world: World, key: string): EnginePrograms {
  const look = { operation: 'programs.version', host: key, isChange: false };
  const change = (method: string) => ({
    operation: `programs.${method}`,
    host: key,
    isChange: true,
  });
  return {
    version: (build) =>
      world.act(look, (state) => {
        const { builds, current = '' } = reach(state, key).programs;
        return builds[build === 'current' ? current : build];
      }),
    unpack: (archivePath, build) =>
      world.act(change('unpack'), (state) => {
        const machine = reach(state, key);
        const archive = machine.files[archivePath];
        if (archive === undefined) {
          throw new SwarmError('EngineUnpackFailed', `${key}: tar: ${archivePath}: Cannot open`);
        }
        const text = Buffer.from(archive.content, 'base64').toString('utf8');
        const version = /^dockerd (\S+)/.exec(text)?.[1];
        if (version !== undefined) machine.programs.builds[build] = version;
      }),
    use: (build) =>
      world.act(change('use'), (state) => {
        const { programs } = reach(state, key);
        if (programs.builds[build] === undefined) throw new Error(`${engineFolder}: no ${build}`);
        if (programs.current === build) return;
        const kept = [build, programs.current ?? build];
        programs.current = build;
        programs.builds = Object.fromEntries(
          Object.entries(programs.builds).filter(([name]) => kept.includes(name)),
        );
      }),
    removeAll: () =>
      world.act(change('removeAll'), (state) => {
        reach(state, key).programs = { builds: {}, current: undefined };
      }),
  };
}
