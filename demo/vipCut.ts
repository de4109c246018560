import { execFile } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import { SwarmError, errorMessage } from '../core/errors';

const execute = promisify(execFile);

/** Cuts this computer off from one address, and undoes it. */
export interface VipCut {
  readonly cut: () => Promise<void>;
  /** Succeeds when nothing is cut. */
  readonly restore: () => Promise<void>;
}

/**
 * A cut of the virtual IP as a real outage looks to a client: packets to it are dropped in silence.
 * The rule carries a comment made of the address, so that the rule a crash left behind is found
 * again: call `restore` at the start and when tearing down.
 *
 * Needs root and `iptables` (`ip6tables` for an IPv6 address).
 *
 * @throws SwarmError `VipCutFailed` from both functions.
 */
export function vipCut(address: string): VipCut {
  const tool = isIPv6(address) ? 'ip6tables' : 'iptables';
  const comment = `swarm-demo-cut-${address}`;
  const run = async (argv: readonly string[]): Promise<string> => {
    try {
      // -w waits for the lock: Docker and other labs change rules at any time.
      return (await execute(tool, ['-w', '10', ...argv])).stdout;
    } catch (cause) {
      throw new SwarmError(
        'VipCutFailed',
        `${address}: ${errorMessage(cause).trim()}; the client cannot be tested against a cut; run as root with the package iptables installed`,
        { source: 'world', cause },
      );
    }
  };
  const restore = async (): Promise<void> => {
    // Comments with a colon are listed in quotes, which are not part of them.
    const listing = (await run(['-S', 'OUTPUT'])).replaceAll('"', '');
    const rules = listing.split('\n').map((line) => line.split(' '));
    for (const words of rules) {
      if (words[words.indexOf('--comment') + 1] !== comment) continue;
      await run(['-D', ...words.slice(1)]);
    }
  };
  return {
    cut: async () => {
      await restore();
      const match = ['-d', address, '-m', 'comment', '--comment', comment];
      await run(['-I', 'OUTPUT', '1', ...match, '-j', 'DROP']);
    },
    restore,
  };
}
