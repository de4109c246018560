import { createHash } from 'node:crypto';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { PackageFile, Packages } from '../../../effects/packages';
import { stopUnit } from './machines';
import { filesOfPackage, offeredVersions, unitsOfPackage } from './osCatalog';
import type { MachineState } from './state';
import { timing } from './timing';
import { reach, type World } from './world';

export function fakePackages(world: World, key: string): Packages {
  const look = (method: string) => ({
    operation: `packages.${method}`,
    host: key,
    isChange: false,
  });
  const change = (method: string, takesMs = 0) => ({ ...look(method), isChange: true, takesMs });
  return {
    available: (name) =>
      world.act(look('available'), (state) => offeredVersions(reach(state, key), name)),
    installed: (name) => world.act(look('installed'), (state) => reach(state, key).installed[name]),
    install: (packages) =>
      world.act(change('install', timing.packageInstall), (state) => {
        install(reach(state, key), packages);
      }),
    fetch: (packages, without) =>
      world.act(change('fetch', timing.packageInstall), (state) => {
        simulate(reach(state, key), without, (copy) => {
          install(copy, packages);
        });
      }),
    fetchFiles: (files, without) =>
      world.act(change('fetchFiles', timing.packageInstall), (state) => {
        simulate(reach(state, key), without, (copy) => {
          installGiven(copy, givenBy(files));
        });
      }),
    remove: (...names) =>
      world.act(change('remove'), (state) => {
        remove(reach(state, key), names);
      }),
    hold: (names) =>
      world.act(change('hold'), (state) => {
        const machine = reach(state, key);
        machine.held = [...new Set([...machine.held, ...names])];
      }),
    unhold: (names) =>
      world.act(change('unhold'), (state) => {
        const machine = reach(state, key);
        machine.held = machine.held.filter((name) => !names.includes(name));
      }),
    addRepository: (repository) =>
      world.act(change('addRepository'), (state) => {
        const machine = reach(state, key);
        const { url, suite } = repository;
        const found = state.repositories[`${url} ${suite}`];
        if (found?.key !== repository.key) {
          throw new SwarmError(
            'RepositoryUnreadable',
            `${key}: the repository ${url} ${suite} gave no lists that can be trusted`,
          );
        }
        machine.repositories[repository.name] = structuredClone(found.packages);
      }),
    installFiles: (files) =>
      world.act(change('installFiles', timing.packageInstall), (state) => {
        installGiven(reach(state, key), givenBy(files));
      }),
    keep: (names, directory) =>
      world.act(change('keep'), (state) => {
        const { files, installed } = reach(state, key);
        for (const path of Object.keys(files)) {
          if (path.startsWith(`${directory}/`)) Reflect.deleteProperty(files, path);
        }
        for (const name of names) {
          const version = installed[name];
          if (version === undefined) continue;
          files[`${directory}/${name}.deb`] = { content: version, mode: 0o644 };
        }
      }),
    putBack: (directory) =>
      world.act(change('putBack', timing.packageInstall), (state) => {
        const machine = reach(state, key);
        const kept = Object.entries(machine.files)
          .filter(([path]) => path.startsWith(`${directory}/`))
          .map(([path, { content }]) => [
            path.slice(directory.length + 1, -'.deb'.length),
            content,
          ]);
        if (kept.length === 0) fail(machine, `E: no packages in ${directory}`);
        installGiven(machine, Object.fromEntries(kept) as Record<string, string>);
      }),
    removeRepository: (name) =>
      world.act(change('removeRepository'), (state) => {
        Reflect.deleteProperty(reach(state, key).repositories, name);
      }),
    downloadFile: (url, path, sha256) =>
      world.act(change('downloadFile'), (state) => {
        const machine = reach(state, key);
        const text = state.web[url];
        const sum = createHash('sha256')
          .update(text ?? '')
          .digest('hex');
        if (text === undefined || sum !== sha256.toLowerCase()) {
          throw new SwarmError('DownloadFailed', `${key}: ${url} could not be downloaded there`);
        }
        machine.files[path] = { content: Buffer.from(text).toString('base64'), mode: 0o644 };
      }),
    download: (url) =>
      world.act(look('download'), (state) => {
        reach(state, key);
        const text = state.web[url];
        if (text !== undefined) return text;
        throw new SwarmError('DownloadFailed', `${key}: ${url} could not be downloaded there`);
      }),
  };
}

