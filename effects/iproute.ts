import { SwarmError, errorMessage } from '../core/errors';
import { parseIpAddresses } from '../core/parse/ipAddresses';
import { EventFeed } from './eventFeed';
import type { HostNetwork, InterfaceAddress } from './network';
import type { Rights } from './ssh/privilege';
import type { ExecResult } from './ssh/channelExec';
import type { Exec } from './ssh/sshExec';
import type { FollowCommand } from './ssh/sshFollow';

/** Constant; address and port come as arguments. Bash opens the connection itself. */
const probeScript = 'exec 3<> "/dev/tcp/$1/$2"';

/** A closed port answers a datagram by ICMP, which the socket's next read reports. */
const udpProbeScript =
  'exec 3<> "/dev/udp/$1/$2" && printf x >&3 && IFS= read -r -t "$3" -u 3 answer';

/** As above, with as much in it as the way there takes in one packet (20 bytes of IP, 8 of UDP); tells its MTU. */
const largeProbeScript = [
  'route=$(ip -o route get "$1") && device=${route#* dev } && link=$(ip -o link show dev "${device%% *}")',
  'mtu=${link#* mtu } && mtu=${mtu%% *} && echo "$mtu" && exec 3<> "/dev/udp/$1/$2"',
  'printf "%*s" "$((mtu - 28))" "" >&3 && IFS= read -r -t "$3" -u 3 answer',
].join(' && ');

/** Of an address that nobody has told of, the entry has no flags and goes after a while. */
const neighbourScript =
  'while read -r address _ flags _; do [ "$address" != "$1" ] || [ "$flags" = 0x0 ] || echo known; done < /proc/self/net/arp';

/** What is loaded or built in shows in /proc; what could be loaded is in the lists of modules. All of it is open to everybody. */
const ipvsScript = `
[ ! -e /proc/net/ip_vs ] || { echo yes; exit 0; }
modules=/lib/modules/$(cat /proc/sys/kernel/osrelease) || exit 1
for list in "$modules/modules.dep" "$modules/modules.builtin"; do
  [ -e "$list" ] || continue
  grep -q '/ip_vs\\.ko' "$list" && { echo yes; exit 0; }
  [ "$?" = 1 ] || exit 1
done
echo no
`;

interface Way {
  readonly argv: readonly string[];
  readonly rights: Rights;
  readonly remedy: string;
}

const fromHost: Way = { argv: [], rights: 'login', remedy: 'install bash' };

/**
 * Into the network namespace of the Engine's ingress sandbox, which has this name on every node
 * (libnetwork), below the Engine's default `exec-root`. Only the entering needs root: what runs inside
 * is nobody.
 */
const fromIngress: Way = {
  argv: [
    'nsenter',
    '--net=/var/run/docker/netns/ingress_sbox',
    '--setuid=65534',
    '--setgid=65534',
    '--',
  ],
  rights: 'root',
  remedy: 'look whether the engine has made its ingress sandbox, and install util-linux and bash',
};

/** The kernel's own word (netlink) of each change. BusyBox's `ip` has no such command: it ends at once. */
const changesOfAddresses = ['ip', 'monitor', 'address'];

