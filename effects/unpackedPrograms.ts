import { engineFolder, engineProgramsPath } from '../core/engineUnits';
import { SwarmError } from '../core/errors';
import { parseDaemonVersion } from '../core/parse/engineVersion';
import type { EnginePrograms } from './enginePrograms';
import type { ExecResult } from './ssh/channelExec';
import type { Exec } from './ssh/sshExec';

/** Where sudo, and everybody else, looks for the client. */
const clientLink = '/usr/local/bin/docker';
const clientTarget = `${engineProgramsPath}/docker`;

/** Builds below `engineFolder`, by coreutils and tar. */
export class UnpackedPrograms implements EnginePrograms {
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
  ) {}

  /** @throws SwarmError `EngineUnpackFailed` when there is one, and it does not tell its version. */
  async version(build: string): Promise<string | undefined> {
    const program = `${engineFolder}/${build}/dockerd`;
    const result = await this.exec([program, '--version'], {
      rights: 'login',
      timeoutSeconds: 30,
    });
    if (result.code === 127) return undefined;
    const version = parseDaemonVersion(result.stdout);
    if (result.code === 0 && version !== undefined) return version;
    throw this.failed(`${program} tells no version`, result);
  }

  async unpack(archivePath: string, build: string): Promise<void> {
    const partial = `${engineFolder}/.new-${build}`;
    await this.must(['rm', '-rf', '--', partial]);
    await this.must(['mkdir', '-p', '-m', '755', '--', partial]);
    await this.must([
      ...['tar', '--extract', '--gzip', '--no-same-owner', '--strip-components=1'],
      ...[`--directory=${partial}`, `--file=${archivePath}`],
    ]);
    await this.must(['mv', '-T', '--', partial, `${engineFolder}/${build}`]);
  }

  async use(build: string): Promise<void> {
    const before = await this.link(engineProgramsPath);
    await this.pointTo(engineProgramsPath, build);
    if ((await this.link(clientLink)) === undefined) await this.pointTo(clientLink, clientTarget);
    // A run that was killed here comes again, and the one before is what may have to be put back.
    if (before === build) return;
    const kept = [build, before ?? build];
    const { stdout } = await this.exec(['ls', '-A', '--', engineFolder], { rights: 'login' });
    const old = stdout.split('\n').filter((name) => /-[0-9a-f]{12}$/.test(name));
    for (const name of old.filter((each) => !kept.includes(each))) {
      await this.must(['rm', '-rf', '--', `${engineFolder}/${name}`]);
    }
  }

  async removeAll(): Promise<void> {
    if ((await this.link(clientLink)) === clientTarget)
      await this.must(['rm', '-f', '--', clientLink]);
    await this.must(['rm', '-rf', '--', engineFolder]);
  }

  /** Where a link leads, or the path itself where something else is there. */
  private async link(path: string): Promise<string | undefined> {
    const login = { rights: 'login', timeoutSeconds: 30 } as const;
    const { code, stdout } = await this.exec(['readlink', '--', path], login);
    if (code === 0) return stdout.trim();
    return (await this.exec(['test', '-e', path], login)).code === 0 ? path : undefined;
  }

  /** A rename is one moment; `ln -f` alone has one without a link. */
  private async pointTo(path: string, target: string): Promise<void> {
    await this.must(['ln', '-sfnT', '--', target, `${path}.swarm-new`]);
    await this.must(['mv', '-fT', '--', `${path}.swarm-new`, path]);
  }

  private async must(argv: readonly string[]): Promise<void> {
    const result = await this.exec(argv, { timeoutSeconds: 300 });
    if (result.code !== 0) throw this.failed(`\`${argv[0] ?? ''}\` failed`, result);
  }

  private failed(what: string, { code, stderr }: ExecResult): SwarmError {
    return new SwarmError(
      'EngineUnpackFailed',
      `${this.subject}: ${what} with exit code ${code} (${stderr.trim().slice(-300)}); the engine that was used before still is; look at the archive, and at the disk of the host`,
      { source: 'world' },
    );
  }
}
