import { addressOf, isIpv6, isSameAddress, isWithin } from '../../../core/addresses';
import { SwarmError } from '../../../core/errors';
import { parseFileMarker } from '../../../core/fileMarker';
import { keepalivedPath, keepalivedUnit } from '../../../core/keepalived/keepalivedUnit';
import type { Host } from '../../../effects/effects';
import type { VipMemberInputs } from './vipSpec';

/** Whether every address of the VIP is on this host now. */
export async function holdsVip(
  host: Host,
  spec: Pick<VipMemberInputs, 'addresses'>,
): Promise<boolean> {
  const own = await host.network.addresses();
  return spec.addresses.every((vip) =>
    own.some(({ address }) => isSameAddress(address, addressOf(vip))),
  );
}

/** Whether the host has the address, and a keepalived.conf of somebody else or none. */
export async function isHeldByStranger(
  host: Host,
  spec: Pick<VipMemberInputs, 'addresses'>,
): Promise<boolean> {
  const text = await host.files.read(keepalivedPath);
  const isOurs = text !== undefined && parseFileMarker(text) !== undefined;
  return !isOurs && (await holdsVip(host, spec));
}

/** The interface that carries the VIP: the declared one, or the one whose subnet the node's own address is in. */
export async function vipInterface(host: Host, spec: VipMemberInputs): Promise<string> {
  const own = await host.network.addresses();
  const found =
    spec.interface === undefined
      ? own.find(({ address }) => isSameAddress(address, spec.address))
      : own.find((candidate) => candidate.interface === spec.interface);
  if (found === undefined) {
    throw new SwarmError(
      'VipInterfaceMissing',
      `${spec.name}: no interface ${spec.interface ?? `with the address ${spec.address}`}; it has ${own.map((one) => `${one.interface} (${one.address})`).join(', ')}`,
      { source: 'user' },
    );
  }
  // Of the node's own address; of the other family any, but a virtual one.
  const subnets = own
    .filter(
      (one) =>
        one === found ||
        (one.interface === found.interface &&
          isIpv6(one.address) !== isIpv6(found.address) &&
          !spec.addresses.some((vip) => isSameAddress(one.address, addressOf(vip)))),
    )
    .map((one) => `${one.address}/${String(one.prefixLength)}`);
  const outside = spec.addresses.filter(
    (vip) => !subnets.some((subnet) => isWithin(addressOf(vip), subnet)),
  );
  if (outside.length > 0) {
    throw new SwarmError(
      'VipOutsideSubnet',
      `${spec.name}: ${outside.join(', ')} is not in the subnet ${subnets.join(', ')} of ${found.interface}; nothing was touched`,
      { source: 'user' },
    );
  }
  return found.interface;
}

/** keepalived.conf of the host, if it is ours. @throws SwarmError `KeepalivedOfAnother` when somebody else wrote it. */
export async function ownConfiguration(host: Host, name: string): Promise<string | undefined> {
  const text = await host.files.read(keepalivedPath);
  if (text === undefined || text.trim() === '') return undefined;
  if (parseFileMarker(text) !== undefined) return text;
  throw new SwarmError(
    'KeepalivedOfAnother',
    `${name}: ${keepalivedPath} was not written by this package; nothing was touched; move it away, or manage the address there`,
    { source: 'user' },
  );
}

/** Beside the configuration exactly while one is being put in place; left there: nobody knows what keepalived runs. */
const candidatePath = `${keepalivedPath}.candidate`;

/** Whether an interrupted run may have written a configuration that keepalived has not read yet. */
export async function isHalfDone(host: Host): Promise<boolean> {
  return (await host.files.read(candidatePath)) !== undefined;
}

/** keepalived may quote the line that it refuses. */
function withoutPassword(output: string, configuration: string): string {
  const password = /^\s*auth_pass\s+(\S+)/m.exec(configuration)?.[1];
  return password === undefined ? output : output.replaceAll(password, '[secret]');
}

function withoutComments(configuration: string): string {
  return configuration
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
}

/**
 * Puts a configuration in place after keepalived itself has checked it, and lets a running keepalived
 * take it over without a restart. The candidate goes last: a run that dies between writing and
 * reloading is finished by the next one.
 */
export async function putConfiguration(host: Host, name: string, text: string): Promise<void> {
  const present = await host.files.read(keepalivedPath);
  const isHalf = await isHalfDone(host);
  if (present === text && !isHalf) return;
  if (present !== undefined && !isHalf && withoutComments(present) === withoutComments(text)) {
    // keepalived runs this already; only whose it is has changed.
    await host.files.write(keepalivedPath, text, { mode: 0o600 });
    return;
  }
  await host.files.write(candidatePath, text, { mode: 0o600 });
  const checked = await host.run(['keepalived', '-t', '-f', candidatePath], { timeoutSeconds: 30 });
  if (checked.code !== 0) {
    await host.files.remove(candidatePath);
    const said = withoutPassword((checked.stderr + checked.stdout).trim(), text);
    const isOfCommands = / script "\/(?!etc\/keepalived\/swarm-)/.test(text);
    throw new SwarmError(
      'KeepalivedRefuses',
      `${name}: keepalived refuses its configuration, which was not put in place: ${said}${isOfCommands ? '; give commands by their real path (`/bin` may be a link to `/usr/bin`), with nothing on it that others than root may write' : ''}`,
      { source: isOfCommands ? 'user' : 'bug' },
    );
  }
  await host.files.write(keepalivedPath, text, { mode: 0o600 });
  if ((await host.systemd.state(keepalivedUnit)) === 'active') {
    await host.systemd.reload(keepalivedUnit);
  }
  await host.files.remove(candidatePath);
}
