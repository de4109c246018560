import { SwarmError } from '../../core/errors';
import type { HostFacts } from '../../core/facts';
import { Apt } from '../apt';
import { systemClock } from '../clock';
import type { DockerApi } from '../docker';
import type { CommandResult, Host } from '../effects';
import type { EnginePrograms } from '../enginePrograms';
import { gatherHostFacts } from '../hostFacts';
import { HostFiles } from '../hostFiles';
import type { HostNetwork } from '../network';
import type { Packages } from '../packages';
import type { Exec } from '../ssh/sshExec';
import type { Systemd } from '../systemd';
import { UnpackedPrograms } from '../unpackedPrograms';
import { imageExec } from './imageExec';

/** An image on its way, as a host: files, packages and programs. Nothing of it runs. */
export class ImageHost implements Host {
  readonly files: HostFiles;
  readonly systemd: Systemd;
  readonly packages: Packages;
  readonly programs: EnginePrograms;
  private readonly exec: Exec;

  constructor(
    readonly description: string,
    directory: string,
  ) {
    this.exec = imageExec(directory);
    this.files = new HostFiles(description, this.exec);
    this.systemd = new DormantUnits(description, this.exec);
    const generation = (): Promise<number> => Promise.resolve(0);
    this.packages = new Apt(description, this.exec, this.files, systemClock, generation);
    this.programs = new UnpackedPrograms(description, this.exec);
  }

  get docker(): DockerApi {
    throw nothingRuns(this.description, 'its engine was asked');
  }

  get network(): HostNetwork {
    throw nothingRuns(this.description, 'its network was asked');
  }

  facts(): Promise<HostFacts> {
    return gatherHostFacts(this.description, this.exec);
  }

  async run(
    argv: readonly string[],
    options: { readonly stdin?: string | Buffer; readonly timeoutSeconds?: number } = {},
  ): Promise<CommandResult> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    return { code, stdout, stderr };
  }
}

/** systemctl can enable and disable where no systemd runs; what would start there is refused. */
class DormantUnits implements Systemd {
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
  ) {}

  async state(unit: string): Promise<string> {
    const { code } = await this.exec(['systemctl', 'cat', '--', unit], { environment: offline });
    return code === 0 ? 'inactive' : 'absent';
  }

  start(unit: string): Promise<void> {
    return Promise.reject(nothingRuns(this.subject, `${unit} was to start`));
  }

  restart(unit: string): Promise<void> {
    return this.start(unit);
  }

  reload(unit: string): Promise<void> {
    return this.start(unit);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  enable(unit: string): Promise<void> {
    return this.change('enable', unit);
  }

  async disable(unit: string): Promise<void> {
    if ((await this.state(unit)) !== 'absent') await this.change('disable', unit);
  }

  daemonReload(): Promise<void> {
    return Promise.resolve();
  }

  journal(): Promise<string> {
    return Promise.resolve('');
  }

  private async change(verb: string, unit: string): Promise<void> {
    const result = await this.exec(['systemctl', verb, '--', unit], { environment: offline });
    if (result.code === 0) return;
    throw new SwarmError(
      'UnitFailed',
      `${this.subject}: \`systemctl ${verb} ${unit}\` failed (${result.stderr.trim()}); the image is not built`,
      { source: 'world' },
    );
  }
}

const offline = { SYSTEMD_OFFLINE: '1' };

function nothingRuns(subject: string, fact: string): SwarmError {
  return new SwarmError(
    'LabImageBuildFailed',
    `${subject}: ${fact}, and in an image nothing runs; it is not built; declare another source of the engine`,
    { source: 'user' },
  );
}
