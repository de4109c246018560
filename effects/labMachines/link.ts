import { SwarmError } from '../../core/errors';
import { outsideMtu } from './labNetwork';
import { linkName, namespaceName, type LabDirectories } from './layout';
import { readMachine } from './records';
import { parseSubnet } from './subnet';
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

/**
 * Shuts or opens a machine's way out of its lab: to package mirrors and everything else beyond the
 * bridge. Inside the lab all goes on. Succeeds when it is so already; a boot opens it.
 *
 * @throws SwarmError `LabMachineUnknown` when no such machine is running.
 */
export async function setWayOut(
  directories: LabDirectories,
  lab: string,
  machine: string,
  state: 'open' | 'shut',
): Promise<void> {
  const record = await readMachine(directories, lab, machine);
  const gateway = record === undefined ? '' : parseSubnet(record.subnet).gateway;
  const route =
    state === 'shut'
      ? ['unreachable', 'default']
      : ['default', 'via', gateway, 'mtu', String(await outsideMtu())];
  const namespace = namespaceName(lab, machine);
  const { code, stderr } = await tryTool(['ip', '-n', namespace, 'route', 'replace', ...route]);
  if (record === undefined || code !== 0) {
    const message = `lab ${lab}/${machine}: its way out cannot be ${state} (${stderr.trim()}); nothing changed; power the machine on first`;
    throw new SwarmError('LabMachineUnknown', message, { source: 'user' });
  }
}
