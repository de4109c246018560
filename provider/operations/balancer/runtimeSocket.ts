import { parseInfoDescription, parseStat } from '../../../core/balancer/balancerAnswers';
import type { ServerFacts } from '../../../core/balancer/balancerAnswers';
import type { ServerKey } from '../../../core/balancer/balancerSpec';
import { runtimeSocketPath } from '../../../core/balancer/renderBalancer';
import { SwarmError } from '../../../core/errors';
import type { Host } from '../../../effects/effects';

/**
 * Constant; argument: the socket. Standard input goes to it, and its answer to standard output. perl,
 * because every Debian has it (perl-base is essential), so that no further package is needed.
 */
const script = 'my $s = IO::Socket::UNIX->new(shift) or die $!; print $s <STDIN>; print <$s>';

/** The servers as the running HAProxy of a host sees them. */
export async function serverFacts(host: Host, name: string): Promise<readonly ServerFacts[]> {
  return parseStat(await ask(host, name, 'show stat'));
}

/** What the running HAProxy says of itself: the tag of the configuration that it has read. */
export async function runningDescription(host: Host, name: string): Promise<string | undefined> {
  return parseInfoDescription(await ask(host, name, 'show info'));
}

/** Takes servers of a running HAProxy out of use, or back. @throws SwarmError `BalancerSilent`. */
export async function setServers(
  host: Host,
  name: string,
  keys: readonly ServerKey[],
  state: 'drain' | 'ready',
): Promise<void> {
  if (keys.length === 0) return;
  const commands = keys.map((key) => `set server ${key} state ${state}`);
  const answer = (await ask(host, name, commands.join('; '))).trim();
  // It answers to what it has done with an empty line.
  if (answer !== '') throw silent(name, answer);
}

async function ask(host: Host, name: string, command: string): Promise<string> {
  const argv = ['perl', '-MIO::Socket::UNIX', '-e', script, runtimeSocketPath];
  const answer = await host.run(argv, { stdin: `${command}\n`, timeoutSeconds: 10 });
  if (answer.code !== 0) throw silent(name, answer.stderr.trim());
  return answer.stdout;
}

function silent(name: string, why: string): SwarmError {
  return new SwarmError(
    'BalancerSilent',
    `${name}: HAProxy does not do as it is asked at ${runtimeSocketPath} (${why}); its health checks go on by themselves; see \`journalctl -u haproxy\` on the host`,
    { source: 'world' },
  );
}
