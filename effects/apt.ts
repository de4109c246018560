import { SwarmError } from '../core/errors';
import { parseMadison } from '../core/parse/aptMadison';
import type { Clock } from './clock';
import type { Packages } from './packages';
import { withServicesHeld } from './policyRcD';
import type { ExecResult } from './ssh/channelExec';
import type { Exec, ExecOptions } from './ssh/sshExec';
import type { HostFiles } from './hostFiles';

const installOptions = [
  '-y',
  '--no-install-recommends',
  // Docker's own packages conflict with the distribution's: a refusal, instead of a removed engine.
  '--no-remove',
  // Exactly the version asked for, also when it is older, and also when we hold the package.
  '--allow-downgrades',
  '--allow-change-held-packages',
  '-o',
  'Dpkg::Options::=--force-confold',
];
const commonOptions = [
  '-o',
  'DPkg::Lock::Timeout=120',
  // Mirrors that stand still serve lists that are past their date.
  '-o',
  'Acquire::Check-Valid-Until=false',
];
const environment = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };

/** Signs that the lists are older than what the sources hold. */
const staleLists =
  /Unable to locate package|has no installation candidate|Version '[^'\n]{0,200}' for '[^'\n]{0,200}' was not found|404 {2}Not Found|Failed to fetch|Hash Sum mismatch|File has unexpected size/;

/** How long another package tool is waited for. */
const lockSeconds = 120;

/** Packages of Debian and its kin by apt and dpkg. */
export class Apt implements Packages {
  private refreshedOn: number | undefined;

  /** @param generation number of the current connection: the lists are refreshed once on each. */
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
    private readonly files: HostFiles,
    private readonly clock: Clock,
    private readonly generation: () => Promise<number>,
  ) {}

  async available(name: string): Promise<readonly string[]> {
    const versions = await this.madison(name);
    return versions.length === 0 && (await this.refresh()) ? this.madison(name) : versions;
  }

  async installed(name: string): Promise<string | undefined> {
    const result = await this.exec(
      ['dpkg-query', '--show', '--showformat=${db:Status-Status} ${Version}', '--', name],
      { rights: 'login', timeoutSeconds: 30 },
    );
    const [status, version] = result.stdout.trim().split(' ');
    if (result.code === 0) {
      return status === 'installed' ? version : undefined;
    }
    if (result.stderr.includes('no packages found matching')) {
      return undefined;
    }
    throw this.failed('PackagesUnreadable', `\`dpkg-query\` for ${name}`, result);
  }

  async install(packages: Readonly<Record<string, string | undefined>>): Promise<void> {
    const wanted = Object.entries(packages).map(([name, version]) =>
      version === undefined ? name : `${name}=${version}`,
    );
    await withServicesHeld(this.files, async () => {
      await this.repair();
      const argv = ['apt-get', ...commonOptions, ...installOptions, 'install', '--', ...wanted];
      const options = { environment, timeoutSeconds: 1200 };
      let result = await this.exec(argv, options);
      if (staleLists.test(result.stdout + result.stderr) && result.code !== 0) {
        if (await this.refresh()) {
          result = await this.exec(argv, options);
        }
      }
      if (result.code !== 0) {
        throw this.failed('PackageInstallFailed', `installing ${wanted.join(', ')}`, result);
      }
    });
  }

  async remove(name: string): Promise<void> {
    if ((await this.installed(name)) === undefined) return;
    await this.unhold([name]);
    // Not apt-get: it would take with it whatever depends on this package, the engine among them.
    const result = await this.whileUnlocked(['dpkg', '--remove', '--', name], {
      environment,
      timeoutSeconds: 300,
    });
    if (result.code !== 0) throw this.failed('PackageRemoveFailed', `removing ${name}`, result);
  }

  async hold(names: readonly string[]): Promise<void> {
    await this.mark('hold', names);
  }

  async unhold(names: readonly string[]): Promise<void> {
    await this.mark('unhold', names);
  }

  private async mark(verb: 'hold' | 'unhold', names: readonly string[]): Promise<void> {
    const result = await this.exec(['apt-mark', verb, ...names], { timeoutSeconds: 60 });
    if (result.code !== 0) {
      throw this.failed('PackageHoldFailed', `\`apt-mark ${verb}\` of ${names.join(', ')}`, result);
    }
  }

  private async madison(name: string): Promise<readonly string[]> {
    const result = await this.exec(['apt-cache', 'madison', '--', name], {
      rights: 'login',
      timeoutSeconds: 60,
    });
    if (result.code !== 0) {
      throw this.failed('PackagesUnreadable', `\`apt-cache madison\` for ${name}`, result);
    }
    const versions = result.isTruncated ? 'more than can be read' : parseMadison(result.stdout);
    if (typeof versions !== 'string') return versions;
    throw new SwarmError(
      'PackagesUnreadable',
      `${this.subject}: \`apt-cache madison\` for ${name} gave ${versions}; which versions there are is not known; nothing was installed; look at the host's package sources`,
      { source: 'world' },
    );
  }

  /** False when the lists were already refreshed on this connection. */
  private async refresh(): Promise<boolean> {
    const generation = await this.generation();
    if (this.refreshedOn === generation) {
      return false;
    }
    const result = await this.whileUnlocked(['apt-get', ...commonOptions, 'update'], {
      environment,
      timeoutSeconds: 600,
    });
    if (result.code !== 0) {
      throw this.failed('PackageListsFailed', '`apt-get update`', result);
    }
    this.refreshedOn = generation;
    return true;
  }

  /** Completes what an installation that was cut has left half done. */
  private async repair(): Promise<void> {
    const audit = await this.exec(['dpkg', '--audit'], { rights: 'login', timeoutSeconds: 60 });
    const journal = await this.exec(
      ['find', '/var/lib/dpkg/updates', '-type', 'f', '-print', '-quit'],
      { rights: 'login', timeoutSeconds: 30 },
    );
    if (audit.code === 0 && audit.stdout.trim() === '' && journal.stdout.trim() === '') {
      return;
    }
    const result = await this.whileUnlocked(
      ['dpkg', '--force-confold', '--configure', '--pending'],
      { environment, timeoutSeconds: 1200 },
    );
    // Packages that are only unpacked may lack their dependencies; apt-get brings those.
    if (result.code !== 0 && !/dependency problems/.test(result.stderr)) {
      throw this.failed('PackageInstallFailed', 'completing an earlier installation', result);
    }
  }

  /** Neither dpkg nor `apt-get update` wait for the lock of another package tool. */
  private async whileUnlocked(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const endMs = this.clock.monotonicMs() + lockSeconds * 1000;
    for (;;) {
      const result = await this.exec(argv, options);
      const isLocked = /locked by another process|Could not get lock/.test(result.stderr);
      if (result.code === 0 || !isLocked || this.clock.monotonicMs() > endMs) {
        return result;
      }
      await this.clock.sleep(2000);
    }
  }

  private failed(code: string, action: string, result: ExecResult): SwarmError {
    const tail = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n');
    return new SwarmError(
      code,
      `${this.subject}: ${action} failed with exit code ${result.code}; packages may be installed in part; the next run completes them. Last lines:\n${tail}`,
      { source: 'world' },
    );
  }
}
