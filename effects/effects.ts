import type { Connection } from '../core/connection';
import type { HostFacts } from '../core/facts';
import type { Clock } from './clock';
import type { DockerApi } from './docker';
import type { EnginePrograms } from './enginePrograms';
import type { Files } from './files';
import type { HostNetwork } from './network';
import type { Lab } from './lab';
import type { LocalCommands } from './localCommands';
import type { Packages } from './packages';
import type { Systemd } from './systemd';

/**
 * Everything of the world that a resource may touch. The real one is `realEffects()`; tests use the
 * fake world of test/support/fakeWorld, whose behaviour is written down in fakeWorld.md and held to
 * the real thing by test/contract.
 */
export interface Effects {
  readonly clock: Clock;
  readonly hosts: Hosts;
  readonly lab: Lab;
  readonly local: LocalFiles;
  readonly commands: LocalCommands;
}

/** Files of this computer. */
export interface LocalFiles {
  /** SHA-256 of a file in lower-case hex. @throws SwarmError `FileMissing`. */
  sha256(path: string): Promise<string>;
  /** Bytes of a file. @throws SwarmError `FileMissing`. */
  size(path: string): Promise<number>;
  /** Names of what is in a directory. @throws SwarmError `FileMissing`. */
  list(directory: string): Promise<readonly string[]>;
  /** Content as UTF-8; undefined: there is no such file. @throws SwarmError `FileMissing` when it is there and cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** As `list`; empty where there is none. @throws SwarmError `FileMissing` when it is there and cannot be read. */
  listIfThere(path: string): Promise<readonly string[]>;
  /** Paths of a tar's entries, of one that is whole. @throws SwarmError `ArchiveIncomplete`, `FileMissing`. */
  tarMembers(path: string): Promise<readonly string[]>;
  /** Why this directory could not hold what nobody else may read; undefined: it can, or it can be made. Changes nothing. */
  privateDirectoryFault(path: string): Promise<string | undefined>;
  /** Makes the directory with mode 0700, or takes the one that is there. @throws SwarmError `LocalDirectoryUnfit`. */
  ensurePrivateDirectory(path: string): Promise<void>;
  /** Whole or not at all, mode 0600. @throws SwarmError `LocalWriteFailed`. */
  writePrivate(path: string, content: string): Promise<void>;
  /** Succeeds when there is no such file. */
  remove(path: string): Promise<void>;
}

/** Opens hosts; keeps one connection per host for the life of the process. */
export interface Hosts {
  /**
   * The host behind a connection. The same object is returned while its connection lives; a broken
   * one is opened again. Host keys are always checked. A host has 10 s to answer, and 2 s to accept a
   * connection when it did not answer the last time: one silent host must not cost its timeout with
   * every question.
   *
   * @throws SwarmError `HostUnreachable` (nothing answers), `HostKeyChanged` (another or an unknown
   * key), `HostLoginRefused` (user or key refused), `HostNotPrivileged` (neither root nor sudo), `CommandTimedOut` (its shell
   * comes to no command).
   */
  connect(connection: Connection, options?: { readonly timeoutSeconds?: number }): Promise<Host>;
  /** Closes every connection. */
  close(): Promise<void>;
}

/** One host with root's rights on it (sudo is used where the login user is not root). */
export interface Host {
  /** For messages; holds no secret. */
  readonly description: string;
  facts(): Promise<HostFacts>;
  readonly files: Files;
  readonly systemd: Systemd;
  readonly packages: Packages;
  readonly programs: EnginePrograms;
  readonly network: HostNetwork;
  readonly docker: DockerApi;
  /**
   * Runs a command by its argv, never through a shell. A non-zero exit is a result, not an error.
   *
   * @throws SwarmError `HostUnreachable`, `CommandTimedOut`.
   */
  run(
    argv: readonly string[],
    options?: { readonly stdin?: string | Buffer; readonly timeoutSeconds?: number },
  ): Promise<CommandResult>;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
