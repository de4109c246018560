import { SwarmError } from '../core/errors';
import type { Systemd } from './systemd';
import type { Exec } from './ssh/sshExec';

/** Units by `systemctl`, which waits for the job that it starts. */
export class Systemctl implements Systemd {
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
  ) {}

  /** @throws SwarmError `UnitStateUnknown` when systemd does not answer. */
  async state(unit: string): Promise<string> {
    const result = await this.exec(
      ['systemctl', 'show', '--property=LoadState,ActiveState', '--', unit],
      { rights: 'login', timeoutSeconds: 30 },
    );
    const property = (name: string): string | undefined =>
      new RegExp(`^${name}=(.*)$`, 'm').exec(result.stdout)?.[1];
    const load = property('LoadState');
    const active = property('ActiveState');
    if (result.code !== 0 || load === undefined || active === undefined) {
      throw new SwarmError(
        'UnitStateUnknown',
        `${this.subject}: systemd does not tell the state of ${unit} (${result.stderr.trim()}); nothing was changed; check that the host runs systemd`,
        { source: 'world' },
      );
    }
    // A unit whose file went while it runs is `not-found` and still `active`.
    return load === 'not-found' && active === 'inactive' ? 'absent' : active;
  }

  async start(unit: string): Promise<void> {
    await this.clearFailure(unit);
    await this.change('start', unit);
  }

  async stop(unit: string): Promise<void> {
    if ((await this.state(unit)) !== 'absent') {
      await this.change('stop', unit);
    }
  }

  async restart(unit: string): Promise<void> {
    await this.clearFailure(unit);
    await this.change('restart', unit);
  }

  async reload(unit: string): Promise<void> {
    await this.change('reload', unit);
  }

  async enable(unit: string): Promise<void> {
    await this.change('enable', unit);
  }

  async disable(unit: string): Promise<void> {
    if ((await this.state(unit)) !== 'absent') {
      await this.change('disable', unit);
    }
  }

  async daemonReload(): Promise<void> {
    const result = await this.exec(['systemctl', 'daemon-reload'], { timeoutSeconds: 120 });
    if (result.code !== 0) {
      throw this.failed('daemon-reload', 'systemd', result.stderr, '');
    }
  }

  async journal(unit: string): Promise<string> {
    const { stdout } = await this.exec(
      ['journalctl', '--no-pager', '--output=cat', '--lines=15', `--unit=${unit}`],
      { timeoutSeconds: 30 },
    );
    return stdout.trim();
  }

  /** A unit that failed too often is not started again until its counter is cleared. */
  private async clearFailure(unit: string): Promise<void> {
    await this.exec(['systemctl', 'reset-failed', '--', unit], { timeoutSeconds: 30 });
  }

  private async change(verb: string, unit: string): Promise<void> {
    const result = await this.exec(['systemctl', verb, '--', unit], { timeoutSeconds: 300 });
    if (result.code !== 0) {
      throw this.failed(verb, unit, result.stderr, await this.journal(unit));
    }
  }

  private failed(verb: string, unit: string, reason: string, journal: string): SwarmError {
    const tail = journal === '' ? '' : `\nLast lines of its journal:\n${journal}`;
    return new SwarmError(
      'UnitFailed',
      `${this.subject}: \`systemctl ${verb} ${unit}\` failed (${reason.trim().split('\n')[0] ?? ''}); the unit is not as wanted; see \`journalctl -u ${unit}\` on the host${tail}`,
      { source: 'world' },
    );
  }
}
