import type { HostFacts } from '../../core/facts';
import { Apt } from '../apt';
import type { Clock } from '../clock';
import { Dnf } from '../dnf';
import type { DockerApi } from '../docker';
import type { CommandResult, Host } from '../effects';
import { EngineApi } from '../engine/engineApi';
import { EngineClient } from '../engine/engineClient';
import { EngineStreams } from '../engine/engineStream';
import { gatherHostFacts } from '../hostFacts';
import { HostFiles } from '../hostFiles';
import { HostPackages } from '../hostPackages';
import type { EnginePrograms } from '../enginePrograms';
import { Iproute } from '../iproute';
import type { HostNetwork } from '../network';
import type { Packages } from '../packages';
import { Systemctl } from '../systemctl';
import type { Systemd } from '../systemd';
import { UnpackedPrograms } from '../unpackedPrograms';
import { type Exec, sshExec } from './sshExec';
import { sshFollow } from './sshFollow';
import type { SshSession } from './sshSession';
import { tunnelThrough } from './tunnel';

/** A host over its SSH session. */
export class SshHost implements Host {
  readonly description: string;
  readonly files: HostFiles;
  readonly systemd: Systemd;
  readonly packages: Packages;
  readonly programs: EnginePrograms;
  readonly network: HostNetwork;
  readonly docker: DockerApi;
  private readonly exec: Exec;

  constructor(session: SshSession, clock: Clock) {
    const subject = session.subject;
    const exec = sshExec(session);
    this.description = subject;
    this.exec = exec;
    this.files = new HostFiles(subject, exec);
    this.systemd = new Systemctl(subject, exec);
    this.network = new Iproute(subject, exec, sshFollow(session));
    const generation = async (): Promise<number> => (await session.acquire()).generation;
    const tools = {
      deb: new Apt(subject, exec, this.files, clock, generation),
      rpm: new Dnf(subject, exec, this.files, generation),
    };
    this.packages = new HostPackages(subject, tools, () => this.facts(), generation);
    this.programs = new UnpackedPrograms(subject, exec);
    const client = new EngineClient(subject, new EngineStreams(session));
    this.docker = new EngineApi(subject, client, exec, tunnelThrough(session));
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