/** A host's network by iproute2 and bash. */
export class Iproute implements HostNetwork {
  private readonly changes: EventFeed;

  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
    follow: FollowCommand,
  ) {
    this.changes = new EventFeed(follow(changesOfAddresses));
  }

  /** @throws SwarmError `AddressesUnreadable`. */
  async addresses(): Promise<readonly InterfaceAddress[]> {
    const result = await this.exec(['ip', '-j', 'addr', 'show'], {
      rights: 'login',
      timeoutSeconds: 30,
    });
    try {
      if (result.code !== 0 || result.isTruncated) throw new TypeError('the list is not whole');
      return parseIpAddresses(result.stdout);
    } catch (error) {
      throw new SwarmError(
        'AddressesUnreadable',
        `${this.subject}: its addresses cannot be read (${errorMessage(error)}; ${result.stderr.trim()}); they stay unknown; install iproute2`,
        { source: 'world', cause: error },
      );
    }
  }

  listen(wake: () => void): () => void {
    return this.changes.listen(wake);
  }

  /** Default timeout: 5 s. @throws SwarmError `ProbeFailed` when the host cannot try at all. */
  probe(address: string, port: number, timeoutSeconds = 5): Promise<'open' | 'refused' | 'silent'> {
    return this.tryTcp(fromHost, address, port, timeoutSeconds);
  }

  /** Default timeout: 2 s. @throws SwarmError `ProbeFailed`, also while there is no such sandbox. */
  probeFromIngress(
    address: string,
    port: number,
    timeoutSeconds = 2,
  ): Promise<'open' | 'refused' | 'silent'> {
    return this.tryTcp(fromIngress, address, port, timeoutSeconds);
  }

  async hasIpvs(): Promise<boolean | undefined> {
    const { code, stdout } = await this.exec(['sh', '-c', ipvsScript], {
      rights: 'login',
      timeoutSeconds: 30,
    });
    const word = code === 0 ? stdout.trim() : undefined;
    return word === 'yes' ? true : word === 'no' ? false : undefined;
  }

  /** Default timeout: 2 s. @throws SwarmError `ProbeFailed` when the host cannot try at all. */
  async probeUdp(address: string, port: number, timeoutSeconds = 2): Promise<'refused' | 'silent'> {
    const result = await this.exec(
      ['bash', '-c', udpProbeScript, 'probe', address, String(port), String(timeoutSeconds)],
      { rights: 'login', timeoutSeconds: timeoutSeconds + 10 },
    );
    return this.udpAnswer(result, fromHost, address, port);
  }

  /** Default timeout: 2 s. @throws SwarmError `ProbeFailed`, also while there is no such sandbox. */
  async probeLargeFromIngress(
    address: string,
    port: number,
    timeoutSeconds = 2,
  ): Promise<{ readonly answer: 'refused' | 'silent'; readonly mtu: number }> {
    const seconds = String(timeoutSeconds);
    const words = ['probe', address, String(port), seconds];
    const result = await this.exec(
      [
        ...fromIngress.argv,
        'timeout',
        String(timeoutSeconds + 5),
        'bash',
        '-c',
        largeProbeScript,
        ...words,
      ],
      { rights: fromIngress.rights, timeoutSeconds: timeoutSeconds + 10 },
    );
    const answer = this.udpAnswer(result, fromIngress, address, port);
    return { answer, mtu: Number(/^\d{3,5}$/m.exec(result.stdout)?.[0] ?? 0) };
  }

  /** @throws SwarmError `ProbeFailed`. */
  async knowsFromIngress(address: string): Promise<boolean> {
    const result = await this.exec(
      [...fromIngress.argv, 'timeout', '5', 'bash', '-c', neighbourScript, 'probe', address],
      { rights: fromIngress.rights, timeoutSeconds: 15 },
    );
    if (result.code === 0) return result.stdout.includes('known');
    throw this.probeFailed(fromIngress, `look up ${address}`, result.stderr);
  }

  private udpAnswer(
    { code, stderr }: ExecResult,
    way: Way,
    address: string,
    port: number,
  ): 'refused' | 'silent' {
    if (stderr.includes('Connection refused')) {
      return 'refused';
    }
    // Bash ends a read at its timeout with a status above 128.
    const isSilent = code > 128 || /No route to host|Network is unreachable/i.test(stderr);
    if (isSilent || code === 0) {
      return 'silent';
    }
    throw this.probeFailed(way, `try ${address}:${port} by UDP`, stderr);
  }

  private probeFailed({ remedy }: Way, what: string, stderr: string): SwarmError {
    return new SwarmError(
      'ProbeFailed',
      `${this.subject}: cannot ${what} (${stderr.trim()}); whether it is open is not known; ${remedy}`,
      { source: 'world' },
    );
  }

  private async tryTcp(
    way: Way,
    address: string,
    port: number,
    timeoutSeconds: number,
  ): Promise<'open' | 'refused' | 'silent'> {
    const result = await this.exec(
      [
        ...way.argv,
        'timeout',
        String(timeoutSeconds),
        'bash',
        '-c',
        probeScript,
        'probe',
        address,
        String(port),
      ],
      { rights: way.rights, timeoutSeconds: timeoutSeconds + 10 },
    );
    if (result.code === 0) {
      return 'open';
    }
    if (result.stderr.includes('Connection refused')) {
      return 'refused';
    }
    const isSilent = /No route to host|Network is unreachable|timed out/i.test(result.stderr);
    if (result.code === 124 || isSilent) {
      return 'silent';
    }
    throw this.probeFailed(way, `try ${address}:${port}`, result.stderr);
  }
}
