import { SwarmError, errorMessage } from '../core/errors';
import { parseIpAddresses } from '../core/parse/ipAddresses';
import type { HostNetwork, InterfaceAddress } from './network';
import type { Rights } from './ssh/privilege';
import type { Exec } from './ssh/sshExec';

/** Constant; address and port come as arguments. Bash opens the connection itself. */
const probeScript = 'exec 3<> "/dev/tcp/$1/$2"';

/** A closed port answers a datagram by ICMP, which the socket's next read reports. */
const udpProbeScript =
  'exec 3<> "/dev/udp/$1/$2" && printf x >&3 && IFS= read -r -t "$3" -u 3 answer';

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

/** A host's network by iproute2 and bash. */
export class Iproute implements HostNetwork {
  constructor(
    private readonly subject: string,
    private readonly exec: Exec,
  ) {}

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

  /** Default timeout: 2 s. @throws SwarmError `ProbeFailed` when the host cannot try at all. */
  async probeUdp(address: string, port: number, timeoutSeconds = 2): Promise<'refused' | 'silent'> {
    const result = await this.exec(
      ['bash', '-c', udpProbeScript, 'probe', address, String(port), String(timeoutSeconds)],
      { rights: 'login', timeoutSeconds: timeoutSeconds + 10 },
    );
    if (result.stderr.includes('Connection refused')) {
      return 'refused';
    }
    // Bash ends a read at its timeout with a status above 128.
    const isSilent =
      result.code > 128 || /No route to host|Network is unreachable/i.test(result.stderr);
    if (isSilent || result.code === 0) {
      return 'silent';
    }
    throw new SwarmError(
      'ProbeFailed',
      `${this.subject}: cannot try ${address}:${port} by UDP (${result.stderr.trim()}); whether it is open is not known; install bash`,
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
    throw new SwarmError(
      'ProbeFailed',
      `${this.subject}: cannot try ${address}:${port} (${result.stderr.trim()}); whether it is open is not known; ${way.remedy}`,
      { source: 'world' },
    );
  }
}
