import type { ComposeFile } from './composeDocument';
import { readComposeFiles, type ComposePart } from './composeFiles';
import type { ComposeFault, ComposePath } from './composeFault';
import {
  ignoredKeys,
  type ComposeFileObject,
  type ComposeNetwork,
  type ComposeService,
  type ComposeVolume,
} from './composeShape';
import { parseEnvFile } from './envFile';
import type { Variables } from './interpolate';
import { mergeService } from './mergeCompose';

export interface ComposeInput {
  /** In order: a later one adds to and overrides those before. */
  readonly files: readonly ComposeFile[];
  readonly variables: Variables;
  /** Content of each `env_file`, by its path as the compose file has it. */
  readonly envFiles: Readonly<Record<string, string>>;
}

/** All files as one. */
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, ComposeNetwork>>;
  readonly volumes: Readonly<Record<string, ComposeVolume>>;
  readonly secrets: Readonly<Record<string, ComposeFileObject>>;
  readonly configs: Readonly<Record<string, ComposeFileObject>>;
  /** Where something stands: in the last file that has it. */
  readonly locate: (path: ComposePath) => string;
}

export type LoadedCompose =
  | {
      readonly compose: Compose;
      /** What is in the files and has no effect in a stack. */
      readonly warnings: readonly string[];
    }
  | { readonly faults: readonly ComposeFault[] };

/** Reads, checks and merges compose files. Every fault at once. */
export function loadCompose({ files, variables, envFiles }: ComposeInput): LoadedCompose {
  if (files.length === 0) {
    return { faults: [{ at: 'compose', path: [], reason: 'has no file; give at least one' }] };
  }
  const read = readComposeFiles(files, variables);
  const faults = [...read.faults];
  const parts = read.parts.map((part) => ({
    ...part,
    shape: {
      ...part.shape,
      services: Object.fromEntries(
        Object.entries(part.shape.services ?? {}).map(([name, service]) => [
          name,
          withEnvironment(service, variables, envFiles, (key, reason) => {
            const path = ['services', name, key];
            faults.push({ at: part.locate(path), path, reason });
          }),
        ]),
      ),
    },
  }));
  if (faults.length > 0) return { faults };
  const compose = merged(parts);
  if (Object.keys(compose.services).length === 0) {
    return { faults: [{ at: files[0]?.name ?? '', path: [], reason: 'declares no service' }] };
  }
  return { compose, warnings: warningsOf(compose, parts) };
}

/** Files of this computer that compose files speak of, by where their content goes. */
export function composeReferences(parts: readonly ComposePart[]): {
  readonly envFiles: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly configs: Readonly<Record<string, string>>;
} {
  const files = (kind: 'secrets' | 'configs'): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(
        Object.assign({}, ...parts.map(({ shape }) => shape[kind])) as Record<
          string,
          ComposeFileObject
        >,
      ).flatMap(([name, { file, external }]) =>
        file === undefined || external?.isExternal === true ? [] : [[name, file]],
      ),
    );
  const envFiles = parts.flatMap(({ shape }) =>
    Object.values(shape.services ?? {}).flatMap((service) => service.env_file ?? []),
  );
  return { envFiles: [...new Set(envFiles)], secrets: files('secrets'), configs: files('configs') };
}

function merged(parts: readonly ComposePart[]): Compose {
  const services: Record<string, ComposeService> = {};
  for (const { shape } of parts) {
    for (const [name, service] of Object.entries(shape.services ?? {})) {
      const before = Object.hasOwn(services, name) ? services[name] : undefined;
      services[name] = before === undefined ? service : mergeService(before, service);
    }
  }
  // As docker does: what a later file says of one of these takes the place of all that was said before.
  const section = <K extends 'networks' | 'volumes' | 'secrets' | 'configs'>(kind: K) =>
    Object.assign({}, ...parts.map(({ shape }) => shape[kind])) as Compose[K];
  return {
    services,
    networks: section('networks'),
    volumes: section('volumes'),
    secrets: section('secrets'),
    configs: section('configs'),
    locate: (path) => {
      for (let length = path.length; length > 0; length -= 1) {
        const known = path.slice(0, length);
        const part = lastWith(parts, known);
        if (part !== undefined) return part.locate(known);
      }
      return parts[0]?.file ?? '';
    },
  };
}

function lastWith(parts: readonly ComposePart[], path: ComposePath): ComposePart | undefined {
  return [...parts].reverse().find(({ has }) => has(path));
}

/** Files first, in order, then what is declared. What has no value of its own takes that of the variable of its name. */
function withEnvironment(
  service: ComposeService,
  variables: Variables,
  envFiles: Readonly<Record<string, string>>,
  fault: (key: string, reason: string) => void,
): ComposeService {
  const { env_file: paths = [], ...rest } = service;
  const values = paths.map((path) => {
    const content = Object.hasOwn(envFiles, path) ? envFiles[path] : undefined;
    if (content === undefined) {
      fault('env_file', 'names a file whose content was not given');
      return {};
    }
    const parsed = parseEnvFile(content);
    if (parsed === undefined) fault('env_file', 'names a file with a line that is no NAME=value');
    // Docker leaves out a name that nothing gives a value; sent as it is, it would unset the image's own.
    return Object.fromEntries(
      Object.entries(parsed ?? {}).filter(
        ([name, value]) => value !== null || Object.hasOwn(variables, name),
      ),
    );
  });
  const all = Object.assign({}, ...values, service.environment) as Record<string, string | null>;
  const environment = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      name,
      (value === null || value === '') && Object.hasOwn(variables, name)
        ? (variables[name] ?? value)
        : value,
    ]),
  );
  return Object.keys(environment).length === 0 ? rest : { ...rest, environment };
}

function warningsOf({ services }: Compose, parts: readonly ComposePart[]): readonly string[] {
  const ignored = Object.entries(services).flatMap(([name, service]) =>
    ignoredKeys.filter((key) => service[key] !== undefined).map((key) => ['services', name, key]),
  );
  const addresses = Object.entries(services).flatMap(([name, { networks = {} }]) =>
    Object.entries(networks).flatMap(([network, attachment]) =>
      (['ipv4_address', 'ipv6_address'] as const)
        .filter((key) => attachment[key] !== undefined)
        .map((key) => ['services', name, 'networks', network, key]),
    ),
  );
  return [...ignored, ...addresses].map(
    (path) =>
      `${lastWith(parts, path)?.locate(path) ?? path[1] ?? ''}: ${path.join('.')} has no effect in a stack`,
  );
}
