import { SwarmError } from '../../core/errors';
import { linkName } from './layout';
import { tryTool } from './tool';

/**
 * Cuts or mends the cable of a machine: nothing reaches it and it reaches nothing, while everything in
 * it goes on. Succeeds when it is so already. A machine that boots anew has a new cable, which is whole.
 *
 * @throws SwarmError `LabMachineUnknown` when no such machine is running.
 */
export async function setLink(lab: string, machine: string, state: 'up' | 'down'): Promise<void> {
  const { code, stderr } = await tryTool(['ip', 'link', 'set', linkName(lab, machine), state]);
  if (code !== 0) {
    const message = `lab ${lab}/${machine}: its link cannot be set ${state} (${stderr.trim()}); nothing changed; power the machine on first`;
    throw new SwarmError('LabMachineUnknown', message, { source: 'user' });
  }
}
