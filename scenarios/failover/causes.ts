import type { Host } from '../../effects/effects';
import type { Stage } from '../stage';

/** A way in which the holder of the virtual IP fails without notice. */
export interface Cause {
  readonly name: string;
  /** What is done, as the page says it. */
  readonly what: string;
  /** What must be in place before the moment that counts. */
  readonly prepare?: (stage: Stage, holder: string) => Promise<void>;
  readonly strike: (stage: Stage, holder: string) => Promise<void>;
  readonly mend: (stage: Stage, holder: string) => Promise<void>;
}

const engineUnits = ['docker.service', 'docker.socket', 'containerd.service'];
const keepalivedUnit = 'keepalived.service';
const noRestart = '/run/systemd/system/keepalived.service.d/zz-failover.conf';

export const causes: readonly Cause[] = [
  {
    name: 'machine powered off',
    what: 'the machine of the holder loses its power',
    // Its processes are killed one after another: no last word of a dying keepalived may leave the machine.
    strike: async (stage, holder) => {
      await stage.cutLink(holder);
      await stage.powerOff(holder);
    },
    mend: (stage, holder) => stage.powerOn(holder),
  },
  {
    name: 'link cut',
    what: 'the cable of the holder is cut; the machine goes on',
    strike: (stage, holder) => stage.cutLink(holder),
    mend: (stage, holder) => stage.mendLink(holder),
  },
  {
    name: 'engine killed',
    what: 'dockerd, containerd and every container get SIGKILL at once, and are kept from coming back; keepalived goes on',
    prepare: (stage, holder) => mask(stage, holder, engineUnits),
    // With their shims gone, containers alone would go on: a dead engine must serve nobody.
    strike: (stage, holder) =>
      kill(stage, holder, ['docker.service', 'containerd.service', 'docker-*.scope']),
    mend: async (stage, holder) => {
      await unmask(stage, holder, engineUnits);
      const { systemd } = await stage.host(holder);
      await systemd.restart('docker.socket');
      await systemd.start('docker.service');
    },
  },
  {
    name: 'keepalived killed',
    what: 'every process of keepalived gets SIGKILL, and systemd is kept from starting it again; the host goes on',
    prepare: async (stage, holder) => {
      const host = await stage.host(holder);
      // Not masked: what its unit does when it ends is part of the setup.
      await host.files.write(noRestart, '[Service]\nRestart=no\n', { mode: 0o644 });
      await host.systemd.daemonReload();
      stage.did(`kept systemd from restarting keepalived of ${holder}`);
    },
    strike: (stage, holder) => kill(stage, holder, [keepalivedUnit]),
    mend: async (stage, holder) => {
      const host = await stage.host(holder);
      await host.files.remove(noRestart);
      await host.systemd.daemonReload();
      await run(host, ['systemctl', 'reset-failed', keepalivedUnit]);
      await host.systemd.start(keepalivedUnit);
    },
  },
];

async function mask(stage: Stage, holder: string, units: readonly string[]): Promise<void> {
  await run(await stage.host(holder), ['systemctl', 'mask', '--runtime', ...units]);
  stage.did(`kept ${units.join(', ')} of ${holder} from starting`);
}

async function unmask(stage: Stage, holder: string, units: readonly string[]): Promise<void> {
  const host = await stage.host(holder);
  await run(host, ['systemctl', 'unmask', '--runtime', ...units]);
  await run(host, ['systemctl', 'reset-failed', ...units]);
  stage.did(`let ${units.join(', ')} of ${holder} start again`);
}

async function kill(stage: Stage, holder: string, units: readonly string[]): Promise<void> {
  const options = ['--kill-whom=all', '--signal=KILL'];
  await run(await stage.host(holder), ['systemctl', 'kill', ...options, ...units]);
  stage.did(`killed ${units.join(', ')} of ${holder}`);
}

async function run(host: Host, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await host.run(argv, { timeoutSeconds: 60 });
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}: ${stderr.trim()}`);
}
