import type { Systemd } from '../../../effects/systemd';
import { readBalancerConfiguration } from './balancer';
import { readKeepalivedConfiguration, startUnit, stopUnit, unitFailed } from './machines';
import type { MachineState } from './state';
import { reach, type World } from './world';

export function fakeSystemd(world: World, key: string): Systemd {
  const change = (method: string, body: (machine: MachineState, unit: string) => void) => {
    return (unit: string): Promise<void> =>
      world.act({ operation: `systemd.${method}`, host: key, isChange: true }, (state) => {
        const machine = reach(state, key);
        const name = fullName(unit);
        adoptUnitFile(machine, name);
        body(machine, name);
      });
  };
  return {
    state: (unit) =>
      world.act({ operation: 'systemd.state', host: key, isChange: false }, (state) => {
        const machine = reach(state, key);
        adoptUnitFile(machine, fullName(unit));
        return machine.units[fullName(unit)]?.state ?? 'absent';
      }),
    start: change('start', startUnit),
    stop: change('stop', stopUnit),
    restart: change('restart', (machine, unit) => {
      stopUnit(machine, unit);
      startUnit(machine, unit);
    }),
    reload: change('reload', (machine, unit) => {
      if (machine.units[unit]?.state !== 'active') {
        throw unitFailed(machine, unit, `${unit} is not active, cannot reload.`);
      }
      if (unit === 'keepalived.service') readKeepalivedConfiguration(machine);
      if (unit === 'haproxy.service') readBalancerConfiguration(machine);
    }),
    enable: change('enable', (machine, unit) => {
      const known = machine.units[unit];
      if (known === undefined) throw unitFailed(machine, unit, `Unit ${unit} does not exist.`);
      known.isEnabled = true;
    }),
    disable: change('disable', (machine, unit) => {
      const known = machine.units[unit];
      if (known !== undefined) known.isEnabled = false;
    }),
    journal: (unit) =>
      world.act({ operation: 'systemd.journal', host: key, isChange: false }, (state) => {
        const failed = reach(state, key).units[fullName(unit)]?.state === 'failed';
        return failed ? `${unit}: the last words of a unit that failed` : '';
      }),
    daemonReload: () =>
      world.act({ operation: 'systemd.daemonReload', host: key, isChange: true }, (state) => {
        reach(state, key);
      }),
  };
}

function fullName(unit: string): string {
  return /\.(service|socket|timer|target|mount|path)$/.test(unit) ? unit : `${unit}.service`;
}

/** A file in /etc/systemd/system makes a unit; removing it takes a stopped one away. */
function adoptUnitFile(machine: MachineState, unit: string): void {
  if (machine.files[`/etc/systemd/system/${unit}`] === undefined) return;
  machine.units[unit] ??= { state: 'inactive', isEnabled: false };
}