/** Units go with their package, and stop first. Nothing of /var/lib/docker goes. */
function remove(machine: MachineState, names: readonly string[]): void {
  const gone = names.filter((name) => machine.installed[name] !== undefined);
  machine.held = machine.held.filter((held) => !gone.includes(held));
  for (const name of gone) {
    Reflect.deleteProperty(machine.installed, name);
    for (const unit of unitsOfPackage[name] ?? []) {
      stopUnit(machine, unit);
      Reflect.deleteProperty(machine.units, unit);
    }
  }
}

function givenBy(files: readonly PackageFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ name, version }) => [name, version]));
}

/** As apt plans it, on a copy that nothing comes of. */
function simulate(
  machine: MachineState,
  without: readonly string[],
  work: (copy: MachineState) => void,
): void {
  const copy = structuredClone(machine);
  remove(copy, without);
  try {
    work(copy);
  } catch (error) {
    throw new SwarmError('PackageUnfit', errorMessage(error), { source: 'world' });
  }
}

/** No list offers them: they are what is there. */
function installGiven(machine: MachineState, given: Readonly<Record<string, string>>): void {
  const before = machine.offered;
  const added = Object.entries(given).map(([name, version]): [string, string[]] => [
    name,
    [version],
  ]);
  machine.offered = { ...before, ...Object.fromEntries(added) };
  try {
    install(machine, given);
  } finally {
    machine.offered = before;
  }
}

/** All or nothing, as apt decides before it unpacks. */
function install(
  machine: MachineState,
  packages: Readonly<Record<string, string | undefined>>,
): void {
  const chosen = Object.entries(packages).map(([name, version]) => {
    const offered = offeredVersions(machine, name);
    const wanted = version ?? offered[0];
    const installed = machine.installed[name];
    if (installed !== undefined && wanted === installed) return { name, version: installed };
    if (offered.length === 0) fail(machine, `E: Unable to locate package ${name}`);
    if (wanted === undefined || !offered.includes(wanted)) {
      return fail(machine, `E: Version '${String(wanted)}' for '${name}' was not found`);
    }
    return { name, version: wanted };
  });
  for (const { name, version } of chosen) {
    const needed = machine.unmet[name];
    if (needed === undefined || machine.installed[name] === version) continue;
    fail(machine, `${name} : Depends: ${needed} but it is not installable`);
  }
  const clashing = chosen.some(({ name, version }) => isClashing(machine, packages, name, version));
  if (clashing) fail(machine, 'E: Packages need to be removed but remove is disabled.');
  for (const { name, version } of chosen) {
    machine.installed[name] = version;
    for (const unit of unitsOfPackage[name] ?? []) {
      machine.units[unit] ??= { state: 'inactive', isEnabled: true };
    }
    for (const [path, content] of Object.entries(filesOfPackage[name] ?? {})) {
      machine.files[path] ??= { content, mode: 0o644 };
    }
  }
}

/**
 * An engine that brings its client itself goes with no client's package beside it, and engines of two
 * makers exclude each other.
 */
function isClashing(
  machine: MachineState,
  packages: Readonly<Record<string, string | undefined>>,
  name: string,
  version: string,
): boolean {
  const other = { 'docker.io': 'docker-ce', 'docker-ce': 'docker.io' }[name];
  if (other !== undefined && machine.installed[other] !== undefined) return true;
  const client = packages['docker-cli'] ?? machine.installed['docker-cli'];
  return name === 'docker.io' && version.startsWith('20.10.') && client !== undefined;
}

function fail(machine: MachineState, sentence: string): never {
  throw new SwarmError(
    'PackageInstallFailed',
    `${machine.key}: apt-get install failed: ${sentence}`,
    {
      source: 'world',
    },
  );
}
