import { SwarmError } from '../../core/errors';
import { outsideMtu } from './labNetwork';
import {
  bridgeName,
  hardwareAddress,
  linkName,
  namespaceName,
  type LabDirectories,
} from './layout';
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

/**
 * Drops or passes every packet from and to a machine, without a word to anybody: this computer waits for
 * its timeouts, where a cut cable alone is told to it after some seconds. Everything in the machine goes on.
 * Succeeds when it is so already.
 *
 * @throws SwarmError `LabMachineUnknown` when no such machine is running.
 */
export async function setPackets(
  directories: LabDirectories,
  lab: string,
  machine: string,
  state: 'dropped' | 'passed',
): Promise<void> {
  await setLink(lab, machine, state === 'dropped' ? 'down' : 'up');
  const record = await readMachine(directories, lab, machine);
  const neighbour = ['to', record?.address ?? '', 'dev', bridgeName(lab)];
  // Whose hardware address is known is not asked for it, and so is never found missing.
  const { code, stderr } = await tryTool(
    state === 'dropped'
      ? ['ip', 'neigh', 'replace', ...neighbour, ...known(lab, machine)]
      : ['ip', 'neigh', 'flush', ...neighbour, 'nud', 'permanent'],
  );
  if (record === undefined || code !== 0) {
    const message = `lab ${lab}/${machine}: its packets cannot be ${state} (${stderr.trim()}); its link may be cut; power the machine on first`;
    throw new SwarmError('LabMachineUnknown', message, { source: 'user' });
  }
}

function known(lab: string, machine: string): readonly string[] {
  return ['lladdr', hardwareAddress(lab, machine), 'nud', 'permanent'];
}
