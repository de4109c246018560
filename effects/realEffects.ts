import { systemClock } from './clock';
import type { Effects } from './effects';
import { type LabOptions, createLab } from './labMachines';
import { localCommands } from './localCommands';
import { localFiles } from './localFiles';
import { SshHosts } from './ssh/sshHosts';

/** The real world: hosts over SSH, labs on this computer. Close it with `effects.hosts.close()`. */
export function realEffects(options: { readonly lab?: LabOptions } = {}): Effects {
  const lab = createLab(options.lab);
  return {
    clock: systemClock,
    hosts: new SshHosts(systemClock, lab),
    lab,
    local: localFiles,
    commands: localCommands,
  };
}
